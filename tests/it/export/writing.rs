//! What is written, and how.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::{entries, export, tree, with_skills};
use crate::harness::Project;
use crate::scene::{attach, deploy, skill_text};

#[test]
fn every_file_of_the_served_version_is_written_with_its_mode() {
    let project = with_skills();
    let report = export(&project, &["--agent", "dev", "--json"]).json();
    assert_eq!(report["written"][0]["path"], "jwt");
    assert_eq!(report["written"][0]["files"], 4);
    assert_eq!(report["written"][1]["skill"], "pdf");
    let out = project.path().join("out");
    assert_eq!(entries(&out), ["cfn-export.lock", "jwt", "pdf"]);
    assert_eq!(
        tree(&out.join("jwt")),
        [
            format!("SKILL.md 644 {}", skill_text("jwt", "Tokens.")),
            "notes a.md 644 Notes.".to_owned(),
            "scripts/data.bin 644 \u{0}\u{fffd}\u{0}".to_owned(),
            "scripts/run.sh 755 #!/bin/sh\necho run\n".to_owned(),
        ]
    );
    let again = export(&project, &["--agent", "dev", "--json"]).json();
    assert_eq!((&again["written"], &again["unchanged"]), (&json!([]), &json!(2)));
}

#[test]
fn each_layout_has_its_place() {
    let project = with_skills();
    for (layout, place) in [("plain", "pdf"), ("agents", ".agents/skills/pdf"), ("claude", ".claude/skills/pdf")] {
        export(&project, &["--agent", "ops", "--layout", layout]).ok();
        assert!(project.path().join("out").join(place).join("SKILL.md").is_file(), "{layout}");
    }
    let ran = export(&project, &["--all", "--layout", "claude"]);
    assert!(ran.stderr.contains("GitHub Copilot and OpenCode read both"), "{}", ran.stderr);
    let error = project.fails_as(["export", "out", "--all", "--layout", "codex"], 1, "invalid_arguments");
    assert!(error["message"].to_string().contains("plain, agents or claude"), "{error}");
}

#[test]
fn the_same_database_gives_the_same_bytes_whatever_the_order_and_the_umask() {
    let project = with_skills();
    let out = |name: &str| project.path().join(name);
    for (folder, selections) in
        [("a", [["--agent", "dev"], ["--agent", "ops"]]), ("b", [["--agent", "ops,dev"], ["--agent", "dev"]])]
    {
        for selection in selections {
            project.cfn(["export", folder].iter().chain(&selection)).ok();
        }
    }
    assert_eq!(tree(&out("a")), tree(&out("b")));
    for umask in ["000", "077"] {
        let mut shell = std::process::Command::new("sh");
        let script = format!("umask {umask}; exec \"$0\" export m{umask} --agent dev,ops");
        let status = shell.arg("-c").arg(script).arg(crate::harness::binary()).current_dir(project.path()).status();
        assert!(status.expect("it runs").success());
        assert_eq!(tree(&out("a")), tree(&out(&format!("m{umask}"))));
        let mode = fs::metadata(out(&format!("m{umask}/jwt/scripts"))).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}

#[test]
fn another_version_replaces_the_folder_and_nothing_of_the_old_one_stays() {
    let project = with_skills();
    export(&project, &["--agent", "dev"]).ok();
    let path = project.skill("jwt", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "jwt", "1.0.1", &path]).ok();
    attach(&project, "jwt", "1.0.1", &[("other/x", "100644", b"x")], true);
    let report = export(&project, &["--agent", "dev", "--json"]).json();
    assert_eq!((&report["written"][0]["version"], &report["written"][0]["was"]), (&json!("1.0.1"), &json!("older")));
    let text = format!("SKILL.md 644 {}", skill_text("jwt", "Newer."));
    assert_eq!(tree(&project.path().join("out/jwt")), [text, "other/x 644 x".to_owned()]);
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "jwt", "pdf"], "no quarantine");
}

