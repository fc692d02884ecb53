//! The commands that are used most.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Output};

use super::victim::{Victim, acknowledged, assert_clean};
use crate::faults::tools::{current, sha256};
use crate::harness::Project;

/// Deploys and updates of seven skills of one project.
pub(super) struct Writes {
    project: Project,
    update: bool,
    turn: usize,
    /// What each skill is, as far as anybody was told.
    known: HashMap<String, (String, String)>,
    promised: Vec<(String, String, String)>,
    /// The running command's skill and hash.
    attempt: (String, String),
}

impl Writes {
    pub(super) fn new(update: bool) -> Self {
        let project = Project::new();
        let mut known = HashMap::new();
        for number in 0..7 {
            let name = format!("skill-{number}");
            let path = project.skill(&name, "The first text.").to_string_lossy().into_owned();
            project.cfn(["deploy", "1", &name, &path]).ok();
            known.insert(name.clone(), current(&project, &name).expect("it is there"));
        }
        Self { project, update, turn: 0, known, promised: Vec::new(), attempt: (String::new(), String::new()) }
    }
}

impl Victim for Writes {
    fn name(&self) -> &'static str {
        if self.update { "update" } else { "deploy" }
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        let name = format!("skill-{}", self.turn % 7);
        // Longer texts take more pages, so that the commit has more instants.
        let path = self.project.skill(&name, &format!("Text {}\n{}", self.turn, "x".repeat(self.turn % 5 * 9_000)));
        self.attempt = (name.clone(), sha256(&fs::read(&path).expect("the file")));
        let path = path.to_string_lossy().into_owned();
        if self.update {
            let version: semver::Version = self.known[&name].0.parse().expect("a version");
            let next = format!("{}.{}.{}", version.major, version.minor, version.patch + 1);
            self.project.command(["update", &name, &next, &path])
        } else {
            self.project.command(["deploy", "1", &name, &path, "domain", &format!("agent-{}", self.turn % 11)])
        }
    }

    fn judge(&mut self, output: &Output) {
        let (name, hash) = self.attempt.clone();
        let now = current(&self.project, &name).expect("a deployed skill stays");
        let done = now.1 == hash;
        assert!(done || now == self.known[&name], "{name} is {now:?}, was {:?}", self.known[&name]);
        assert!(done || !acknowledged(output), "acknowledged and lost: {name} {hash} {output:?}");
        if done {
            let approvals = format!("SELECT count(*) FROM approval_history WHERE content_hash = '{hash}'");
            assert_eq!(self.project.sqlite3(&approvals), "1", "its approval is part of it");
        }
        if acknowledged(output) {
            self.promised.push((name.clone(), now.0.clone(), now.1.clone()));
        }
        self.known.insert(name, now);
        assert_clean(&self.project);
    }

    fn judge_all(&mut self) {
        let rows = self.project.sqlite3(
            "SELECT s.name || ' ' || v.version || ' ' || v.content_hash FROM skill_versions v JOIN skills s ON s.id = v.skill_id
             WHERE EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = v.content_hash)",
        );
        let rows: std::collections::HashSet<&str> = rows.lines().collect();
        for (name, version, hash) in &self.promised {
            assert!(rows.contains(format!("{name} {version} {hash}").as_str()), "lost: {name} {version} {hash}");
        }
        self.project.cfn(["db", "check"]).ok();
    }
}

/// `init --from` of four batches, by turns where there is no database and into an empty one.
pub(super) struct Import {
    source: Project,
    project: Project,
    turn: usize,
}

const FILES: usize = 520;
/// What is there after each batch but the last: batches double.
const BATCHES: [usize; 4] = [0, 64, 192, 448];

impl Import {
    pub(super) fn new() -> Self {
        let source = Project::empty();
        for number in 0..FILES {
            source.file(
                &format!("{number}/SKILL.md"),
                format!("---\nname: s-{number}\ndescription: d\n---\nText {number}\n"),
            );
        }
        Self { source, project: Project::empty(), turn: 0 }
    }

    fn from(&self) -> [&str; 3] {
        ["init", "--from", self.source.path().to_str().expect("a path")]
    }
}

impl Victim for Import {
    fn name(&self) -> &'static str {
        "import"
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        self.project = if self.turn.is_multiple_of(2) { Project::empty() } else { Project::new() };
        self.project.command(self.from())
    }

    fn judge(&mut self, output: &Output) {
        let project = &self.project;
        if project.database().exists() {
            let count: usize = project.sqlite3("SELECT count(*) FROM skills").parse().expect("a number");
            assert!(count == FILES || BATCHES.contains(&count), "half a batch: {count}");
            assert!(count == FILES || !acknowledged(output), "{output:?}");
        } else {
            assert!(!acknowledged(output), "{output:?}");
        }
        project.cfn(self.from()).ok();
        assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), FILES.to_string());
        assert_clean(project);
    }
}

/// `load --agent-id`: all usage rows of a call, or none.
pub(super) struct Loads {
    pub(super) project: Project,
    turn: usize,
}

impl Loads {
    pub(super) fn new() -> Self {
        let project = Project::new();
        for name in ["one", "two", "three"] {
            let path = project.skill(name, "Text.").to_string_lossy().into_owned();
            project.cfn(["deploy", "1", name, &path, "domain", "agent"]).ok();
        }
        Self { project, turn: 0 }
    }
}

impl Victim for Loads {
    fn name(&self) -> &'static str {
        "load"
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        self.project.command(["load", "agent", "--agent-id", &format!("a-{}", self.turn)])
    }

    fn judge(&mut self, output: &Output) {
        let count =
            self.project.sqlite3(&format!("SELECT count(*) FROM skill_usage_log WHERE agent_id = 'a-{}'", self.turn));
        let done = output.status.success();
        assert!(count == "3" || (count == "0" && !done), "{count} usage rows: {output:?}");
        assert_clean(&self.project);
    }
}
