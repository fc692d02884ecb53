//! `cfn skill revoke`, `cfn skill purge` and documents in YAML: the files of folders.

use serde_json::Value;

use crate::harness::Project;
use crate::scene::{attach, deploy, path_of, sha256, with_skill};

const RUN: &[u8] = b"#!/bin/sh\necho token\n";
const SHARED: &[u8] = b"shared\n";
const ICON: &[u8] = b"\x89PNG\0\n";

/// `jwt` with two versions, and `sql`; all have the file `shared.txt`, and both versions of `jwt` have a script.
fn fleet() -> Project {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Query it.", &["testing", "dev"]);
    project.skill("jwt", "Second.");
    project.cfn(["update", "jwt", "1.0.1", &path_of("jwt"), "patch", "true"]).ok();
    project.sqlite3("DELETE FROM skill_files");
    let (run, shared) = (("scripts/run.sh", "100755", RUN), ("shared.txt", "100644", SHARED));
    attach(&project, "jwt", "1.0.0", &[run, shared, ("icon.png", "100644", ICON)], true);
    attach(&project, "jwt", "1.0.1", &[run, shared], true);
    attach(&project, "sql", "1.0.0", &[shared], true);
    project
}

fn stored(project: &Project, bytes: &[u8]) -> bool {
    project.sqlite3(&format!("SELECT count(*) FROM skill_contents WHERE hash = '{}'", sha256(bytes))) == "1"
}

fn versions_in(report: &Value, key: &str) -> Vec<String> {
    let all = report[key].as_array().expect("a list").iter();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    all.map(|it| format!("{} {}", text(it, "name"), text(it, "version"))).collect()
}

