//! `--check`: the kinds of differences.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{differences, export, tree, with_skills};
use crate::harness::Project;

const DEV: [&str; 4] = ["--agent", "dev", "--layout", "claude"];

fn one(path: &str, state: &str) -> Vec<(String, String)> {
    vec![(format!(".claude/skills/{path}"), state.to_owned())]
}

fn exported() -> Project {
    let project = with_skills();
    export(&project, &DEV).ok();
    project
}

#[test]
fn nothing_differs_right_after_an_export_and_all_is_missing_before() {
    let project = with_skills();
    assert_eq!(differences(&project, &DEV), [one("jwt", "missing"), one("pdf", "missing")].concat());
    assert!(!project.path().join("out").exists(), "a check creates nothing");
    export(&project, &DEV).ok();
    assert_eq!(differences(&project, &DEV), []);
    let text = export(&project, &[&DEV[..], &["--check"]].concat()).ok();
    assert_eq!(text, "2 folders checked, 0 differences\n");
}

#[test]
fn each_change_of_a_file_is_seen() {
    type Change = fn(&std::path::Path);
    let changes: [(&str, Change); 7] = [
        ("scripts/run.sh differs", |skill| fs::write(skill.join("scripts/run.sh"), "x").expect("a file")),
        ("scripts/run.sh has another mode", |skill| {
            fs::set_permissions(skill.join("scripts/run.sh"), fs::Permissions::from_mode(0o644)).expect("a mode");
        }),
        ("notes a.md is missing", |skill| fs::remove_file(skill.join("notes a.md")).expect("it goes")),
        ("x/__pycache__/a.pyc was added", |skill| {
            fs::create_dir_all(skill.join("x/__pycache__")).expect("folders");
            fs::write(skill.join("x/__pycache__/a.pyc"), "").expect("a file");
        }),
        ("notes a.md is a link", |skill| {
            fs::remove_file(skill.join("notes a.md")).expect("it goes");
            symlink("/etc/passwd", skill.join("notes a.md")).expect("a link");
        }),
        ("scripts is a link", |skill| {
            fs::rename(skill.join("scripts"), skill.join("moved")).expect("it moves");
            symlink("moved", skill.join("scripts")).expect("a link");
        }),
        ("pipe is not a regular file", |skill| {
            let mode = rustix::fs::Mode::RUSR;
            rustix::fs::mknodat(rustix::fs::CWD, skill.join("pipe"), rustix::fs::FileType::Fifo, mode, 0)
                .expect("a pipe");
        }),
    ];
    for (reason, change) in changes {
        let project = exported();
        let skill = project.path().join("out/.claude/skills/jwt");
        let before = tree(&skill);
        change(&skill);
        assert_eq!(differences(&project, &DEV), one("jwt", "changed"), "{reason}");
        let ran = export(&project, &[&DEV[..], &["--check"]].concat());
        assert!(ran.code == Some(7) && ran.stdout.contains(reason), "{reason}: {ran:?}");
        export(&project, &DEV).ok();
        assert_eq!(tree(&skill), before, "{reason}");
        assert_eq!(differences(&project, &DEV), [], "{reason}");
    }
}

#[test]
fn older_revoked_and_foreign_folders_are_seen() {
    let project = exported();
    let path = project.skill("pdf", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "pdf", "1.0.1", &path]).ok();
    assert_eq!(differences(&project, &DEV), one("pdf", "older"));
    export(&project, &DEV).ok();
    project.cfn(["skill", "archive", "jwt"]).ok();
    assert_eq!(differences(&project, &DEV), one("jwt", "revoked"));
    export(&project, &DEV).ok();
    project.file("out/.claude/skills/own/SKILL.md", "Mine.");
    symlink("/tmp", project.path().join("out/.claude/skills/link")).expect("a link");
    assert_eq!(differences(&project, &DEV), [one("link", "foreign"), one("own", "foreign")].concat());
    let ran = export(&project, &DEV);
    assert!(ran.code == Some(0) && ran.stderr.contains("cfn did not write .claude/skills/own: it stays"), "{ran:?}");
    assert!(project.path().join("out/.claude/skills/own/SKILL.md").exists());
}

#[test]
fn a_check_sees_what_pruning_would_remove_only_if_asked() {
    let project = exported();
    project.cfn(["skill", "unassign", "jwt", "--agent", "dev"]).ok();
    assert_eq!(differences(&project, &DEV), []);
    assert_eq!(differences(&project, &[&DEV[..], &["--prune"]].concat()), one("jwt", "unmapped"));
}

#[test]
fn an_agent_type_that_nothing_is_mapped_to_is_named_with_the_nearest() {
    let project = with_skills();
    let ran = export(&project, &["--agent", "deb"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("no skill is mapped to agent type \"deb\""), "{ran:?}");
}
