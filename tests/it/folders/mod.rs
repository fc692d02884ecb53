//! A skill is a folder: what is read from disk, and what is recorded of it.

mod captured;
mod deployed;
mod imported;
mod purged;
mod round_trip;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::Project;
use crate::scene::skill_text;

/// Writes a skill with a script and a text beside it, in `skills/NAME`.
fn skill_with_files(project: &Project, name: &str) {
    project.file(&format!("skills/{name}/SKILL.md"), skill_text(name, "Run scripts/run.sh."));
    project.file(&format!("skills/{name}/scripts/run.sh"), "#!/bin/sh\necho 1\n");
    project.file(&format!("skills/{name}/notes.txt"), [0, 159, 146, 150]);
    make_executable(project, &format!("skills/{name}/scripts/run.sh"));
}

fn make_executable(project: &Project, path: &str) {
    fs::set_permissions(project.path().join(path), fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// `MODE PATH` of each file of a skill's version, in order.
#[track_caller]
fn files(project: &Project, name: &str, version: &str) -> Vec<String> {
    let sql = format!(
        "SELECT f.mode || ' ' || f.path FROM skill_files f JOIN skill_versions v ON v.id = f.version_id
         JOIN skills s ON s.id = v.skill_id WHERE s.name = '{name}' AND v.version = '{version}' ORDER BY f.path"
    );
    project.sqlite3(&sql).lines().map(str::to_owned).collect()
}

/// The number of files whose bytes are not stored under their hash.
#[track_caller]
fn unstored(project: &Project) -> String {
    project.sqlite3("SELECT count(*) FROM skill_files f LEFT JOIN skill_contents c USING (hash) WHERE c.hash IS NULL")
}
