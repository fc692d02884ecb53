//! A primary with some skills, and databases that follow it.

use std::fs;

use serde_json::Value;

use crate::harness::{Project, Ran};
use crate::postgres_server::Server;

/// A database of a primary, and who works on it.
pub(super) struct Fleet {
    pub(super) server: Server,
    database: String,
    pub(super) office: Project,
    /// Where reads may go, separated by blanks.
    pub(super) replicas: String,
}

impl Fleet {
    /// A primary with three skills: alpha for testers, beta for writers, and gamma, with a script, for both.
    pub(super) fn start() -> Self {
        Self::of(Server::start())
    }

    /// The same on a server that runs.
    pub(super) fn of(server: Server) -> Self {
        let fleet = Self { server, database: "postgres".to_owned(), office: Project::empty(), replicas: String::new() };
        fleet.cfn(&["init"]).ok();
        fleet.deploy("alpha", "Read it.", "tester");
        fleet.deploy("beta", "Write it.", "writer");
        fleet.office.file(".claude/skills/gamma/run.sh", "echo gamma\n");
        fleet.deploy("gamma", "Run it.", "tester,writer");
        fleet
    }

    pub(super) fn url(&self) -> String {
        self.server.url(&self.database)
    }

    /// The same people on another database of the server.
    pub(super) fn moved_to(self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self }
    }

    /// Runs cfn on the primary.
    pub(super) fn cfn(&self, arguments: &[&str]) -> Ran {
        let mut command = self.office.command(arguments);
        if !self.replicas.is_empty() {
            command.env("CFN_READ_URLS", &self.replicas).env("XDG_STATE_HOME", self.office.path().join("state"));
        }
        command.env("CFN_SKILLS_DB_PATH", self.url()).output().expect("cfn runs").into()
    }

    pub(super) fn deploy(&self, name: &str, body: &str, agents: &str) {
        let file = self.office.skill(name, body);
        self.cfn(&["deploy", "7", name, &file.to_string_lossy(), "testing", agents]).ok();
    }

    pub(super) fn update(&self, name: &str, body: &str) {
        let file = self.office.skill(name, body);
        self.cfn(&["update", name, &file.to_string_lossy(), "--patch"]).ok();
    }

    /// What another program does there.
    pub(super) fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.database, sql)
    }

    /// A database that follows it.
    pub(super) fn follower(&self, more: &[&str]) -> Follower {
        let follower = Follower { project: Project::new() };
        follower.follow(&self.url(), more).ok();
        follower
    }
}

/// A database that follows a primary.
pub(super) struct Follower {
    pub(super) project: Project,
}

impl Follower {
    pub(super) fn cfn(&self, arguments: &[&str]) -> Ran {
        self.project.cfn(arguments)
    }

    pub(super) fn follow(&self, url: &str, more: &[&str]) -> Ran {
        self.cfn(&[&["db", "follow", url], more].concat())
    }

    /// What a sync pulled.
    #[track_caller]
    pub(super) fn sync(&self) -> Value {
        self.cfn(&["sync", "--json"]).json()["follow"].clone()
    }

    /// Why a sync pulled everything; empty if it pulled only what was new.
    #[track_caller]
    pub(super) fn synced_all(&self) -> String {
        self.sync()["everything"].as_str().unwrap_or_default().to_owned()
    }

    /// It is what its primary is, without pulling anything more, and nothing in it is damaged.
    #[track_caller]
    pub(super) fn is_equal(&self, after: &str) {
        let ran = self.cfn(&["sync", "--check", "--json"]);
        let json = serde_json::from_str::<Value>(&ran.stdout).unwrap_or_else(|_| panic!("{after}: {ran:?}"));
        let pulled = &json["pulled"];
        assert!(pulled["rows"] == 0 && pulled["contents"] == 0 && pulled["erased"] == 0, "{after}: {pulled}");
        assert!(json["compared_rows"].as_u64().is_some_and(|it| it > 0), "{after}: {json}");
        assert_eq!(self.project.sqlite3("PRAGMA quick_check; PRAGMA foreign_key_check"), "ok", "{after}");
        assert_eq!(
            self.cfn(&["db", "check"]).ok().lines().last().unwrap_or_default().find("0 damaged"),
            Some(0),
            "{after}"
        );
    }

    /// The names of what an agent type is served.
    #[track_caller]
    pub(super) fn serves(&self, agent_type: &str) -> String {
        self.cfn(&["load", agent_type, "--format", "names"]).ok().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether bytes are anywhere in its file or its log.
    pub(super) fn holds(&self, bytes: &str) -> bool {
        let path = self.project.database();
        let log = path.with_extension("db-wal");
        let found = |it| fs::read(it).is_ok_and(|all| all.windows(bytes.len()).any(|at| at == bytes.as_bytes()));
        found(&path) || found(&log)
    }
}
