//! A record of exports that somebody else wrote.

use std::fs;
use std::os::unix::fs::symlink;

use super::{entries, export, tree, with_skills};
use crate::harness::Project;

/// A project with an export, and folders in it and beside it that are nobody's business.
fn exported() -> Project {
    let project = with_skills();
    export(&project, &["--agent", "dev"]).ok();
    project.file("out/src/main.rs", "Precious.");
    project.file("out/own/SKILL.md", "Mine.");
    project.file("outside/SKILL.md", "Precious.");
    project
}

fn record(project: &Project) -> serde_json::Value {
    let text = fs::read(project.path().join("out/cfn-export.lock")).expect("the record");
    serde_json::from_slice(&text).expect("JSON")
}

fn forge(project: &Project, record: &serde_json::Value) {
    project.file("out/cfn-export.lock", record.to_string());
}

#[test]
fn a_path_that_is_not_that_of_a_skill_spoils_the_record_and_moves_nothing() {
    for (path, skill, layout) in [
        ("../outside", "outside", "plain"),
        ("/etc", "etc", "plain"),
        ("..", "..", "plain"),
        (".", ".", "plain"),
        ("", "", "plain"),
        ("jwt/scripts", "scripts", "plain"),
        ("own", "jwt", "plain"),
        (".claude/skills/../../../outside", "../../../outside", "claude"),
        (".cfn-quarantine", ".cfn-quarantine", "plain"),
        ("a b", "a b", "plain"),
        ("jwt\u{0}", "jwt\u{0}", "plain"),
    ] {
        let project = exported();
        let mut forged = record(&project);
        let entry = &mut forged["skills"][0];
        (entry["path"], entry["skill"], entry["layout"]) = (path.into(), skill.into(), layout.into());
        forge(&project, &forged);
        let before = tree(project.path().join("out").as_path());
        for args in
            [&["--agent", "dev"][..], &["--agent", "dev", "--check"], &["--agent", "ops", "--prune", "--dry-run"]]
        {
            project.fails_as(["export", "out"].iter().chain(args), 7, "export_record_refused");
        }
        assert_eq!(tree(project.path().join("out").as_path()), before, "{path}");
        assert!(project.path().join("outside/SKILL.md").exists());
    }
}

#[test]
fn garbage_and_what_is_no_file_spoil_the_record() {
    let project = exported();
    let lock = project.path().join("out/cfn-export.lock");
    for garbage in [&b""[..], b"null", b"\xff\xfe", b"{\"format\":1}", &vec![b'['; 1 << 20]] {
        fs::write(&lock, garbage).expect("a file");
        project.fails_as(["export", "out", "--all"], 7, "export_record_refused");
    }
    let huge = fs::File::create(&lock).expect("a file");
    huge.set_len(1 << 40).expect("a sparse file");
    project.fails_as(["export", "out", "--all"], 7, "export_record_refused");
    fs::remove_file(&lock).expect("it goes");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &lock, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    project.fails_as(["export", "out", "--all"], 7, "export_record_refused");
    fs::remove_file(&lock).expect("it goes");
    symlink(project.path().join("outside/SKILL.md"), &lock).expect("a link");
    project.fails_as(["export", "out", "--all"], 7, "export_record_refused");
    fs::remove_file(&lock).expect("it goes");
    let report = export(&project, &["--agent", "dev", "--json"]).json();
    assert_eq!((&report["unchanged"], &report["foreign"]), (&2.into(), &serde_json::json!(["own"])), "taken over");
}

#[test]
fn entries_for_what_is_no_skill_of_the_database_touch_nothing() {
    let project = exported();
    let mut forged = record(&project);
    for name in ["own", "src"] {
        let mut entry = forged["skills"][1].clone();
        (entry["path"], entry["skill"]) = (name.into(), name.into());
        forged["skills"].as_array_mut().expect("a list").push(entry);
    }
    forge(&project, &forged);
    let report = export(&project, &["--agent", "dev", "--prune", "--json"]).json();
    assert_eq!(report["removed"], serde_json::json!([]));
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "jwt", "own", "pdf", "src"]);
    assert!(!record(&project).to_string().contains("own"), "the entries are dropped");
}

#[test]
fn an_entry_for_a_real_skill_destroys_nothing() {
    let project = exported();
    // `sql` is a skill, and this folder is somebody's own; `src` was the name of a skill once.
    project.file("out/sql/SKILL.md", "Mine.");
    project.file("out/sql/more", "Mine.");
    let path = project.file("s/SKILL.md", "---\nname: src\ndescription: d\n---\nx").to_string_lossy().into_owned();
    project.cfn(["deploy", "1", "src", &path, "domain"]).ok();
    project.cfn(["skill", "delete", "src", "--yes", "--approver", "me"]).ok();
    let mut forged = record(&project);
    for name in ["sql", "src"] {
        let mut entry = forged["skills"][1].clone();
        (entry["path"], entry["skill"]) = (name.into(), name.into());
        forged["skills"].as_array_mut().expect("a list").push(entry);
    }
    forge(&project, &forged);
    project.cfn(["skill", "archive", "sql"]).ok();
    let ran = export(&project, &["--agent", "dev"]);
    assert!(ran.code == Some(7) && ran.stderr.contains("src: it has no SKILL.md"), "{ran:?}");
    let out = project.path().join("out");
    assert_eq!(tree(&out.join("src")), ["main.rs 644 Precious."]);
    assert_eq!(tree(&out.join(".cfn-quarantine/sql.1")), ["SKILL.md 644 Mine.", "more 644 Mine."]);
}

#[test]
fn a_record_of_another_database_is_refused() {
    let (project, other) = (exported(), with_skills());
    fs::rename(project.path().join("out"), other.path().join("out")).expect("it moves");
    let error = other.fails_as(["export", "out", "--agent", "dev"], 7, "export_record_refused");
    assert!(error["message"].to_string().contains("another database"), "{error}");
}
