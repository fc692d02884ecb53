//! Deciding about many: `approve A B`, `--all-pending`, `escalate`, `revoke`, `pending`, `diff`.

use serde_json::Value;

use crate::harness::Project;
use crate::scene::{deploy, dump, names, sha256, skill_text, with_skill};

/// A project with three imported skills that wait for review, two of them of a level that a person reviews.
fn waiting() -> Project {
    let project = Project::new();
    for name in ["alpha", "beta"] {
        project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, "Waits."));
    }
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    project.file("more/gamma/SKILL.md", skill_text("gamma", "Waits."));
    project.cfn(["init", "--from", "more", "--category", "infrastructure", "--agents", "dev"]).ok();
    project
}

#[test]
fn several_are_approved_together_or_not_at_all() {
    let project = waiting();
    let before = dump(&project);
    project.cfn(["skill", "approve", "alpha", "nobody", "--approver", "me"]).fails(4);
    assert_eq!(dump(&project), before);
    let json: Value =
        serde_json::from_str(&project.cfn(["skill", "approve", "alpha", "beta", "--approver", "me", "--json"]).ok())
            .expect("JSON");
    assert_eq!(json["decisions"][1]["name"], "beta");
    assert_eq!(names(&project, &["dev"]), ["alpha", "beta"]);
    for bad in ["--version=1.0.0", "--hash=0123456789"] {
        project.cfn(["skill", "approve", "alpha", "beta", "--approver", "me", bad]).fails(1);
    }
}

#[test]
fn all_that_waits_is_approved_by_category_or_level() {
    let project = waiting();
    let all = ["skill", "approve", "--all-pending", "--approver", "me"];
    let dry = project.cfn(all.into_iter().chain(["--category", "domain", "--dry-run"])).ok();
    assert!(dry.lines().count() == 2 && dry.lines().all(|it| it.starts_with("dry run: approved ")), "{dry}");
    assert!(names(&project, &["dev"]).is_empty());
    project.cfn(all.into_iter().chain(["--category", "domain"])).ok();
    assert_eq!(names(&project, &["dev"]), ["alpha", "beta"]);
    project.cfn(all.into_iter().chain(["--level", "escalate"])).ok();
    assert_eq!(names(&project, &["dev"]), ["alpha", "beta", "gamma"]);
    assert_eq!(project.cfn(all).ok(), "no skill waits for review\n");
    project.cfn(["skill", "approve", "--approver", "me"]).fails(1);
    project.cfn(["skill", "approve", "alpha", "--all-pending", "--approver", "me"]).fails(1);
}

#[test]
fn a_dry_run_of_a_decision_says_that_it_is_one() {
    let project = waiting();
    let before = dump(&project);
    for decide in ["approve", "reject", "escalate"] {
        for names in [&["alpha"][..], &["alpha", "beta"]] {
            let args = [&["skill", decide], names, &["--approver", "me", "--reason", "x", "--dry-run"]].concat();
            let text = project.cfn(&args).ok();
            assert!(text.lines().all(|it| it.starts_with("dry run: ")), "{args:?}: {text}");
            assert_eq!(text.lines().count(), names.len(), "{text}");
            let json = project.cfn([&args[..], &["--json"]].concat()).json();
            assert_eq!(json["dry_run"], true, "{json}");
        }
    }
    assert_eq!(dump(&project), before);
    let done = project.cfn(["skill", "approve", "alpha", "--approver", "me", "--json"]).json();
    assert_eq!(done["dry_run"], false, "{done}");
}

#[test]
fn what_cannot_be_approved_is_named_and_the_rest_is_approved() {
    let project = waiting();
    let hash = sha256(skill_text("beta", "Waits."));
    project.sqlite3(&format!("DELETE FROM skill_contents WHERE hash = '{hash}'"));
    let ran = project.cfn(["skill", "approve", "--all-pending", "--approver", "me"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert!(ran.stderr.contains("beta") && ran.stderr.contains("not in the database"), "{}", ran.stderr);
    assert_eq!(names(&project, &["dev"]), ["alpha", "gamma"]);
}

#[test]
fn an_escalation_is_a_decision_with_a_reason_and_a_person() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "escalate", "jwt", "--approver", "me"]).fails(1);
    let escalate = ["skill", "escalate", "jwt", "--reason", "touches keys", "--to", "ann", "--approver", "me"];
    project.cfn(escalate).ok();
    let row = "SELECT decision, approver, reasoning, escalation_reason, escalated_to, escalation_timestamp IS NOT NULL
        FROM approval_history ORDER BY id DESC LIMIT 1";
    assert_eq!(project.sqlite3(row), "escalated|me|touches keys|touches keys|ann|1");
    assert!(project.cfn(["skill", "pending"]).ok().contains("jwt"));
    assert!(names(&project, &["dev"]).is_empty(), "it waits for the decision");
}

