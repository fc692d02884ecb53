//! `cfn init --from` with folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use super::{files, make_executable, skill_with_files, unstored};
use crate::harness::Project;
use crate::scene::skill_text;

#[track_caller]
fn import(project: &Project, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", "skills", "--json"];
    args.extend(more);
    project.cfn(args).json()
}

fn counts(report: &Value) -> [u64; 5] {
    let changed = report["changed"].as_array().map_or(0, Vec::len) as u64;
    let count = |field: &str| report[field].as_u64().unwrap_or_default();
    [count("imported"), count("unchanged"), count("updated"), changed, count("other_files")]
}

/// The warnings about files that were left, by path.
fn left(report: &Value) -> Vec<(String, String)> {
    let text = |it: &Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
    let all = report["warnings"].as_array().expect("a list").iter().map(|it| (text(it, "path"), text(it, "reason")));
    all.filter_map(|(path, why)| Some((path, why.strip_prefix("only SKILL.md is taken: ")?.to_owned()))).collect()
}

#[test]
fn folders_are_imported_with_their_files_and_a_second_import_changes_nothing() {
    for exists in [false, true] {
        let project = if exists { Project::new() } else { Project::empty() };
        skill_with_files(&project, "pdf");
        project.file("skills/plain/SKILL.md", skill_text("plain", "Body."));
        project.file("skills/pdf/skills/inner/SKILL.md", skill_text("inner", "Body."));
        project.file("skills/pdf/skills/inner/inner.txt", "x");
        project.file("skills/pdf/.cfnignore", "*.log\n");
        project.file("skills/pdf/a.log", "x");
        let report = import(&project, &[]);
        assert_eq!(counts(&report), [3, 0, 0, 0, 3], "{report}");
        assert_eq!(files(&project, "pdf", "1.0.0"), ["100644 SKILL.md", "100644 notes.txt", "100755 scripts/run.sh"]);
        assert_eq!(files(&project, "inner", "1.0.0"), ["100644 SKILL.md", "100644 inner.txt"]);
        assert!(files(&project, "plain", "1.0.0").is_empty());
        assert_eq!(unstored(&project), "0");
        let report = import(&project, &[]);
        assert_eq!(counts(&report), [0, 3, 0, 0, 0], "{report}");
    }
}

#[test]
fn each_kind_of_change_is_seen_and_imported_only_as_an_update() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    import(&project, &[]);
    let at = |path: &str| project.path().join("skills/pdf").join(path);
    let changes: [&dyn Fn(); 6] = [
        &|| drop(project.file("skills/pdf/scripts/run.sh", "#!/bin/sh\necho 2\n")),
        &|| drop(project.file("skills/pdf/added", "x")),
        &|| make_executable(&project, "skills/pdf/added"),
        &|| fs::remove_file(at("added")).expect("removed"),
        &|| symlink("notes.txt", at("link")).expect("a link"),
        &|| fs::set_permissions(at("SKILL.md"), fs::Permissions::from_mode(0o755)).expect("permissions"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        change();
        let report = import(&project, &[]);
        assert_eq!(counts(&report)[..4], [0, 0, 0, 1], "{number}: {report}");
        let reason = report["changed"][0]["reason"].as_str().unwrap_or_default();
        assert!(reason.ends_with("in the database has other files beside it"), "{reason}");
        let report = import(&project, &["--update"]);
        assert_eq!(counts(&report)[..4], [0, 0, 1, 0], "{number}: {report}");
        let report = import(&project, &["--update"]);
        assert_eq!(counts(&report), [0, 1, 0, 0, 0], "{number}: {report}");
    }
    assert_eq!(project.sqlite3("SELECT version FROM skills"), "1.0.6");
    fs::remove_file(at("link")).expect("removed");
    symlink("/etc/passwd", at("link")).expect("a link");
    let report = import(&project, &["--update"]);
    assert_eq!(
        left(&report),
        [("pdf/SKILL.md".to_owned(), "link: it is a link that leaves the skill's folder".to_owned())]
    );
    assert_eq!(counts(&report), [0, 0, 1, 0, 0], "{report}");
    assert_eq!(unstored(&project), "0");
}

