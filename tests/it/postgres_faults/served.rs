//! A project whose database is on a server.

use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use crate::harness::{Project, Ran};

pub(super) struct Served {
    pub(super) project: Rc<Project>,
    pub(super) url: String,
}

impl Served {
    /// With cfn's schema in a database that has none.
    #[track_caller]
    pub(super) fn created(url: &str) -> Self {
        let served = Self::at(url);
        served.cfn(&["init"]).ok();
        served
    }

    pub(super) fn at(url: &str) -> Self {
        Self { project: Rc::new(Project::empty()), url: url.to_owned() }
    }

    /// The same project with a database elsewhere.
    pub(super) fn elsewhere(&self, url: &str) -> Self {
        Self { project: Rc::clone(&self.project), url: url.to_owned() }
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", &self.url);
        command
    }

    pub(super) fn cfn(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("cfn runs").into()
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn runs")
    }

    /// Writes a skill file, and deploys it for the agent type `tester`.
    pub(super) fn deploy(&self, name: &str, body: &str) -> Ran {
        self.cfn(&["deploy", "7", name, &self.skill(name, body), "testing", "tester", "--json"])
    }

    pub(super) fn skill(&self, name: &str, body: &str) -> String {
        self.project.skill(name, body).to_string_lossy().into_owned()
    }

    /// The names of the skills that agents of the type `tester` get.
    #[track_caller]
    pub(super) fn loaded(&self) -> String {
        self.cfn(&["load", "tester", "--format", "names"]).ok()
    }
}