#[test]
fn the_expert_of_the_category_is_who_decides() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Body.", &["domain"]);
    project.file("cfn.toml", "[experts]\ntesting = 'ann@x.test'\n");
    project.file("home/cfn/config.toml", "[experts]\ntesting = 'zoe'\ndomain = 'bob'\n");
    let escalate = |more: &[&str]| {
        let args = [&["skill", "escalate", "--reason", "see", "--approver", "me"], more].concat();
        let mut command = project.command(args);
        command.env("XDG_CONFIG_HOME", project.path().join("home"));
        crate::harness::Ran::from(command.output().expect("cfn runs"))
    };
    assert!(escalate(&["jwt"]).ok().ends_with(", to ann@x.test\n"));
    assert_eq!(escalate(&["sql", "--json"]).json()["escalated_to"], "bob");
    escalate(&["jwt", "sql", "--to", "eve"]).ok();
    let who = "SELECT group_concat(escalated_to) FROM (SELECT escalated_to FROM approval_history WHERE decision = 'escalated' ORDER BY id)";
    assert_eq!(project.sqlite3(who), "ann@x.test,bob,eve,eve");
    assert!(project.cfn(["skill", "history", "sql"]).ok().contains("to eve: see"));
    let json = project.cfn(["config", "--json"]).json();
    let settings = json["settings"].as_array().expect("settings").clone();
    let expert = settings.iter().find(|it| it["name"] == "experts.testing").expect("a row");
    assert_eq!((&expert["value"], &expert["source"]), (&"ann@x.test".into(), &"project".into()));
    project.file("cfn.toml", "[experts]\ntesing = 'ann'\n");
    let error = project.fails_as(["skill", "list"], 1, "unknown_setting");
    assert_eq!(error["hint"], "Did you mean experts.testing?");
}

#[test]
fn revoked_bytes_are_served_nowhere_and_come_back_only_by_name() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "jwt", "Second.", &["testing"]);
    // Another skill with the same bytes.
    project.cfn(["deploy", "2", "copy", ".claude/skills/jwt/SKILL.md", "testing", "ops"]).ok();
    let dry = project.cfn(["skill", "revoke", "jwt", "--reason", "a secret", "--approver", "me", "--dry-run"]).ok();
    assert!(dry.contains("jwt 1.0.1") && dry.contains("copy 1.0.0"), "{dry}");
    assert_eq!(names(&project, &["ops"]), ["copy"]);
    project.cfn(["skill", "revoke", "jwt", "--reason", "a secret", "--approver", "me"]).ok();
    assert!(names(&project, &["ops"]).is_empty());
    assert!(project.cfn(["load", "dev"]).ok().contains("First."), "the approved version before is served");
    let again = ["deploy", "2", "copy", ".claude/skills/jwt/SKILL.md", "testing", "ops"];
    project.cfn(again).fails(7);
    project.cfn(again.into_iter().chain(["--override-rejection", "--reason", "rotated"])).ok();
    assert_eq!(names(&project, &["ops"]), ["copy"]);
    project.cfn(["skill", "revoke", "jwt", "9.9.9", "--reason", "r", "--approver", "me"]).fails(4);
    project.cfn(["skill", "revoke", "jwt", "--approver", "me"]).fails(1);
}

#[test]
fn what_waits_is_listed_with_its_time_and_overdue_has_an_exit_code() {
    let project = waiting();
    let pending = project.cfn(["skill", "pending"]).ok();
    assert!(pending.contains("alpha") && pending.contains("gamma"), "{pending}");
    project.cfn(["skill", "pending", "--overdue"]).ok();
    project.sqlite3("UPDATE skill_versions SET created_at = datetime('now', '-3 days')");
    let ran = project.cfn(["skill", "pending", "--overdue", "--json"]);
    assert_eq!(ran.code, Some(7));
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["overdue"], 1);
    assert_eq!(json["pending"][0]["name"], "gamma", "48 hours are over for escalate, 7 days are not for human");
    assert_eq!(json["pending"].as_array().map(Vec::len), Some(1));
    let due = project.sqlite3("SELECT datetime(created_at, '+2 days') FROM skill_versions WHERE skill_id = 3");
    assert_eq!(json["pending"][0]["due"], due.as_str());
    project.cfn(["skill", "pending", "--level", "human", "--overdue"]).ok();
    project.cfn(["skill", "approve", "--all-pending", "--approver", "me"]).ok();
    assert_eq!(project.cfn(["skill", "pending"]).ok(), "no skill waits for review\n");
}

#[test]
fn a_diff_is_between_what_is_served_and_what_waits() {
    let project = with_skill("jwt", "testing", "dev");
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Second."));
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    deploy(&project, "jwt", "Second.", &["testing"]);
    let diff = project.cfn(["skill", "diff", "jwt"]).ok();
    assert!(diff.contains("1.0.0 → 1.0.1, 1 added, 1 removed"), "{diff}");
    assert!(diff.contains("\n-First.\n+Second.\n"), "{diff}");
    let json: Value =
        serde_json::from_str(&project.cfn(["skill", "diff", "jwt", "1.0.1", "1.0.0", "--json"]).ok()).expect("JSON");
    assert_eq!((&json["from"], &json["added"]), (&"1.0.1".into(), &1.into()));
    project.cfn(["skill", "diff", "jwt", "3.0.0"]).fails(4);
    project.cfn(["skill", "diff", "nobody"]).fails(4);
    let same = project.cfn(["skill", "diff", "jwt", "1.0.1", "1.0.1"]).ok();
    assert!(same.contains("0 added, 0 removed"), "{same}");
}
