//! The contract on PostgreSQL: directly, and through `PgBouncer` in transaction mode.

use std::time::Duration;

use cfn::model::{ApprovalLevel, Bootstrap, Decision};
use cfn::settings::Queued;
use cfn::store::Store;
use cfn::store::postgres::{Options, PostgresStore};

use super::{Backend, NOW, OtherProgram};
use crate::postgres_server::{Connection, Database, Way, server_of};

/// A database on the shared server, with another program that is connected to it.
pub(crate) struct Postgres {
    url: String,
    other: Connection,
    _database: Database,
}

impl Postgres {
    pub(crate) fn new(way: Way) -> Self {
        let database = Database::new();
        Self { url: database.url(way), other: database.other_program(), _database: database }
    }
}

impl Backend for Postgres {
    fn open_queueing(&self, queued: Queued) -> Box<dyn Store> {
        let options = Options { lock_timeout: Duration::from_millis(50), queued };
        Box::new(PostgresStore::open(&server_of(&self.url), options).expect("opened"))
    }

    fn other_program(&self) -> &dyn OtherProgram {
        &self.other
    }
}

/// Changes one row.
macro_rules! change {
    ($program:expr, $sql:expr, $($parameter:expr),*) => {
        assert_eq!($program.change($sql, &[$(&$parameter),*]), 1, "{}", $sql)
    };
}

impl OtherProgram for Connection {
    fn add_bootstrap(&self, bootstrap: &Bootstrap, enabled: bool) {
        let sql = "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, enabled)
             VALUES ($1, $2, $3, coalesce($4, ''), $5, $6)";
        let Bootstrap { name, file_path, load_order, description, content_hash } = bootstrap;
        change!(self, sql, name, file_path, load_order, description, content_hash, i16::from(enabled));
    }

    fn overwrite(&self, skill: &str, version: &str, hash: &str) {
        let known: bool = self.value(
            "SELECT EXISTS (SELECT FROM skill_versions v JOIN skills s ON s.id = v.skill_id WHERE s.name = $1 AND v.version = $2)",
            &[&skill, &version],
        );
        change!(self, "UPDATE skills SET version = $2, content_hash = $3 WHERE name = $1", skill, version, hash);
        if !known {
            // Rows that the schema recorded have the time of the system, which differs between databases.
            let sql = "UPDATE skill_versions SET created_at = $3
                 WHERE skill_id = (SELECT id FROM skills WHERE name = $1) AND version = $2";
            change!(self, sql, skill, version, NOW);
        }
    }

    fn decide(&self, skill: &str, version: &str, decision: Decision) {
        let sql = "INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp)
             SELECT id, $2, 'human', $3, $4 FROM skills WHERE name = $1";
        change!(self, sql, skill, version, decision.as_str(), NOW);
    }

    fn set_mapping(&self, skill: &str, agent_type: &str, enabled: bool, tdd_condition: Option<&str>) {
        let sql = "UPDATE agent_skill_mappings SET enabled = $3, tdd_condition = $4
             WHERE agent_type = $2 AND skill_id = (SELECT id FROM skills WHERE name = $1)";
        change!(self, sql, skill, agent_type, i16::from(enabled), tdd_condition);
    }

    fn set_tests(&self, skill: &str, coverage: f64) {
        let sql = "UPDATE skills SET test_coverage = $2, test_suite_path = 'tests' WHERE name = $1";
        change!(self, sql, skill, coverage);
    }

    fn add_template(&self, level: ApprovalLevel, category: &str, criteria: &str, enabled: bool) {
        let sql =
            "INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description, enabled)
             VALUES ($1, $2, $3, '', $4)";
        change!(self, sql, level.as_str(), category, criteria, i16::from(enabled));
    }

    fn set_content(&self, hash: &str, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => change!(self, "UPDATE skill_contents SET bytes = $2 WHERE hash = $1", hash, bytes),
            None => change!(self, "DELETE FROM skill_contents WHERE hash = $1", hash),
        }
    }

    fn log_at(&self, skill: &str, loaded_at: &str) {
        let sql = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
             SELECT 'other', 'other', id, $2 FROM skills WHERE name = $1";
        change!(self, sql, skill, loaded_at);
    }

    fn complete_use(&self, id: i64) {
        change!(self, "UPDATE skill_usage_log SET exit_code = 0 WHERE id = $1", id);
    }
}

mod directly {
    use super::{Postgres, Way};
    use crate::store_contract::contract;

    contract!(Postgres::new(Way::Direct));
}

mod through_the_bouncer {
    use super::{Postgres, Way};
    use crate::store_contract::contract;

    contract!(Postgres::new(Way::Bouncer));
}
