//! Revoked bytes are served no more, whatever brings them: bootstrap skills, and rows of other programs.

use std::fs;

use crate::harness::Project;
use crate::scene::{deploy, dump, names, path_of, sha256, skill_text, with_skill};

const FILE: &str = ".claude/skills/bootstrap/bash-fundamentals.md";

/// A project in which an agent type gets a skill and a bootstrap skill, if that is captured.
fn with_bootstrap(captured: bool) -> Project {
    let project = Project::empty();
    project.cfn(["init", "--here", "--bootstrap"]).ok();
    deploy(&project, "jwt", "Tokens.", &["testing", "dev"]);
    project.file(FILE, skill_text("bash-fundamentals", "Evil."));
    if captured {
        project.cfn(["db", "capture", "--bootstrap"]).ok();
        assert_eq!(names(&project, &["dev"]), ["bash-fundamentals", "jwt"]);
    }
    project
}

fn revoke(project: &Project, args: &[&str]) -> String {
    project.cfn(["skill", "revoke", "--reason", "evil", "--approver", "ann"].iter().chain(args)).ok()
}

#[test]
fn revoked_bytes_are_no_bootstrap_skill() {
    for by_hash in [false, true] {
        let project = with_bootstrap(true);
        let hash = sha256(fs::read(project.path().join(FILE)).expect("a file"));
        let args = if by_hash {
            vec!["--hash", &hash]
        } else {
            project.cfn(["deploy", "1", "evil", FILE, "testing", "other"]).ok();
            vec!["evil"]
        };
        let dry: Vec<&str> = args.iter().copied().chain(["--dry-run"]).collect();
        let before = dump(&project);
        revoke(&project, &dry);
        assert_eq!(dump(&project), before);
        let said = revoke(&project, &args);
        assert!(said.contains("  - bash-fundamentals, a bootstrap skill, which is disabled\n"), "{said}");
        assert_eq!(names(&project, &["dev"]), ["jwt"]);
        assert!(names(&project, &["other"]).is_empty());
        let history = project.cfn(["skill", "history", "bash-fundamentals", "--json"]).json();
        assert_eq!(
            (&history["events"][0]["event"], &history["events"][0]["reason"]),
            (&"revoked".into(), &"evil".into())
        );
        project.fails_as(["deploy", "1", "again", FILE], 7, "rejected");
        // Nor if another program enables it again.
        project.sqlite3("UPDATE bootstrap_skills SET enabled = 1");
        assert_eq!(names(&project, &["dev"]), ["jwt"]);
        project.cfn(["db", "capture", "--bootstrap"]).ok();
        assert_eq!(names(&project, &["dev"]), ["jwt"]);
        project.assert_whole();
    }
}

#[test]
fn a_hash_that_nothing_has_is_not_revoked() {
    let project = with_bootstrap(true);
    let before = dump(&project);
    let hash = sha256("nothing");
    project.cfn(["skill", "revoke", "--hash", &hash, "--reason", "evil", "--approver", "ann"]).fails(4);
    assert_eq!(dump(&project), before);
}

#[test]
fn refused_bytes_are_not_captured_as_a_bootstrap_skill() {
    let deleted: &[&str] = &["skill", "delete", "evil", "--yes"];
    for (ends, why) in [
        (&[&["skill", "revoke", "evil", "--reason", "evil", "--approver", "ann"][..]][..], "revoked"),
        (&[&["skill", "reject", "evil", "--approver", "ann"], deleted], "rejected"),
        (&[&["skill", "purge", "evil", "1.0.0", "--yes", "--reason", "evil", "--approver", "ann"]], "purged"),
    ] {
        let project = with_bootstrap(false);
        project.cfn(["deploy", "1", "evil", FILE, "testing", "other"]).ok();
        for it in ends {
            drop(project.cfn(it.iter()).ok());
        }
        let ran = project.cfn(["db", "capture", "--bootstrap"]);
        assert!(ran.stdout.contains(&format!("bash-fundamentals: {why} (")), "{ran:?}");
        assert!(ran.stdout.contains("contents stored: 0"), "{ran:?}");
        assert_eq!(names(&project, &["dev"]), ["jwt"]);
        assert_eq!(project.sqlite3("SELECT count(content_hash) FROM bootstrap_skills"), "0");
    }
}

#[test]
fn a_purge_names_the_bootstrap_skill_that_loses_the_bytes() {
    let project = with_bootstrap(true);
    project.cfn(["deploy", "1", "x", FILE, "testing", "other"]).ok();
    let purge = ["skill", "purge", "x", "1.0.0", "--yes", "--reason", "evil", "--approver", "ann"];
    let dry = project.cfn(purge.iter().chain(&["--dry-run", "--json"])).json();
    assert_eq!(dry["bootstrap"], serde_json::json!(["bash-fundamentals"]), "{dry}");
    let said = project.cfn(purge).ok();
    assert!(said.contains("x 1.0.0, bootstrap skill bash-fundamentals\n"), "{said}");
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
    project.assert_whole();
}

/// The row that the old tools insert, with a mapping.
fn insert(project: &Project, name: &str, level: &str, hash: &str) {
    project.sqlite3(&format!(
        "INSERT INTO skills (name, category, content_path, content_hash, version, status, approval_level)
         VALUES ('{name}', 'testing', '{}', '{hash}', '1.0.0', 'active', '{level}');
         INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'dev', id FROM skills WHERE name = '{name}';
         INSERT INTO approval_history (skill_id, version, approval_level, approver, decision)
         SELECT id, version, approval_level, 'old-tool', 'approved' FROM skills WHERE name = '{name}' AND approval_level <> 'auto'",
        path_of("jwt")
    ));
}

#[test]
fn rows_of_other_programs_do_not_bring_revoked_bytes_back() {
    for level in ["auto", "escalate", "human"] {
        let project = with_skill("jwt", "domain", "dev");
        let hash = project.sqlite3("SELECT content_hash FROM skills");
        insert(&project, "before", level, &hash);
        assert_eq!(names(&project, &["dev"]), ["before", "jwt"], "{level}");
        revoke(&project, &["jwt"]);
        insert(&project, "after", level, &hash);
        project.sqlite3(
            "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision)
             SELECT id, version, approval_level, 'old-tool', 'approved' FROM skills",
        );
        assert!(names(&project, &["dev"]).is_empty(), "{level}");
        assert!(project.cfn(["search", "First", "--json"]).json()["hits"].as_array().is_none_or(Vec::is_empty));
        assert!(!project.cfn(["skill", "pending"]).ok().contains("after"), "they do not wait");
        let list = project.cfn(["skill", "list", "--json"]).json();
        let approved = list["skills"].as_array().expect("skills").iter().map(|it| it["approved"].clone());
        assert_eq!(approved.collect::<Vec<_>>(), [false; 3], "{list}");
        let waiting = project.cfn(["skill", "list", "--pending", "--json"]).json();
        assert_eq!(waiting["skills"], serde_json::json!([]), "{waiting}");
        project.fails_as(["skill", "approve", "after", "--approver", "eve"], 7, "rejected");
        let accept = ["--override-rejection", "--reason", "it is good", "--approver", "eve"];
        project.cfn(["skill", "approve", "after"].iter().chain(&accept)).ok();
        assert_eq!(names(&project, &["dev"]), ["after"], "{level}");
        project.assert_whole();
    }
}
