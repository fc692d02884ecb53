//! A small database, and everything that may happen to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cfn::bench::Random;
use cfn::store::sqlite::{Access, Options, SqliteStore};
use cfn::store::{Durability, FileCare};
use rusqlite::Connection;

use super::cast::{AGENTS, SKILLS, clock};
use super::writes;
use crate::harness::Project;

/// A project whose database the model works on.
pub(super) struct Scene {
    pub(super) project: Project,
    pub(super) url: String,
    /// How often each kind of write happened.
    pub(super) written: BTreeMap<&'static str, usize>,
    /// Two backups: as it was at first, and a later one.
    backups: [PathBuf; 2],
    /// A trigger that is missing, with its SQL.
    dropped: Option<String>,
}

/// The kinds of writes, with how often each is drawn.
const KINDS: [(&str, usize); 15] = [
    ("plain SQL", 50),
    ("several statements", 10),
    ("rolled back", 14),
    ("deploy", 6),
    ("rollback", 3),
    ("review", 4),
    ("log", 5),
    ("load and log", 3),
    ("sqlite3", 2),
    ("schema", 4),
    ("unseen", 2),
    ("vacuum", 1),
    ("backup", 1),
    ("restore", 3),
    ("sqlite3 .restore", 1),
];

impl Scene {
    pub(super) fn new() -> Self {
        let project = Project::empty();
        let database = project.database();
        SqliteStore::create(&database, options(), clock()).expect("a database");
        let backups = ["first.db", "later.db"].map(|it| project.path().join(it));
        let scene = Self { project, url: String::new(), written: BTreeMap::new(), backups, dropped: None };
        let mut store = scene.open_writer();
        for (index, name) in SKILLS.iter().enumerate() {
            writes::deploy(&mut store, &scene.project, name, index, &AGENTS[index..=index]);
            writes::log(&mut store, name, AGENTS[index], 3);
        }
        writes::deploy(&mut store, &scene.project, "jwt", 0, &["tester", "api-designer"]);
        for backup in &scene.backups {
            store.backup(backup).expect("a backup");
        }
        scene
    }

