//! The query cache against a real Redis: what it gives is what the database would give, whatever becomes of Redis.

mod answers;
mod audit;
mod bench;
mod commands;
mod distrust;
mod fake;
mod faults;
mod model;
mod moments;
mod places;
mod pool;
mod postgres;
mod server;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub(crate) use self::server::Server;
use crate::harness::{Project, Ran};
use crate::scene;

/// A project with a query cache of its own.
struct Cached {
    project: Project,
    server: Server,
}

impl Cached {
    /// Three skills for two agent types, some usage, and an empty cache.
    fn new() -> Self {
        Self { project: project(), server: Server::start() }
    }

    /// cfn that uses the cache wherever it can, and waits for it: the machine may be busy with other tests.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = with_cache(&self.project, &self.server.url(), args);
        command.env("CFN_REDIS_BUDGET_MS", "10000");
        command
    }

    fn cfn(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("cfn runs").into()
    }

    /// Removes what is remembered about the server: that it is to be left alone.
    fn forget_failures(&self) {
        let _ = fs::remove_file(notes(&self.project)); // it need not be there
    }

    /// The answer of the database, without a cache.
    fn uncached(&self, args: &[&str]) -> Ran {
        self.project.cfn(args)
    }

    /// The answer from the cache, which must have it, and which must be that of the database.
    #[track_caller]
    fn hit(&self, class: &str, args: &[&str]) -> Ran {
        let before = self.server.counted(class);
        let ran = self.cfn(args);
        let after = self.server.counted(class);
        assert_eq!(
            (after.0 - before.0, after.1 - before.1),
            (1, 0),
            "one question and nothing stored: {args:?} {ran:?}"
        );
        assert_eq!(ran, self.uncached(args), "{args:?}");
        ran
    }

    /// The answer from the database, which the cache has from now on.
    #[track_caller]
    fn miss(&self, class: &str, args: &[&str]) -> Ran {
        let before = self.server.counted(class);
        let ran = self.cfn(args);
        let after = self.server.counted(class);
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "one question and one answer: {args:?} {ran:?}");
        assert_eq!(ran, self.uncached(args), "{args:?}");
        ran
    }
}

/// Three skills for two agent types, and some usage.
fn project() -> Project {
    let project = scene::with_skill("jwt", "domain", "dev,tester");
    scene::deploy(&project, "sql", "Select.", &["testing", "dev"]);
    scene::deploy(&project, "shell", "Quote everything.", &["foundation", "tester"]);
    for (skill, before, after) in [("jwt", "0.53", "0.58"), ("sql", "0.1", "0.4333333333333333")] {
        let mut log = vec!["log", skill, "--agent-id", "a", "--agent-type", "dev", "--task-id", "t1"];
        log.extend([
            "--execution-ms",
            "417",
            "--exit-code",
            "0",
            "--tokens-avoided",
            "7",
            "--cost-avoided-usd",
            "0.07",
        ]);
        log.extend(["--confidence-before", before, "--confidence-after", after]);
        project.cfn(log).ok();
    }
    project
}

/// The file in which processes share notes about the server.
fn notes(project: &Project) -> PathBuf {
    project.database().with_file_name("skills.db-redis")
}

/// cfn in this project, with the cache at this URL wherever it can be used.
fn with_cache(project: &Project, url: &str, args: &[&str]) -> Command {
    let mut command = project.command(args);
    command.env("CFN_REDIS_URL", url).env("CFN_CACHE", "always");
    command
}
