//! A project with rows of several months, and a server where they go.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value as Json;

use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};

/// Rows of three months and of today, and one whose time is not readable.
const ROWS: &str = "INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms,
      confidence_before, confidence_after, approval_level, tokens_avoided, cost_avoided_usd, exit_code, notes)
    VALUES (1, 'a', 'tester', 1, 't', '2025-09-30 23:59:59', 7, 0.53, 0.30000000000000004, 'auto', 3, 1e300, 0, 'tab\tquote\"'),
      (2, 'b', 'coder', 1, NULL, '2025-10-01T00:30:00Z', NULL, 1, NULL, 'human', NULL, 0.25, 1, NULL),
      (3, 'c', 'tester', 1, 't', '2025-10-31', 12, 0.5, 0.75, NULL, 10, NULL, NULL, '\u{fc}'),
      (4, 'a', 'tester', 1, 't', 'soon', 9, 0.5, 0.75, NULL, 10, NULL, NULL, NULL),
      (5, 'c', 'tester', 1, NULL, '2025-11-17 00:00:00', 4, 0.25, 0.75, 'auto', 1, 2.5, 0, NULL),
      (6, 'c', 'tester', 1, NULL, '2026-02-01 00:00:00', 4, 0.25, 0.75, 'auto', 1, 2.5, 0, NULL)";

const LEFT: &str = "SELECT id FROM T.skill_usage_log ORDER BY id";

/// A project with these rows, in a file or on a server, and where its months go.
pub(super) struct Scene {
    pub(super) project: Project,
    pub(super) database: Option<Database>,
    pub(super) elsewhere: Database,
}

impl Scene {
    pub(super) fn new(on_a_server: bool) -> Self {
        let (project, elsewhere) = (Project::new(), Database::empty());
        let database = on_a_server.then(Database::new);
        let scene = Self { project, database, elsewhere };
        scene.project.skill("jwt", "Read the token.");
        scene.cfn("deploy 1 jwt .claude/skills/jwt/SKILL.md testing tester").ok();
        match &scene.database {
            Some(database) => {
                database.other_program().run(ROWS);
                database.sql("SELECT setval('cfn.skill_usage_log_id_seq', 6)");
            }
            None => drop(scene.project.sqlite3(ROWS)),
        }
        scene
    }

    pub(super) fn cfn(&self, command: &str) -> Ran {
        self.command(&self.project, &self.of_this(command)).output().expect("cfn runs").into()
    }

    /// The command with its database.
    pub(super) fn of_this(&self, command: &str) -> String {
        let database = self.database.as_ref().map(|it| format!(" --db {}", it.url(Way::Direct)));
        format!("{command}{}", database.unwrap_or_default())
    }

    pub(super) fn run(&self, project: &Project, command: &str) -> Ran {
        self.command(project, command).output().expect("cfn runs").into()
    }

    pub(super) fn command(&self, project: &Project, command: &str) -> Command {
        // Of the other server, only the URL is kept; its password is in a file.
        let mut command = project.command(command.split(' '));
        let passwords = self.project.file("pgpass", "127.0.0.1:*:*:*:open sesame\n");
        fs::set_permissions(&passwords, Permissions::from_mode(0o600)).expect("its rights");
        command.env("PGPASSFILE", passwords);
        command
    }

    /// What `psql` or `sqlite3` prints for a statement about tables whose names follow `T.`.
    pub(super) fn sql(&self, sql: &str) -> String {
        match &self.database {
            Some(database) => database.sql(&sql.replace("T.", "cfn.")),
            None => self.project.sqlite3(&sql.replace("T.", "main.")),
        }
    }

    pub(super) fn left(&self) -> String {
        self.sql(LEFT).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Every figure of the reports, whose sums are those of the rows, as far as these can be reached.
    pub(super) fn figures(&self) -> Vec<Json> {
        let checked = self.cfn("analytics check");
        assert!(matches!(checked.code, Some(0 | 9)), "{checked:?}");
        self.reports()
    }

    /// Every figure of the reports.
    pub(super) fn reports(&self) -> Vec<Json> {
        let reports = ["overview", "usage", "effectiveness", "cost", "usage --since 2025-09-01", "by-approval"];
        reports.map(|it| self.cfn(&format!("analytics {it} --json")).json()).to_vec()
    }

    pub(super) fn url(&self) -> String {
        without_password(&self.elsewhere.url(Way::Direct))
    }

    pub(super) fn archive(&self) -> Vec<(String, i64, i64)> {
        let report = self.cfn(&format!("db archive --before 2025-12 --to {} --json", self.url())).json();
        let months = report["months"].as_array().expect("months").iter();
        let number = |it: &Json| it.as_i64().expect("a number");
        let month =
            |it: &Json| (it["month"].as_str().expect("a month").to_owned(), number(&it["moved"]), number(&it["kept"]));
        months.map(month).collect()
    }

    pub(super) fn unarchive(&self, month: &str) -> Ran {
        self.cfn(&format!("db unarchive {} --month {month} --json", self.url()))
    }

    /// The sets on the other server, and their rows.
    pub(super) fn there(&self) -> String {
        let sql = "SELECT before || ' ' || (SELECT count(*) FROM cfn_archive.usage_rows r WHERE r.set_id = s.id)
             FROM cfn_archive.usage_sets s ORDER BY 1";
        self.elsewhere.sql(sql).lines().collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn without_password(url: &str) -> String {
    url.replace(":open%20sesame@", "@")
}
