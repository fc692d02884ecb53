//! A project whose agents run in containers of an engine, and what must not be left there.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::agent::scene;
use crate::docker::engine::Engine;
use crate::harness::{Project, Ran};

/// A project, and the engine for its agents.
pub(super) struct Scene<'a> {
    pub(super) project: Project,
    pub(super) engine: &'a Engine,
}

/// A script of a hostile agent: it ignores signals, leaves its session, and forks again and again.
pub(super) const HOSTILE: &str = "trap '' TERM INT HUP; setsid sh -c 'while :; do sleep 0.05 & sleep 0.02; done' \
                                  >/dev/null 2>&1 & echo ready; while :; do sleep 0.05; done";

/// A script that takes 200 MB, and then waits.
pub(super) const HOG: &str = "head -c 200000000 /dev/zero | tail -c 199999999 | sleep 60";

impl<'a> Scene<'a> {
    pub(super) fn of(engine: &'a Engine) -> Self {
        Self { project: scene::project(), engine }
    }

    /// cfn with Debian's client, and the engine of the tests.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command(args);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("/usr/bin:{path}")).env("DOCKER_HOST", self.engine.host());
        for name in ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
            command.env_remove(name);
        }
        command.env("DOCKER_CONFIG", "/nonexistent");
        command
    }

    /// Runs cfn to its end.
    pub(super) fn cfn(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("cfn runs").into()
    }

    /// A spawn of a tester.
    pub(super) fn spawning(&self, args: &[&str]) -> Command {
        let image = self.engine.agent_image();
        self.command(&[&["agent", "spawn", "tester", "--image", image, "--network", "none"], args].concat())
    }

    /// Spawns a tester in a container, and waits for its end.
    pub(super) fn spawn(&self, args: &[&str]) -> Ran {
        self.spawning(args).output().expect("cfn runs").into()
    }

    /// Spawns a tester that runs a script of a shell, which must succeed; returns what it says.
    pub(super) fn said(&self, options: &[&str], script: &str) -> String {
        let agent = self.spawn(&[options, &["--", "sh", "-c", script]].concat()).ok();
        self.cfn(&["agent", "logs", agent.trim()]).ok()
    }

    /// Spawns a tester, and does not wait; returns its id.
    pub(super) fn detach(&self, args: &[&str]) -> String {
        self.spawn(&[&["--detach"], args].concat()).ok().trim().to_owned()
    }

    /// Starts a spawn that waits.
    pub(super) fn start(&self, args: &[&str]) -> Child {
        self.spawning(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
    }

    /// What the engine says about a container.
    pub(super) fn inspected(&self, container: &str) -> Value {
        let said = self.engine.run(["container", "inspect", container]).ok();
        serde_json::from_str::<Value>(&said).expect("JSON")[0].take()
    }

    /// The containers of an agent that the engine has, running or not.
    pub(super) fn containers(&self, agent: &str) -> Vec<String> {
        let filter = format!("label=cfn.agent.id={agent}");
        let said = self.engine.run(["ps", "--all", "--filter", &filter, "--format", "{{.Names}} {{.Status}}"]).ok();
        said.lines().map(str::to_owned).collect()
    }

    /// The rows of the history.
    pub(super) fn rows(&self, columns: &str) -> Vec<String> {
        scene::rows(&self.project, columns)
    }
}
