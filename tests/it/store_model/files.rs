//! The files that the story is about.

use std::fs;
use std::path::{Path, PathBuf};

use cfn::model::{ContentHash, FolderLimits, Location};
use cfn::ops::{self, Project};

use super::steps::{BODIES, FILES, SKILLS};

/// The files that skills are made of, the same for all databases.
pub(super) struct Files {
    folder: tempfile::TempDir,
    pub(super) rules: ops::Files,
    pub(super) project: Project,
}

impl Files {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rules = ops::Files { most_bytes: 1 << 20, root: None, folder: FolderLimits::default(), database: None };
        let project = Project::of(&Location::File(folder.path().join("skills.db")), folder.path());
        let files = Self { folder, rules, project };
        for skill in SKILLS {
            for body in 0..BODIES {
                let path = files.path(skill, body);
                if body < FILES {
                    fs::write(path, text(skill, body)).expect("written");
                } else {
                    write_folder(&path, &text(skill, body), body);
                }
            }
            write_folder(&files.tree().join(skill), &text(skill, 3), skill.len());
        }
        fs::write(files.folder.path().join("first.md"), "First steps.\n").expect("written");
        files
    }

    /// The imported folder.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    pub(super) fn path(&self, skill: &str, body: usize) -> PathBuf {
        self.folder.path().join(format!("{skill}-{body}{}", if body < FILES { ".md" } else { "" }))
    }
}

/// A folder with a skill file and a script.
fn write_folder(folder: &Path, text: &str, number: usize) {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("SKILL.md"), text).expect("written");
    fs::write(folder.join("run.sh"), format!("echo {number}\n")).expect("written");
}

/// Some files ask for a category, a version, or another review; one is the same for all skills.
fn text(skill: &str, body: usize) -> String {
    let body = body.min(FILES - 1);
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