    pub(super) fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.project.database(), Access::Read, options(), clock()).expect("it opens")
    }

    pub(super) fn open_writer(&self) -> SqliteStore {
        SqliteStore::open(&self.project.database(), Access::Write, options(), clock()).expect("it opens")
    }

    /// Another program, which knows nothing of cfn.
    pub(super) fn connect(&self) -> Connection {
        let connection = Connection::open(self.project.database()).expect("it opens");
        let pragmas = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 5000";
        connection.execute_batch(pragmas).expect("pragmas");
        connection
    }

    /// A backup of the database as it is.
    pub(super) fn backup(&self, store: &mut SqliteStore) -> PathBuf {
        let path = self.project.path().join("now.db");
        store.backup(&path).expect("a backup");
        path
    }

    /// Puts a backup in the place of a damaged database, as a new file.
    pub(super) fn replace(&self, backup: &Path) {
        let database = self.project.database();
        fs::write(&database, "damaged").expect("written");
        SqliteStore::replace(&database, backup, options(), clock()).expect("replaced");
    }

    /// The triggers of the tokens, each with its table.
    pub(super) fn triggers(&self) -> Vec<(String, String)> {
        let sql =
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql GLOB '*=random()*' ORDER BY name";
        let connection = self.connect();
        let mut statement = connection.prepare(sql).expect("SQL");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.map(|it| it.expect("a trigger")).collect()
    }

    /// A write that no trigger sees: they are dropped before it and put back after it, in one transaction.
    pub(super) fn unseen(&self, write: &str) -> String {
        let connection = self.connect();
        let (mut away, mut back) = (Vec::new(), Vec::new());
        for (name, _) in self.triggers() {
            let sql = "SELECT sql FROM sqlite_master WHERE name = ?1";
            back.push(connection.query_row(sql, [&name], |row| row.get::<_, String>(0)).expect("a trigger"));
            away.push(format!("DROP TRIGGER {name}"));
        }
        format!("BEGIN; {}; {write}; {}; COMMIT", away.join("; "), back.join("; "))
    }

    /// Changes something, in some way; what cannot be done changes nothing. Sometimes everybody opens the database anew.
    pub(super) fn write(
        &mut self,
        random: &mut Random,
        reader: &mut SqliteStore,
        oracle: &mut SqliteStore,
        writer: &mut Connection,
    ) {
        let mut at = random.below(KINDS.iter().map(|it| it.1).sum());
        let kind = KINDS
            .iter()
            .find(|it| {
                at < it.1 || {
                    at -= it.1;
                    false
                }
            })
            .map_or("plain SQL", |it| it.0);
        *self.written.entry(kind).or_default() += 1;
        self.change(kind, random, writer);
        if random.below(40) == 0 {
            (*reader, *oracle, *writer) = (self.open(), self.open(), self.connect());
        }
    }

    fn change(&mut self, kind: &str, random: &mut Random, writer: &Connection) {
        let sql = writes::sql(random);
        let skill = SKILLS[random.below(SKILLS.len())];
        let agent = AGENTS[random.below(3)];
        match kind {
            "several statements" => {
                writes::execute(
                    writer,
                    &format!("BEGIN; {sql}; {}; {}; COMMIT", writes::sql(random), writes::sql(random)),
                );
            }
            "rolled back" => {
                let all = [
                    &sql,
                    "ALTER TABLE skills RENAME TO other",
                    "DROP TABLE agent_skill_mappings",
                    "DROP VIEW migration_status",
                ];
                writes::execute(writer, &format!("BEGIN; {}; {}", writes::sql(random), all[random.below(4)]));
                writes::execute(writer, "ROLLBACK");
            }
            "deploy" => {
                writes::deploy(&mut self.open_writer(), &self.project, skill, random.below(6), &[agent]);
            }
            "rollback" => writes::roll_back(&mut self.open_writer(), skill),
            "review" => writes::review(&mut self.open_writer(), skill, random.below(2) == 0),
            "log" => writes::log(&mut self.open_writer(), skill, agent, random.below(9)),
            "load and log" => writes::load_and_log(&mut self.open_writer(), agent),
            "sqlite3" => self.shell(&sql),
            "schema" => self.change_schema(random, writer),
            "unseen" if self.dropped.is_none() => writes::execute(writer, &self.unseen(&sql)),
            "vacuum" => writes::execute(writer, "VACUUM"),
            "backup" if self.dropped.is_none() => drop(self.open_writer().backup(&self.backups[1]).expect("a backup")),
            "restore" => {
                restore(&mut self.open_writer(), &self.backups[random.below(2)]);
                self.dropped = None;
            }
            "sqlite3 .restore" => {
                self.shell(&format!(".restore {}", self.backups[random.below(2)].display()));
                self.dropped = None;
            }
            _ => writes::execute(writer, &sql),
        }
    }

    fn shell(&self, sql: &str) {
        let mut command = std::process::Command::new("sqlite3");
        command.args(["-cmd", ".timeout 5000"]).arg(self.project.database()).arg(sql);
        command.output().expect("the sqlite3 shell must be installed"); // what cannot be done changes nothing
    }

    /// Takes a trigger away or puts it back; adds a column or takes it away; a table goes and comes back.
    fn change_schema(&mut self, random: &mut Random, writer: &Connection) {
        if let Some(sql) = self.dropped.take() {
            return writes::execute(writer, &sql);
        }
        match random.below(12) {
            0 => {
                let triggers = self.triggers();
                let name = &triggers[random.below(triggers.len())].0;
                let sql = "SELECT sql FROM sqlite_master WHERE name = ?1";
                self.dropped = writer.query_row(sql, [name], |row| row.get(0)).ok();
                writes::execute(writer, &format!("DROP TRIGGER {name}"));
            }
            1..=4 => writes::execute(writer, "ALTER TABLE skills ADD COLUMN model_column TEXT DEFAULT 'x'"),
            5..=8 => writes::execute(writer, "ALTER TABLE skills DROP COLUMN model_column"),
            _ => {
                let sql = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master WHERE tbl_name = 'bootstrap_skills'
                             AND sql IS NOT NULL ORDER BY type = 'trigger')";
                let again: String = writer.query_row(sql, [], |row| row.get(0)).expect("SQL");
                writes::execute(writer, &format!("BEGIN; DROP TABLE bootstrap_skills; {again}; COMMIT"));
            }
        }
    }

    /// The kinds of writes that should have happened by now, and did not.
    pub(super) fn kinds_missing(&self, writes: usize) -> Vec<&'static str> {
        let due = |it: &&(&str, usize)| writes * it.1 / 110 > 20;
        KINDS.iter().filter(due).map(|it| it.0).filter(|it| !self.written.contains_key(it)).collect()
    }
}

/// Restores, and removes what is kept of the state before.
pub(super) fn restore(store: &mut SqliteStore, backup: &Path) {
    let report = store.restore(backup, false).expect("restored");
    fs::remove_file(report.previous.expect("the state before")).expect("removed");
}

/// The tests sync nothing that they need not.
fn options() -> Options {
    Options { synchronous: Some(Durability::Normal), long_lived: true, ..Options::default() }
}
