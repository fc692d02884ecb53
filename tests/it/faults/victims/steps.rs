//! Commands that change one figure of the database: it is as before, or as it should be, and never anything else.

use std::process::{Command, Output};

use super::victim::{Victim, acknowledged, assert_clean};
use super::writes::Loads;
use crate::faults::tools::under;
use crate::harness::Project;

/// How many usage rows there are to archive.
const OLD: i64 = 40;

/// A command by its turn, what it changes, and from what to what.
struct Step {
    name: &'static str,
    args: fn(usize) -> Vec<String>,
    figure: &'static str,
    after: fn(i64) -> i64,
    /// The command that gives it something to do.
    before: &'static str,
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

const STEPS: [Step; 11] = [
    Step {
        name: "log",
        args: |turn| words(&format!("log one --agent-id a-{turn} --agent-type agent")),
        figure: "SELECT count(*) FROM skill_usage_log WHERE agent_id GLOB 'a-*'",
        after: |rows| rows + 1,
        before: "",
    },
    Step {
        name: "approve",
        args: |turn| words(&format!("skill approve one --approver a-{turn}")),
        figure: "SELECT count(*) FROM approval_history",
        after: |decisions| decisions + 1,
        before: "",
    },
    Step {
        name: "reject",
        args: |turn| words(&format!("skill reject two --approver a-{turn} --reason {turn}")),
        figure: "SELECT count(*) FROM approval_history",
        after: |decisions| decisions + 1,
        before: "",
    },
    Step {
        name: "assign",
        args: |turn| words(&format!("skill assign one two --agent a-{turn} --priority 1")),
        figure: "SELECT count(*) FROM agent_skill_mappings WHERE agent_type GLOB 'a-*'",
        after: |mappings| mappings + 2,
        before: "",
    },
    Step {
        name: "revoke",
        args: |turn| words(&format!("skill revoke two --approver a-{turn} --reason {turn}")),
        figure: "SELECT count(*) FROM approval_history",
        after: |decisions| decisions + 1,
        before: "",
    },
    Step {
        name: "rename",
        args: |turn| words(&format!("skill rename one one-{turn} --approver me")),
        figure: "SELECT count(*) FROM cfn_events e JOIN cfn_aliases a ON a.skill_id = e.skill_id
           WHERE event = 'renamed' AND a.name = json_extract(detail, '$.from')",
        after: |names| names + 1,
        before: "",
    },
    Step {
        name: "delete",
        args: |_| words("skill delete gone --yes --approver me"),
        // Odd while it is there, even when it is not.
        figure: "SELECT 2 * (SELECT count(*) FROM cfn_events WHERE event = 'deleted') + (SELECT count(*) FROM skills WHERE name = 'gone')
           + 2 * (SELECT count(*) FROM agent_skill_mappings WHERE skill_id NOT IN (SELECT id FROM skills))",
        after: |figure| figure + 1,
        before: "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('gone', 'domain', 'x', 'h', '1.0.0');
           INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'agent', id FROM skills WHERE name = 'gone'",
    },
    Step {
        name: "purge",
        args: |_| words("skill purge two 1.0.0 --yes --approver me --reason secret"),
        figure: "SELECT 2 * (SELECT count(*) FROM cfn_events WHERE event = 'purged') + (SELECT count(*) FROM skill_contents
           WHERE hash = (SELECT content_hash FROM skills WHERE name = 'two'))",
        after: |figure| figure + 1,
        before: "CREATE TABLE IF NOT EXISTS kept AS SELECT c.hash, c.bytes FROM skill_contents c
             JOIN skills s ON s.content_hash = c.hash WHERE s.name = 'two';
           INSERT OR IGNORE INTO skill_contents (hash, bytes) SELECT hash, bytes FROM kept",
    },
    Step {
        name: "rollback",
        args: |turn| {
            words(if turn.is_multiple_of(2) { "skill rollback one 1.0.1" } else { "skill rollback one 1.0.0" })
        },
        figure: "SELECT count(*) FROM skill_versions",
        after: |versions| versions + 1,
        before: "",
    },
    Step {
        name: "archive",
        args: |turn| {
            words(if turn.is_multiple_of(2) {
                "db unarchive old.gz"
            } else {
                "db archive --before 2021-01-01 --to old.gz"
            })
        },
        figure: "SELECT count(*) FROM skill_usage_log WHERE agent_id = 'old'",
        after: |rows| OLD - rows,
        before: "",
    },
    Step {
        name: "maintain",
        args: |_| words("db maintain"),
        figure: "SELECT count(*) FROM skill_usage_log WHERE agent_id = 'old'",
        after: |rows| rows,
        before: "CREATE TABLE made_to_be_dropped AS SELECT randomblob(900) FROM generate_series(1, 500); DROP TABLE made_to_be_dropped",
    },
];