#[test]
fn the_hash_of_a_file_revokes_every_version_that_has_it() {
    let project = fleet();
    let revoke = |hash: &str, more: &[&str]| {
        let args = ["skill", "revoke", "--hash", hash, "--reason", "bad", "--approver", "ann", "--json"];
        project.cfn(args.iter().chain(more).copied())
    };
    let script = revoke(&sha256(RUN), &["--dry-run"]).json();
    assert_eq!(versions_in(&script, "revoked"), ["jwt 1.0.0", "jwt 1.0.1"]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM cfn_events WHERE event = 'revoked'"), "0");
    let shared = revoke(&sha256(SHARED), &[]).json();
    assert_eq!(versions_in(&shared, "revoked"), ["jwt 1.0.0", "jwt 1.0.1", "sql 1.0.0"]);
    let told = project.sqlite3(
        "SELECT group_concat(skill, ' ') FROM (SELECT skill FROM cfn_events WHERE event = 'revoked' ORDER BY 1)",
    );
    assert_eq!(told, "jwt sql");
    assert_eq!(project.cfn(["load", "dev", "--format", "names"]).stdout, "");
}

#[test]
fn a_folder_hash_revokes_that_folder_alone() {
    let project = fleet();
    let hash = project.sqlite3("SELECT folder_hash FROM skill_versions WHERE version = '1.0.1'");
    let args = ["skill", "revoke", "--hash", &hash, "--reason", "bad", "--approver", "ann", "--json"];
    assert_eq!(versions_in(&project.cfn(args).json(), "revoked"), ["jwt 1.0.1"]);
    let served = project.cfn(["load", "dev", "--json"]).json();
    let jwt = served["skills"].as_array().expect("a list").iter().find(|it| it["name"] == "jwt");
    assert_eq!(jwt.map(|it| &it["version"]), Some(&"1.0.0".into()), "{served}");
}

#[test]
fn an_unknown_hash_is_refused() {
    let project = fleet();
    let hash = sha256("nowhere");
    let args = ["skill", "revoke", "--hash", &hash, "--reason", "bad", "--approver", "ann", "--json"];
    project.cfn(args).fails_as(4, "hash_not_found");
    project.cfn(["skill", "revoke", "jwt", "--hash", &hash, "--reason", "bad"]).fails(1);
    project.cfn(["skill", "revoke", "--hash", "abc", "--reason", "bad"]).fails(1);
}

#[test]
fn a_purge_takes_the_files_that_no_other_version_has() {
    let project = fleet();
    let purge = ["skill", "purge", "jwt", "1.0.0", "--yes", "--reason", "a secret", "--approver", "ann"];
    let report = project.cfn(purge.iter().chain(&["--json"]).copied()).json();
    assert_eq!(report["files"][0]["path"], "icon.png", "{report}");
    let kept: Vec<_> = report["kept"].as_array().expect("a list").iter().map(|it| &it["path"]).collect();
    assert_eq!(kept, ["scripts/run.sh", "shared.txt"], "{report}");
    assert_eq!([ICON, RUN, SHARED].map(|it| stored(&project, it)), [false, true, true]);
    assert_eq!(project.cfn(["load", "dev", "--format", "names"]).ok(), "jwt\nsql\n", "the other version is served");
    let verified = project.cfn(["skill", "verify", "--json"]);
    assert!(!verified.stdout.contains("icon.png"), "an erased file is no difference: {verified:?}");
    project.cfn(["db", "check"]).ok();
}

#[test]
fn one_file_is_purged_wherever_it_is() {
    let project = fleet();
    let purge = [
        "skill",
        "purge",
        "jwt",
        "1.0.1",
        "--file",
        "shared.txt",
        "--yes",
        "--reason",
        "a secret",
        "--approver",
        "ann",
    ];
    let text = project.cfn(purge).ok();
    assert!(text.contains("jwt 1.0.0, jwt 1.0.1, sql 1.0.0"), "{text}");
    assert_eq!([ICON, RUN, SHARED].map(|it| stored(&project, it)), [true, true, false]);
    assert_eq!(project.cfn(["load", "dev", "--format", "names"]).stdout, "");
    assert!(project.cfn(purge).ok().contains("erased the traces of"), "again");
    let wrong =
        ["skill", "purge", "jwt", "1.0.1", "--file", "shared.tx", "--yes", "--reason", "x", "--approver", "ann"];
    assert!(project.cfn(wrong).fails(4).contains("Did you mean shared.txt?"), "the nearest");
}

const TRUSTED: [&str; 6] = ["skill", "import-yaml", "skills.yaml", "--trust-approvals", "--approver", "ann"];

fn with_document(document: &str) -> Project {
    let project = Project::new();
    project.cfn(["init"]).ok();
    project.file("skills.yaml", document);
    project
}

fn rows(project: &Project) -> Vec<String> {
    let tables =
        ["skill_files ORDER BY version_id, path", "skill_versions ORDER BY id", "approval_history ORDER BY id"];
    let rows = tables.iter().map(|it| project.sqlite3(&format!("SELECT * FROM {it}")));
    rows.chain([project.sqlite3("SELECT hash, hex(bytes) FROM skill_contents ORDER BY hash")]).collect()
}

#[test]
fn a_document_carries_the_files_and_what_was_decided_about_them() {
    let project = fleet();
    let document = project.cfn(["skill", "export-yaml", "--include-history"]).ok();
    assert_eq!(document.matches("echo token").count(), 1, "bytes are there once a skill");
    let copy = with_document(&document);
    copy.cfn(TRUSTED).ok();
    for (before, after) in rows(&project).iter().zip(rows(&copy)) {
        assert_eq!(*before, after);
    }
    assert_eq!(copy.cfn(["skill", "export-yaml", "--include-history"]).ok().lines().skip(3).collect::<Vec<_>>(), {
        document.lines().skip(3).collect::<Vec<_>>()
    });
    assert_eq!(copy.cfn(["load", "dev", "--format", "names"]).ok(), "jwt\nsql\n");
    assert!(copy.cfn(TRUSTED).ok().starts_with("0 added, 0 updated, 2 with the same bytes"), "again");
}

#[test]
fn an_untrusted_document_waits_with_its_files() {
    let project = fleet();
    let copy = with_document(&project.cfn(["skill", "export-yaml"]).ok());
    copy.cfn(["skill", "import-yaml", "skills.yaml"]).ok();
    let hash = "SELECT folder_hash FROM skill_versions JOIN skills s ON s.id = skill_id WHERE name = 'jwt' AND s.version = skill_versions.version";
    assert_eq!(copy.sqlite3(hash), project.sqlite3(hash));
    assert_eq!(copy.cfn(["load", "dev", "--format", "names"]).stdout, "");
    assert!(stored(&copy, RUN), "with its bytes");
}

#[test]
fn another_script_alone_is_a_conflict() {
    let project = fleet();
    let document = project.cfn(["skill", "export-yaml", "--include-history"]).ok();
    project
        .sqlite3("DELETE FROM skill_files WHERE version_id = (SELECT id FROM skill_versions WHERE version = '1.0.1')");
    attach(&project, "jwt", "1.0.1", &[("scripts/run.sh", "100755", b"other\n")], true);
    project.file("skills.yaml", &document);
    let said = project.cfn(TRUSTED).fails(7);
    assert!(said.contains("jwt"), "{said}");
}

#[test]
fn files_that_are_not_what_their_hashes_say_are_named() {
    let project = fleet();
    let document = project.cfn(["skill", "export-yaml"]).ok();
    let run = sha256(RUN);
    for (from, to, problem) in [
        ("echo token", "echo other", "scripts/run.sh: its content does not have its hash and size"),
        ("scripts/run.sh", "../run.sh", "its recorded files do not match its folder hash"),
        (run.as_str(), &sha256("x"), "its recorded files do not match its folder hash"),
    ] {
        let copy = with_document(&document.replace(from, to));
        let ran = copy.cfn(["skill", "import-yaml", "skills.yaml"]);
        assert!(ran.code != Some(0) && ran.stdout.contains(problem), "{problem}: {ran:?}");
        assert_eq!(copy.sqlite3("SELECT count(*) FROM skills"), "0");
    }
}
