//! `cfn db capture` and adoption: files beside a skill that another program recorded are stored, and approved by nobody.

use std::os::unix::fs::symlink;

use super::{files, skill_with_files, unstored};
use crate::harness::Project;
use crate::scene::{sha256, skill_text};

/// Records and approves a skill, as an old program does.
fn recorded_by_an_old_program(project: &Project, name: &str, text: &str) {
    let hash = sha256(text);
    project.sqlite3(&format!(
        "INSERT INTO skills (name, category, content_path, content_hash, version, approval_level)
           VALUES ('{name}', 'domain', 'skills/{name}/SKILL.md', '{hash}', '1.0.0', 'human');
         INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning)
           SELECT id, version, 'human', 'old', 'approved', 'x' FROM skills WHERE name = '{name}'"
    ));
}

#[test]
fn files_beside_a_recorded_skill_are_stored_and_wait_for_approval() {
    let project = Project::new();
    let text = skill_text("pdf", "Run scripts/run.sh.");
    recorded_by_an_old_program(&project, "pdf", &text);
    skill_with_files(&project, "pdf");
    let report = project.cfn(["db", "capture", "--json"]).json();
    assert_eq!((&report["captured"], &report["alone"]), (&serde_json::json!(["pdf"]), &serde_json::json!([])));
    assert_eq!(files(&project, "pdf", "1.0.0"), ["100644 SKILL.md", "100644 notes.txt", "100755 scripts/run.sh"]);
    assert_eq!(unstored(&project), "0");
    assert_eq!(project.sqlite3("SELECT count(*), count(folder_hash) FROM approval_history"), "1|0");
    let shown = project.cfn(["skill", "history", "pdf", "--json"]).json();
    let version = &shown["versions"][0];
    assert_eq!((&version["approved"], &version["partial"]), (&true.into(), &true.into()), "{shown}");
    assert!(project.cfn(["skill", "show", "pdf"]).ok().contains("only SKILL.md is approved"));
    project.cfn(["skill", "approve", "pdf", "--approver", "ann", "--reason", "read"]).ok();
    assert!(!project.cfn(["skill", "show", "pdf"]).ok().contains("only SKILL.md is approved"));
    assert_eq!(project.sqlite3("SELECT count(*), count(folder_hash) FROM approval_history"), "2|1");
}

#[test]
fn files_beside_a_skill_file_that_changed_since_are_not_stored() {
    let project = Project::new();
    recorded_by_an_old_program(&project, "pdf", "Other text.");
    skill_with_files(&project, "pdf");
    let report = project.cfn(["db", "capture", "--json"]).json();
    assert_eq!(report["left"][0]["reason"], "changed since approval", "{report}");
    assert_eq!(
        project.sqlite3("SELECT (SELECT count(*) FROM skill_files) + (SELECT count(*) FROM skill_contents)"),
        "0"
    );
}

#[test]
fn files_that_cannot_be_taken_are_left_and_named() {
    let project = Project::new();
    recorded_by_an_old_program(&project, "pdf", &skill_text("pdf", "Run scripts/run.sh."));
    skill_with_files(&project, "pdf");
    symlink("/etc/passwd", project.path().join("skills/pdf/link")).expect("a link");
    let text = project.cfn(["db", "capture"]).ok();
    assert!(text.contains("pdf: stored without the files beside it: "), "{text}");
    assert!(text.contains("link: it is a link that leaves the skill's folder"), "{text}");
    assert_eq!(
        project.sqlite3("SELECT (SELECT count(*) FROM skill_files) || ' ' || (SELECT count(*) FROM skill_contents)"),
        "0 1"
    );
}