/// One step, again and again on one database.
pub(super) struct Steps {
    step: &'static Step,
    project: Project,
    turn: usize,
    figure: i64,
}

impl Steps {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        STEPS.iter().map(|step| {
            let Loads { project, .. } = Loads::new();
            let path = project.skill("one", "The second text.").to_string_lossy().into_owned();
            project.cfn(["update", "one", "1.0.1", &path]).ok();
            project.sqlite3(&format!(
                "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
                 SELECT 'old', 'agent', 1, '2020-01-01 00:00:00' FROM generate_series(1, {OLD})"
            ));
            Self { step, project, turn: 0, figure: 0 }
        })
    }

    fn now(&self) -> i64 {
        self.project.sqlite3(self.step.figure).parse().expect("a number")
    }
}

impl Victim for Steps {
    fn name(&self) -> &'static str {
        self.step.name
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        self.project.sqlite3(self.step.before);
        self.figure = self.now();
        self.project.command((self.step.args)(self.turn))
    }

    fn judge(&mut self, output: &Output) {
        let (now, after) = (self.now(), (self.step.after)(self.figure));
        let done = now == after;
        assert!(done || (now == self.figure && !acknowledged(output)), "{}: {now} of {after}: {output:?}", self.name());
        if !done {
            self.project.cfn((self.step.args)(self.turn)).ok();
            assert_eq!(self.now(), after, "{}: the next run does it", self.name());
        }
        assert_eq!(self.project.cfn(["db", "check"]).code, Some(0));
        assert_clean(&self.project);
    }
}

/// `log --batch` of lines that are all there at once.
pub(super) struct Batches {
    project: Project,
    turn: usize,
}

impl Batches {
    pub(super) fn new() -> Self {
        Self { project: Loads::new().project, turn: 0 }
    }
}

impl Victim for Batches {
    fn name(&self) -> &'static str {
        "log --batch"
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        let agent = format!("b-{}", self.turn);
        let line = |id| format!(r#"{{"id":{id},"skill":"one","agent_id":"{agent}","agent_type":"agent"}}"#);
        let lines: Vec<String> = (0..50).map(line).collect();
        self.project.file("lines", lines.join("\n"));
        // The shell becomes cfn, so that it is cfn that is killed.
        under(&self.project, &["sh", "-c", "exec \"$@\" < lines", "sh"], ["log", "--batch"])
    }

    fn judge(&mut self, output: &Output) {
        let sql = format!("SELECT count(*) FROM skill_usage_log WHERE agent_id = 'b-{}'", self.turn);
        let rows: usize = self.project.sqlite3(&sql).parse().expect("a number");
        let promised = String::from_utf8_lossy(&output.stdout).lines().count();
        assert!(rows >= promised && rows <= 50, "{promised} acknowledged, {rows} there: {output:?}");
        assert!(rows == 50 || !output.status.success(), "{rows}: {output:?}");
        assert_clean(&self.project);
    }
}
