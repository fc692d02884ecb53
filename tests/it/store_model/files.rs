//! The files that the story is about.

use std::fs;
use std::path::PathBuf;

use cfn::model::{ContentHash, FolderLimits, Location};
use cfn::ops::{self, Project};

use super::steps::{BODIES, SKILLS};

/// The files that skills are made of, the same for all databases.
pub(super) struct Files {
    folder: tempfile::TempDir,
    pub(super) rules: ops::Files,
    pub(super) project: Project,
}

impl Files {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rules = ops::Files { most_bytes: 1 << 20, root: None, folder: FolderLimits::default() };
        let project = Project::of(&Location::File(folder.path().join("skills.db")), folder.path());
        let files = Self { folder, rules, project };
        for skill in SKILLS {
            for body in 0..BODIES {
                fs::write(files.path(skill, body), text(skill, body)).expect("written");
            }
            fs::create_dir_all(files.tree().join(skill)).expect("a folder");
            fs::write(files.tree().join(skill).join("SKILL.md"), text(skill, 3)).expect("written");
        }
        fs::write(files.folder.path().join("first.md"), "First steps.\n").expect("written");
        files
    }

    /// The imported folder.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    pub(super) fn path(&self, skill: &str, body: usize) -> PathBuf {
        self.folder.path().join(format!("{skill}-{body}.md"))
    }
}

/// Some files ask for a category, a version, or another review; one is the same for all skills.
fn text(skill: &str, body: usize) -> String {
    let fields = match body {
        0 => return "# The same for all\n\nRead first.\n".to_owned(),
        1 => "category: testing\ntags: [one, two]",
        2 => "version: 1.2.0\nowner: ann",
        3 => "approval_level: human\ncategory: domain",
        _ => "category: infrastructure\nversion: 2.0.0",
    };
    format!("---\nname: {skill}\ndescription: About {skill}.\n{fields}\n---\n\nBody {body}.\n")
}

pub(super) fn hash(skill: &str, body: usize) -> ContentHash {
    ContentHash::of(text(skill, body).as_bytes())
}