#[test]
fn a_version_that_is_not_approved_is_not_exported() {
    let project = with_skills();
    let path = project.skill("pdf", "Not good.").to_string_lossy().into_owned();
    project.cfn(["update", "pdf", "1.0.1", &path]).ok();
    project.cfn(["skill", "reject", "pdf", "--approver", "me", "--reason", "bad"]).ok();
    project.cfn(["skill", "reject", "jwt", "--approver", "me", "--reason", "bad"]).ok();
    let ran = export(&project, &["--agent", "dev"]);
    assert!(ran.stderr.contains("left out jwt: no version of it is approved"), "{ran:?}");
    let text = fs::read_to_string(project.path().join("out/pdf/SKILL.md")).expect("the file");
    assert!(ran.code == Some(0) && text.contains("Pages."), "{text}");
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "pdf"]);
}

#[test]
fn skill_md_goes_alone_where_only_that_is_approved() {
    let project = with_skills();
    attach(&project, "pdf", "1.0.0", &[("evil.sh", "100755", b"rm")], false);
    let ran = export(&project, &["--agent", "dev"]);
    assert!(ran.stderr.contains("only SKILL.md is approved") && ran.stderr.contains("pdf"), "{}", ran.stderr);
    assert_eq!(entries(&project.path().join("out/pdf")), ["SKILL.md"]);
}

#[test]
fn a_damaged_skill_is_named_and_all_others_are_written() {
    let project = with_skills();
    project.sqlite3("UPDATE skill_contents SET bytes = 'other' WHERE hash IN (SELECT hash FROM skill_files WHERE path = 'scripts/run.sh')");
    let ran = export(&project, &["--agent", "dev"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("jwt: the bytes of scripts/run.sh are not the approved ones"), "{}", ran.stderr);
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "pdf"]);
    project.sqlite3("DELETE FROM skill_files WHERE path = 'scripts/run.sh'");
    let ran = export(&project, &["--agent", "dev", "--prune"]);
    assert!(ran.code == Some(7) && ran.stderr.contains("do not match its folder hash"), "{ran:?}");
}

#[test]
fn unfit_names_are_exported_with_a_note_and_twins_are_not() {
    let project = Project::new();
    for name in ["Odd_Name", "twin", "Twin"] {
        let path = project.file(&format!("src/{name}/SKILL.md"), skill_text(name, "x")).to_string_lossy().into_owned();
        project.cfn(["deploy", "1", name, &path, "domain", "dev"]);
    }
    let ran = export(&project, &["--agent", "dev"]);
    assert!(ran.stderr.contains("Odd_Name"), "{}", ran.stderr);
    assert!(project.path().join("out/Odd_Name/SKILL.md").is_file());
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_be_written() {
    let project = with_skills();
    let report = export(&project, &["--agent", "dev", "--dry-run", "--json"]).json();
    assert_eq!((&report["dry_run"], report["written"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    assert!(!project.path().join("out").exists());
    let text = export(&project, &["--all", "--dry-run"]).ok();
    assert!(text.ends_with("dry run: 3 skills written, 0 removed, 0 unchanged\n"), "{text}");
}

#[test]
fn pins_and_replacements_are_those_of_load() {
    let project = with_skills();
    let path = project.skill("pdf", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "pdf", "1.0.1", &path]).ok();
    project.cfn(["skill", "pin", "pdf", "1.0.0", "--agent", "ops"]).ok();
    let ran = export(&project, &["--agent", "ops"]);
    let text = |name: &str| fs::read_to_string(project.path().join("out").join(name).join("SKILL.md")).expect("a file");
    assert!(ran.code == Some(0) && text("pdf").contains("Pages."));
    let ran = export(&project, &["--agent", "dev,ops"]);
    assert!(text("pdf").contains("Newer.") && ran.stderr.contains("pdf is pinned at 1.0.1 and 1.0.0"), "{ran:?}");
    deploy(&project, "tokens", "In its place.", &["domain"]);
    project.cfn(["skill", "deprecate", "jwt", "--replacement", "tokens"]).ok();
    export(&project, &["--agent", "dev"]).ok();
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "pdf", "sql", "tokens"]);
}