#[test]
fn what_cannot_be_taken_is_left_with_a_warning_and_the_skill_is_imported_alone() {
    let project = Project::empty();
    for name in ["link", "pipe", "many", "large", "twins", "ignored", "both", "name"] {
        project.file(&format!("skills/{name}/SKILL.md"), skill_text(name, "Body."));
        project.file(&format!("skills/{name}/beside"), "x");
    }
    let at = |path: &str| project.path().join("skills").join(path);
    symlink("../pipe/beside", at("link/out")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(at("pipe/pipe")).status().is_ok_and(|it| it.success()));
    for number in 0..600 {
        project.file(&format!("skills/many/{number}"), "x");
    }
    for number in 0..3 {
        project.file(&format!("skills/large/{number}"), vec![0; 6 * 1024 * 1024]);
    }
    project.file("skills/twins/BESIDE", "x");
    project.file("skills/ignored/deep/.cfnignore", "x\n".repeat(20_000));
    project.file("skills/both/skill.md", skill_text("both", "Body."));
    project.file("skills/name/a\nb", "x");
    let report = import(&project, &[]);
    assert_eq!(
        (&report["imported"], &report["copies"], &report["other_files"]),
        (&8.into(), &1.into(), &0.into()),
        "{report}"
    );
    let expected = [
        ("both/SKILL.md", "its folder has another skill file"),
        ("ignored/SKILL.md", "deep/.cfnignore: it has more than 16384 bytes"),
        ("large/SKILL.md", "the files of the folder have more than 16777216 bytes together"),
        ("link/SKILL.md", "out: it is a link that leaves the skill's folder"),
        ("many/SKILL.md", "the folder has more than 512 files"),
        ("name/SKILL.md", "a\\nb: its path has control characters"),
        ("pipe/SKILL.md", "pipe: it is not a regular file"),
        ("twins/SKILL.md", "\"beside\" and \"BESIDE\" cannot both exist on every file system"),
    ];
    let left = left(&report);
    let found: Vec<_> = left.iter().map(|(path, why)| (path.as_str(), why.as_str())).collect();
    assert_eq!(found, expected);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_files"), "0");
    let again = import(&project, &[]);
    assert_eq!(counts(&again), [0, 8, 0, 0, 0], "{again}");
}

#[test]
fn large_folders_are_taken_one_at_a_time() {
    let project = Project::empty();
    for number in 0..5 {
        let name = format!("big-{number}");
        project.file(&format!("skills/{name}/SKILL.md"), skill_text(&name, "Body."));
        project.file(&format!("skills/{name}/data"), vec![number; 3 * 1024 * 1024]);
        project.file(&format!("skills/{name}/more"), "x");
    }
    assert_eq!(counts(&import(&project, &[])), [5, 0, 0, 0, 10]);
    assert_eq!(unstored(&project), "0");
    assert_eq!(counts(&import(&project, &[])), [0, 5, 0, 0, 0]);
    project.file("skills/big-3/data", vec![9; 3 * 1024 * 1024]);
    assert_eq!(counts(&import(&project, &["--update"])), [0, 4, 1, 0, 2]);
}

#[test]
fn copies_are_copies_only_with_the_same_files() {
    let project = Project::empty();
    for folder in ["a/pdf", "b/pdf", "c/pdf"] {
        project.file(&format!("skills/{folder}/SKILL.md"), skill_text("pdf", "Body."));
        project.file(&format!("skills/{folder}/run.sh"), if folder == "c/pdf" { "2" } else { "1" });
    }
    let report = import(&project, &[]);
    assert_eq!((&report["imported"], &report["copies"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["refused"][0]["kind"], "same_name", "{report}");
}

#[test]
fn the_root_of_a_project_and_what_cfn_exported_are_not_taken() {
    let project = Project::empty();
    project.file("skills/SKILL.md", skill_text("skills", "Body."));
    project.file("skills/package.json", "{}");
    project.file("skills/inner/SKILL.md", skill_text("inner", "Body."));
    project.file("skills/inner/package.json", "{}");
    project.file("skills/out/SKILL.md", skill_text("out", "Body."));
    let lock = r#"{"format":1,"skills":[{"path":"out","skill":"out"}]}"#;
    project.file("skills/cfn-export.lock", lock);
    let report = import(&project, &["--nested"]);
    assert_eq!(counts(&report), [2, 0, 0, 0, 1], "{report}");
    assert_eq!(left(&report)[0].1, "package.json marks its folder as a project's root");
    let skipped = report["skipped"].as_array().expect("a list");
    assert!(skipped.iter().any(|it| it["reason"] == "exported by cfn"), "{report}");
}
