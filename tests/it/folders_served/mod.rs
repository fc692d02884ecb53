//! What agents read on disk is what was approved: `cfn load` with files.

mod caches;
mod care;
mod formats;
mod meddling;
mod settings;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cfn::model::{ContentHash, FileMode, FolderFile, SkillFolder};

use crate::harness::{Project, Ran};
use crate::scene::{deploy, hex, sha256, skill_text};

/// A file beside the skill file: path, text, whether it may be run.
type Beside = (&'static str, &'static str, bool);

const BESIDE: &[Beside] = &[("data/a b.txt", "one\n", false), ("scripts/run.sh", "#!/bin/sh\necho fine\n", true)];

/// A project with a folder of its own for materialized skills.
struct Scene {
    project: Project,
}

impl Scene {
    fn new() -> Self {
        Self { project: Project::new() }
    }

    /// The folder for materialized skills.
    fn root(&self) -> PathBuf {
        self.project.path().join("cache")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command(args);
        command.env("CFN_MATERIALIZE_DIR", self.root());
        command
    }

    #[track_caller]
    fn cfn(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("cfn runs").into()
    }

    /// The locations of a listing.
    #[track_caller]
    fn locations(&self, more: &[&str]) -> Vec<PathBuf> {
        locations(&self.cfn(&[&["load", "dev", "--format", "xml"], more].concat()).ok())
    }

    /// Deploys a skill, for `dev`, with files beside it.
    fn deploy(&self, name: &str, beside: &[Beside]) -> SkillFolder {
        deploy(&self.project, name, "Body.", &["testing", "dev"]);
        if beside.is_empty() {
            return plain(name);
        }
        self.add_files(name, beside)
    }

    /// Adds files to a deployed and approved skill, in the database and where it was read from.
    fn add_files(&self, name: &str, beside: &[Beside]) -> SkillFolder {
        let text = skill_text(name, "Body.");
        let mut files = vec![file("SKILL.md", &text, false)];
        let mut sql = "BEGIN;".to_owned();
        let version = format!("(SELECT id FROM skill_versions WHERE skill_id = {})", id(name));
        for (path, text, runs) in beside {
            let place = self.project.file(&format!(".claude/skills/{name}/{path}"), text);
            let mode = if *runs { 0o755 } else { 0o644 };
            fs::set_permissions(place, fs::Permissions::from_mode(mode)).expect("its mode");
            files.push(file(path, text, *runs));
            let (hash, bytes) = (sha256(text), hex(text));
            write!(sql, "INSERT OR IGNORE INTO skill_contents (hash, bytes) VALUES ('{hash}', X'{bytes}');")
                .expect("text");
        }
        let folder = SkillFolder::of(files).expect("a folder");
        for FolderFile { path, mode, hash, size } in folder.files() {
            let mode = mode.as_str();
            write!(sql, "INSERT INTO skill_files VALUES ({version}, '{path}', '{mode}', '{hash}', {size});")
                .expect("text");
        }
        let hash = folder.hash();
        write!(
            sql,
            "UPDATE skill_versions SET folder_hash = '{hash}' WHERE skill_id = {0};
             UPDATE approval_history SET folder_hash = '{hash}' WHERE skill_id = {0}; COMMIT",
            id(name)
        )
        .expect("text");
        self.project.sqlite3(&sql);
        folder
    }

    /// Waits until manifests vouch for what is there, and lets them.
    fn settle(&self) {
        std::thread::sleep(std::time::Duration::from_millis(2100));
        self.cfn(&["load", "dev", "--format", "xml"]).ok();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Without it, read-only folders would stay.
        let _ = Command::new("chmod").args(["-R", "u+rwX"]).arg(self.root()).output();
    }
}

fn id(name: &str) -> String {
    format!("(SELECT id FROM skills WHERE name = '{name}')")
}

fn file(path: &str, text: &str, runs: bool) -> FolderFile {
    let mode = if runs { FileMode::Executable } else { FileMode::Plain };
    let path = path.parse().expect("a path");
    FolderFile { path, mode, hash: ContentHash::of(text.as_bytes()), size: text.len() as u64 }
}

fn locations(xml: &str) -> Vec<PathBuf> {
    let inside = |it: &str| it.split("\n</location>").next().map(PathBuf::from);
    xml.split("<location>\n").skip(1).filter_map(inside).collect()
}

/// The folder of a plain skill.
fn plain(name: &str) -> SkillFolder {
    let text = skill_text(name, "Body.");
    SkillFolder::alone(ContentHash::of(text.as_bytes()), text.len() as u64)
}

/// Requires that a folder is exactly as it was approved.
#[track_caller]
fn require_same(path: &Path, folder: &SkillFolder) {
    let listed = Command::new("find").arg(path).args(["-type", "f", "-printf", "%P\n"]).output().expect("find runs");
    let mut listed: Vec<_> = String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect();
    listed.sort();
    let expected: Vec<_> = folder.files().iter().map(|it| it.path.to_string()).collect();
    assert_eq!(listed, expected);
    for file in folder.files() {
        let path = path.join(file.path.as_str());
        assert_eq!(ContentHash::of(&fs::read(&path).expect("a file")), file.hash, "{}", path.display());
        let mode = fs::metadata(&path).expect("a file").permissions().mode() & 0o7777;
        assert_eq!(mode, if file.mode == FileMode::Executable { 0o555 } else { 0o444 }, "{}", path.display());
    }
}
