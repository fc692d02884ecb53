//! The commands that write whole files: backup, restore, and the adoption of an older database.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::victim::{Victim, acknowledged, assert_clean};
use super::writes::Loads;
use crate::faults::tools::sha256;
use crate::harness::Project;

/// `db backup` over an older backup.
pub(super) struct Backup(Loads);

impl Backup {
    pub(super) fn new() -> Self {
        Self(Loads::new())
    }

    fn folder(&self) -> PathBuf {
        self.0.project.path().join("backups")
    }
}

impl Victim for Backup {
    fn name(&self) -> &'static str {
        "backup"
    }

    fn project(&self) -> &Project {
        &self.0.project
    }

    fn prepare(&mut self) -> Command {
        fs::create_dir_all(self.folder()).expect("a folder");
        self.0.project.command(["db", "backup", "backups/b.db"])
    }

    fn judge(&mut self, output: &Output) {
        let copy = self.folder().join("b.db");
        assert!(copy.exists() || !acknowledged(output), "{output:?}");
        if copy.exists() {
            let copy = copy.to_string_lossy().into_owned();
            assert_eq!(
                self.0.project.cfn(["--db", &copy, "skill", "list"]).ok().lines().count(),
                4,
                "three and a header"
            );
            self.0.project.cfn(["--db", &copy, "db", "check"]).ok();
        }
        self.0.project.cfn(["db", "backup", "backups/b.db"]).ok();
        let names: Vec<_> = fs::read_dir(self.folder()).expect("a folder").flatten().map(|it| it.file_name()).collect();
        assert_eq!(names, ["b.db"], "the next run removes what a killed one left");
        assert_clean(&self.0.project);
    }
}

/// `db restore` of two backups in turn.
pub(super) struct Restore {
    project: Project,
    turn: usize,
}

impl Restore {
    pub(super) fn new() -> Self {
        let Loads { project, .. } = Loads::new();
        project.cfn(["db", "backup", "0.db"]).ok();
        let path = project.skill("four", &"x".repeat(50_000)).to_string_lossy().into_owned();
        project.cfn(["deploy", "1", "four", &path]).ok();
        project.cfn(["db", "backup", "1.db"]).ok();
        Self { project, turn: 1 }
    }
}

impl Victim for Restore {
    fn name(&self) -> &'static str {
        "restore"
    }

    fn project(&self) -> &Project {
        &self.project
    }

    fn prepare(&mut self) -> Command {
        self.turn += 1;
        self.project.command(["db", "restore", &format!("{}.db", self.turn % 2)])
    }

    fn judge(&mut self, output: &Output) {
        let wanted = (3 + self.turn % 2).to_string();
        let count = self.project.sqlite3("SELECT count(*) FROM skills");
        assert!(
            count == wanted || (["3", "4"].contains(&count.as_str()) && !acknowledged(output)),
            "{count} {output:?}"
        );
        self.project.assert_whole();
        self.project.cfn(["db", "restore", &format!("{}.db", self.turn % 2)]).ok();
        for name in self.project.leftovers() {
            assert!(name.starts_with("skills.db.before-restore-") && !name.contains("tmp"), "left behind: {name}");
            fs::remove_file(self.project.database().with_file_name(name)).expect("it goes");
        }
        self.project.assert_whole();
    }
}

/// The first command on a database of the old scripts.
pub(super) struct Adoption(Project);

impl Adoption {
    pub(super) fn new() -> Self {
        Self(Project::empty())
    }
}

/// A database as the first scripts made it, with the files of its skills.
pub(in crate::faults) fn legacy() -> Project {
    let project = Project::empty();
    let mut sql = "PRAGMA journal_mode = DELETE; CREATE TABLE skills (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL,
        category TEXT NOT NULL, content_path TEXT NOT NULL, content_hash TEXT NOT NULL, tags TEXT, version TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'active');"
        .to_owned();
    for number in 0..5 {
        let path = project.skill(&format!("old-{number}"), "Text.");
        let hash = sha256(&fs::read(path).expect("the file"));
        let row = format!("'old-{number}', 'domain', '.claude/skills/old-{number}/SKILL.md', '{hash}', '1.0.0'");
        sql.extend(["INSERT INTO skills (name, category, content_path, content_hash, version) VALUES (", &row, ");"]);
    }
    fs::create_dir_all(project.database().parent().expect("a folder")).expect("folders");
    project.sqlite3(&sql);
    project
}

impl Victim for Adoption {
    fn name(&self) -> &'static str {
        "adoption"
    }

    fn project(&self) -> &Project {
        &self.0
    }

    fn prepare(&mut self) -> Command {
        self.0 = legacy();
        self.0.command(["skill", "list"])
    }

    fn judge(&mut self, output: &Output) {
        let project = &self.0;
        let adopted = project.sqlite3("PRAGMA user_version") != "0";
        assert!(adopted || !acknowledged(output), "{output:?}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM sqlite_master WHERE name = 'skill_versions'") == "1", adopted);
        assert_eq!(project.cfn(["skill", "list"]).ok().lines().count(), 6, "five and a header");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "5");
        project.assert_whole();
        for name in project.leftovers() {
            assert!(name.starts_with("skills.db.before-v") && !name.contains("tmp"), "left behind: {name}");
        }
    }
}

/// `init` where there is nothing.
pub(super) struct Fresh(Project);

impl Fresh {
    pub(super) fn new() -> Self {
        Self(Project::empty())
    }
}

impl Victim for Fresh {
    fn name(&self) -> &'static str {
        "init"
    }

    fn project(&self) -> &Project {
        &self.0
    }

    fn prepare(&mut self) -> Command {
        self.0 = Project::empty();
        self.0.command(["init"])
    }

    fn judge(&mut self, output: &Output) {
        assert!(self.0.database().exists() || !acknowledged(output), "{output:?}");
        self.0.cfn(["init"]).ok();
        assert_clean(&self.0);
    }
}
