//! The contract on SQLite.

use std::path::PathBuf;
use std::time::Duration;

use cfn::clock::Clock;
use cfn::model::{ApprovalLevel, Bootstrap, Decision};
use cfn::settings::Queued;
use cfn::store::sqlite::{Access, Options, SqliteStore};
use cfn::store::{Durability, Store};
use rusqlite::{Connection, Params};

use super::{Backend, NOW, OtherProgram, contract};

/// A database in a folder that goes with it.
pub(crate) struct Sqlite {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

/// Nothing here has to survive a power cut, so that nothing waits for the disk.
fn options(queued: Queued) -> Options {
    let synchronous = Some(Durability::Normal);
    Options { busy_timeout: Duration::from_millis(50), synchronous, queued, ..Options::default() }
}

impl Sqlite {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skills.db");
        assert!(SqliteStore::create(&path, options(Queued::Nothing), Clock::System).expect("created"));
        Self { _folder: folder, path }
    }

    fn execute(&self, sql: &str, parameters: impl Params) {
        assert_eq!(self.connection().execute(sql, parameters).expect(sql), 1, "{sql}");
    }

    fn count(&self, sql: &str, parameters: impl Params) -> i64 {
        self.connection().query_row(sql, parameters, |row| row.get(0)).expect(sql)
    }

    fn connection(&self) -> Connection {
        let connection = Connection::open(&self.path).expect("opened");
        connection.busy_timeout(Duration::from_secs(5)).expect("set");
        connection
    }
}

impl Backend for Sqlite {
    fn open_queueing(&self, queued: Queued) -> Box<dyn Store> {
        let store = SqliteStore::open(&self.path, Access::Write, options(queued), Clock::System);
        Box::new(store.expect("opened"))
    }

    fn other_program(&self) -> &dyn OtherProgram {
        self
    }

    fn open_for_reading(&self) -> Box<dyn Store> {
        let store = SqliteStore::open(&self.path, Access::Read, options(Queued::Nothing), Clock::System);
        Box::new(store.expect("opened"))
    }
}

impl OtherProgram for Sqlite {
    fn add_bootstrap(&self, bootstrap: &Bootstrap, enabled: bool) {
        let sql = "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, enabled)
             VALUES (?1, ?2, ?3, coalesce(?4, ''), ?5, ?6)";
        let Bootstrap { name, file_path, load_order, description, content_hash } = bootstrap;
        self.execute(sql, (name, file_path, load_order, description, content_hash, enabled));
    }

    fn overwrite(&self, skill: &str, version: &str, hash: &str) {
        let of_skill = "skill_id = (SELECT id FROM skills WHERE name = ?1) AND version = ?2";
        let known = self.count(&format!("SELECT count(*) FROM skill_versions WHERE {of_skill}"), (skill, version)) > 0;
        self.execute("UPDATE skills SET version = ?2, content_hash = ?3 WHERE name = ?1", (skill, version, hash));
        if !known {
            // Rows that the schema recorded have the time of the system, which differs between databases.
            let sql = format!("UPDATE skill_versions SET created_at = ?3 WHERE {of_skill}");
            self.execute(&sql, (skill, version, NOW));
        }
    }

    fn decide(&self, skill: &str, version: &str, decision: Decision) {
        let sql = "INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp)
             SELECT id, ?2, 'human', ?3, ?4 FROM skills WHERE name = ?1";
        self.execute(sql, (skill, version, decision.as_str(), NOW));
    }

    fn set_mapping(&self, skill: &str, agent_type: &str, enabled: bool, tdd_condition: Option<&str>) {
        let sql = "UPDATE agent_skill_mappings SET enabled = ?3, tdd_condition = ?4
             WHERE agent_type = ?2 AND skill_id = (SELECT id FROM skills WHERE name = ?1)";
        self.execute(sql, (skill, agent_type, enabled, tdd_condition));
    }

    fn set_tests(&self, skill: &str, coverage: f64) {
        let sql = "UPDATE skills SET test_coverage = ?2, test_suite_path = 'tests' WHERE name = ?1";
        self.execute(sql, (skill, coverage));
    }

    fn add_template(&self, level: ApprovalLevel, category: &str, criteria: &str, enabled: bool) {
        let sql =
            "INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description, enabled)
             VALUES (?1, ?2, ?3, '', ?4)";
        self.execute(sql, (level.as_str(), category, criteria, enabled));
    }

    fn set_content(&self, hash: &str, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.execute("UPDATE skill_contents SET bytes = ?2 WHERE hash = ?1", (hash, bytes)),
            None => self.execute("DELETE FROM skill_contents WHERE hash = ?1", [hash]),
        }
    }

    fn log_at(&self, skill: &str, loaded_at: &str) {
        let sql = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
             SELECT 'other', 'other', id, ?2 FROM skills WHERE name = ?1";
        self.execute(sql, (skill, loaded_at));
    }

    fn complete_use(&self, id: i64) {
        self.execute("UPDATE skill_usage_log SET exit_code = 0 WHERE id = ?1", [id]);
    }
}

contract!(Sqlite::new());
