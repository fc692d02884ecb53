//! `cfn skill verify`: stored bytes against hashes, files against what was approved.

use std::fs;

use crate::harness::{Project, cfn_in};
use crate::scene::{deploy, path_of, with_skill};

fn differences(project: &Project, expected: &[&str]) {
    let ran = project.cfn(["skill", "verify"]);
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    let last = lines.pop().expect("a last line");
    let plural = if expected.len() == 1 { "" } else { "s" };
    assert!(last.ends_with(&format!(", {} difference{plural}", expected.len())), "{ran:?}");
    assert_eq!(lines, expected);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(if expected.is_empty() { 0 } else { 7 }), ""));
}

#[test]
fn a_new_deployment_has_no_differences() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    differences(&project, &[]);
    let json = project.cfn(["skill", "verify", "--json"]).json();
    assert_eq!(json, serde_json::json!({"checked": 1, "differences": []}));
}

#[test]
fn reports_changed_and_missing_files() {
    let project = with_skill("changed", "domain", "dev");
    deploy(&project, "gone", "Body.", &[]);
    deploy(&project, "kept", "Body.", &[]);
    project.skill("changed", "Edited.");
    fs::remove_file(project.path().join(path_of("gone"))).expect("removed");
    differences(
        &project,
        &[
            "changed 1.0.0: its file changed since its approval (.claude/skills/changed/SKILL.md)",
            "gone 1.0.0: its file is missing (.claude/skills/gone/SKILL.md)",
        ],
    );
    assert_eq!(project.cfn(["skill", "verify", "kept"]).ok(), "1 skill checked, 0 differences\n");
    let one = project.cfn(["skill", "verify", "gone", "--json"]);
    assert_eq!((one.code, one.stdout.contains("\"name\":\"gone\"")), (Some(7), true), "{one:?}");
    project.cfn(["deploy", "1", "changed", &path_of("changed")]).ok();
    project.skill("gone", "Body.");
    differences(&project, &[]);
}

#[test]
fn reports_damaged_and_missing_content_of_any_version() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    project.sqlite3(
        "UPDATE skill_contents SET bytes = 'x' WHERE hash = (SELECT content_hash FROM skill_versions WHERE version = '1.0.0')",
    );
    differences(&project, &["jwt 1.0.0: its stored bytes do not match its hash"]);
    project.sqlite3("DELETE FROM skill_contents");
    differences(&project, &["jwt 1.0.1: its bytes are not in the database"]);
}

#[test]
fn names_a_row_that_disagrees_with_its_record() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("UPDATE skills SET content_hash = 'none'");
    let ran = project.cfn(["skill", "verify"]);
    assert_eq!(ran.code, Some(7));
    assert!(ran.stdout.contains("jwt 1.0.0: its row has another hash than the record of its version"), "{ran:?}");
}

#[test]
fn works_from_any_folder() {
    let project = with_skill("jwt", "domain", "dev");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = cfn_in(elsewhere.path());
    let output = command.args(["skill", "verify", "--db"]).arg(project.database()).output().expect("cfn runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 skill checked, 0 differences\n", "{output:?}");
}

#[test]
fn a_file_of_another_kind_in_its_place_is_named_and_does_not_hang() {
    let project = with_skill("jwt", "domain", "dev");
    let path = project.path().join(path_of("jwt"));
    fs::remove_file(&path).expect("removed");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|it| it.success()));
    let ran = project.cfn(["skill", "verify"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("is not a regular file"), "{ran:?}");
}

/// Three bootstrap skills with files: recorded, not recorded, and disabled.
fn bootstrap() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    for name in ["base", "bare", "off"] {
        project.file(&format!("boot/{name}.md"), format!("{name}."));
    }
    project.sqlite3(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('base', 'boot/base.md', 1, 'x')",
    );
    project.cfn(["db", "capture", "--bootstrap"]).ok();
    project.sqlite3(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, enabled)
           VALUES ('bare', 'boot/bare.md', 2, 'x', 1), ('off', 'boot/off.md', 3, 'x', 0)",
    );
    project
}

#[test]
fn bootstrap_skills_are_checked_like_others() {
    let project = bootstrap();
    let bare = "bare: bootstrap skill: no hash of its bytes is recorded";
    differences(&project, &[bare]);
    assert_eq!(project.cfn(["skill", "verify", "base"]).ok(), "1 skill checked, 0 differences\n");
    project.file("boot/base.md", "Edited.");
    fs::remove_file(project.path().join("boot/bare.md")).expect("removed");
    let changed = "base: bootstrap skill: its file changed since its approval (boot/base.md)";
    let gone = format!("{bare}, and its file is missing (boot/bare.md)");
    differences(&project, &[changed, &gone]);
    assert_eq!(project.cfn(["skill", "verify", "base"]).code, Some(7));
    fs::remove_file(project.path().join("boot/base.md")).expect("removed");
    project.sqlite3("UPDATE skill_contents SET bytes = 'other' WHERE bytes = CAST('base.' AS BLOB)");
    let lost = "base: bootstrap skill: its file is missing (boot/base.md)";
    differences(&project, &["base: bootstrap skill: its stored bytes do not match its hash", lost, &gone]);
    project.sqlite3("DELETE FROM skill_contents WHERE bytes = 'other'");
    differences(&project, &["base: bootstrap skill: its bytes are not in the database", lost, &gone]);
    let check = project.cfn(["db", "check"]);
    assert!(check.code == Some(0) && check.stdout.contains(&format!("warning: {lost}\n")), "{check:?}");
    project.sqlite3("UPDATE bootstrap_skills SET enabled = 0");
    differences(&project, &[]);
}

#[test]
fn a_name_that_two_kinds_of_skills_have_is_checked_in_both() {
    let project = bootstrap();
    project.sqlite3("UPDATE bootstrap_skills SET skill_name = 'jwt' WHERE skill_name = 'bare'");
    let ran = project.cfn(["skill", "verify", "jwt"]);
    assert_eq!(ran.code, Some(7));
    assert_eq!(ran.stdout, "jwt: bootstrap skill: no hash of its bytes is recorded\n2 skills checked, 1 difference\n");
    assert!(project.cfn(["skill", "verify", "off"]).fails(4).contains("off"));
}
