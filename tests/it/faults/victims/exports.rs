//! `export`, of a skill that changes, one that comes and goes, and one that stays.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::victim::{Victim, assert_clean};
use super::writes::Loads;
use crate::harness::Project;
use crate::scene::{attach, skill_text};

const EXPORT: [&str; 5] = ["export", "out", "--all", "--layout", "claude"];

/// So large that an export of it is not over in one write.
const TIMES: usize = 4_000;

/// `export` again and again to one folder.
pub(super) struct Exports {
    project: Project,
    turn: usize,
}

impl Exports {
    pub(super) fn new() -> Self {
        let Loads { project, .. } = Loads::new();
        project.file("out/.claude/skills/own/SKILL.md", "Mine.");
        project.file("out/.claude/settings.json", "{}");
        let mut new = Self { project, turn: 0 };
        new.next_version();
        new
    }

    fn next_version(&mut self) {
        self.turn += 1;
        let (version, number) = (format!("1.1.{}", self.turn), self.turn.to_string());
        let path = self.project.skill("one", &number.repeat(TIMES)).to_string_lossy().into_owned();
        let change = if self.turn == 1 { "minor" } else { "patch" };
        self.project.cfn(["update", "one", &version, &path, change]).ok();
        let files: Vec<_> = ["a", "b/c/d", "e"].map(|it| (it, "100755", number.as_bytes())).into();
        attach(&self.project, "one", &version, &files, true);
    }

    fn skills(&self) -> PathBuf {
        self.project.path().join("out/.claude/skills")
    }

    /// The version of the exported skill, all of whose files must be of it.
    fn exported(&self) -> Option<String> {
        let folder = self.skills().join("one");
        let number = fs::read_to_string(folder.join("a")).ok().or_else(|| {
            assert!(!folder.exists(), "a folder without its files");
            None
        })?;
        let text = fs::read_to_string(folder.join("SKILL.md")).expect("the skill file");
        assert_eq!(text, skill_text("one", &number.repeat(TIMES)));
        for file in ["b/c/d", "e"] {
            assert_eq!(fs::read_to_string(folder.join(file)).ok().as_ref(), Some(&number), "{file}");
        }
        assert_eq!(crate::export::tree(&folder).len(), 4);
        Some(number)
    }
}

impl Victim for Exports {
    fn name(&self) -> &'static str {
        "export"
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.next_version();
        self.project.cfn(["skill", if self.turn.is_multiple_of(2) { "archive" } else { "restore" }, "two"]).ok();
        self.project.command(EXPORT)
    }

    fn judge(&mut self, output: &Output) {
        let now = self.exported();
        let done = now == Some(self.turn.to_string());
        assert!(done || !output.status.success(), "{now:?} {output:?}");
        let two = self.skills().join("two");
        assert!(!two.exists() || crate::export::tree(&two).len() == 1);
        self.project.cfn(EXPORT).ok();
        assert_eq!(self.exported(), Some(self.turn.to_string()), "the next run does it");
        let mut expected = vec!["one", "own", "three"];
        expected.extend((!self.turn.is_multiple_of(2)).then_some("two"));
        assert_eq!(crate::export::entries(&self.skills()), expected);
        assert_eq!(crate::export::entries(&self.project.path().join("out")), [".claude", "cfn-export.lock"]);
        let own = fs::read_to_string(self.skills().join("own/SKILL.md"));
        assert_eq!(own.ok().as_deref(), Some("Mine."), "what is not cfn's is as it was");
        assert_clean(&self.project);
    }
}
