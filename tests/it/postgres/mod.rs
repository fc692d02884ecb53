//! Dual logging against a real PostgreSQL: what is delivered, and what becomes of it when the server does not cooperate.

mod background;
mod commands;
mod completed;
mod dead_letters;
mod delivery;
mod exactly_once;
mod faults;
mod misfits;
mod refusals;
mod tls;
mod volume;

use std::fs::File;
use std::process::{Child, Command};
use std::sync::Arc;

use crate::harness::{Project, Ran};
use crate::postgres_server::Server;

/// A project whose generated skills are logged in a database of its own on the shared server.
struct Dual {
    project: Project,
    url: String,
    database: String,
    server: Arc<Server>,
}

impl Dual {
    fn new() -> Self {
        let server = Server::shared();
        let database = server.fresh_database();
        let dual = Self { project: Project::new(), url: server.url(&database), database, server };
        dual.ok(["db", "postgres-schema", "--apply"]);
        dual.sql("INSERT INTO workflow_patterns (id) SELECT generate_series(1, 50)");
        dual
    }

    /// cfn that logs to this project's database, and starts no delivery of its own: tests say when.
    fn command<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = self.project.command(args);
        command.env("ENABLE_PHASE4_LOGGING", "true").env("CFN_POSTGRES_URL", &self.url).env("CFN_SYNC_BUDGET_MS", "0");
        command
    }

    fn cfn<const N: usize>(&self, args: [&str; N]) -> Ran {
        self.command(args).output().expect("cfn runs").into()
    }

    #[track_caller]
    fn ok<const N: usize>(&self, args: [&str; N]) -> String {
        self.cfn(args).ok()
    }

    /// SQL on the workflow database, as its owner.
    #[track_caller]
    fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.database, sql)
    }

    /// Deploys a generated skill.
    #[track_caller]
    fn deploy(&self, pattern: i64, name: &str) -> String {
        let path = self.project.skill(name, "Do it.");
        let path = path.to_str().expect("UTF-8");
        self.ok(["deploy", &pattern.to_string(), name, path, "testing", "tester"])
    }

    #[track_caller]
    fn log(&self, name: &str, task: &str) {
        self.log_command(name, task).output().map(Ran::from).expect("cfn runs").ok();
    }

    fn log_command(&self, name: &str, task: &str) -> Command {
        let agent = ["--agent-id", "a1", "--agent-type", "tester", "--exit-code", "0"];
        let mut command = self.command(["log", name, "--task-id", task]);
        command.args(agent).args(["--execution-ms", "420", "--tokens-avoided", "10", "--cost-avoided-usd", "0.25"]);
        command
    }

    /// `log --batch` of so many executions, which differ in their task: t0, t1 …
    fn batch(&self, executions: u32) -> Command {
        let mut lines = String::new();
        for task in 0..executions {
            let who = "\"skill\":\"review\",\"agent_id\":\"a\",\"agent_type\":\"tester\"";
            lines.extend(["{", who, ",\"task_id\":\"t", &task.to_string(), "\"}\n"]);
        }
        let input = self.project.file("lines.jsonl", lines);
        let mut command = self.command(["log", "--batch"]);
        command.stdin(File::open(input).expect("the file"));
        command
    }

    fn waiting(&self) -> String {
        self.project.sqlite3("SELECT count(*) FROM outbox WHERE set_aside_at IS NULL")
    }

    /// The tasks that the workflow database knows, with how often each.
    fn tasks(&self) -> String {
        self.sql(
            "SELECT string_agg(task_id || '=' || n, ' ' ORDER BY task_id) FROM
           (SELECT task_id, count(*) n FROM skill_executions GROUP BY 1) t",
        )
    }
}

/// A process that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
