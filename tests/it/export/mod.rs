//! `cfn export`: what clients read is what is approved.

mod checking;
mod forged;
mod leaving;
mod places;
mod reference_tool;
mod together;
mod watching;
mod writing;

use std::fs;
use std::path::Path;

use crate::harness::{Project, Ran};
use crate::scene::{attach, deploy};

/// The files beside SKILL.md of the skill `jwt`.
pub const FILES: [(&str, &str, &[u8]); 3] = [
    ("scripts/run.sh", "100755", b"#!/bin/sh\necho run\n"),
    ("scripts/data.bin", "100644", b"\x00\xff\x00"),
    ("notes a.md", "100644", b"Notes."),
];

/// A project that exports elsewhere: `jwt` with files for `dev`, `pdf` for `dev` and `ops`, `sql` for `ops`.
pub fn with_skills() -> Project {
    let project = Project::new();
    deploy(&project, "jwt", "Tokens.", &["domain", "dev"]);
    attach(&project, "jwt", "1.0.0", &FILES, true);
    deploy(&project, "pdf", "Pages.", &["domain", "dev,ops"]);
    deploy(&project, "sql", "Tables.", &["domain", "ops"]);
    project
}

/// Exports to the folder `out`.
pub fn export(project: &Project, args: &[&str]) -> Ran {
    project.cfn(["export", "out"].iter().chain(args))
}

/// Every file below a folder with its mode and bytes, links too; sorted. A missing folder has none.
pub fn tree(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(tree(&path).into_iter().map(|it| format!("{name}/{it}")));
        } else if kind.is_symlink() {
            found.push(format!("{name} -> {}", fs::read_link(&path).expect("a link").display()));
        } else if kind.is_file() {
            let mode = entry.metadata().expect("its mode").permissions().mode() & 0o777;
            let bytes = fs::read(&path).expect("its bytes");
            found.push(format!("{name} {mode:o} {}", String::from_utf8_lossy(&bytes)));
        }
    }
    found.sort();
    found
}

/// The names in a folder, sorted; none if it is missing.
pub fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Path and state of each difference that a check found.
#[track_caller]
pub fn differences(project: &Project, args: &[&str]) -> Vec<(String, String)> {
    let ran = export(project, &[args, &["--check", "--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let word = |it: &serde_json::Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    let list = report["differences"].as_array().expect("a list").clone();
    assert_eq!(ran.code, Some(if list.is_empty() { 0 } else { 7 }), "{ran:?}");
    list.iter().map(|it| (word(it, "path"), word(it, "state"))).collect()
}
