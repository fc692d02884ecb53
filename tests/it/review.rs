//! `cfn skill approve` and `reject`: decisions about bytes.

use crate::harness::Project;
use crate::scene::{deploy, dump, sha256, skill_text, with_skill};

/// A project with an imported skill that waits for review.
fn waiting() -> Project {
    let project = Project::new();
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Imported."));
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    project
}

#[test]
fn an_approval_makes_the_bytes_available_and_a_rejection_takes_them_away() {
    let project = waiting();
    assert_eq!(project.cfn(["load", "dev"]).ok(), "");
    let short = &sha256(skill_text("jwt", "Imported."))[..12];
    let ran = project.cfn(["skill", "approve", "jwt", "--approver", "me@x", "--reason", "read it"]);
    assert_eq!((ran.code, ran.stdout, ran.stderr), (Some(0), format!("approved jwt 1.0.0 ({short})\n"), String::new()));
    assert!(project.cfn(["load", "dev"]).ok().contains("Imported."));
    assert_eq!(project.sqlite3("SELECT last_approved_by FROM skills"), "me@x");
    let row = "SELECT version, approval_level, approver, decision, reasoning FROM approval_history";
    assert_eq!(project.sqlite3(row), "1.0.0|human|me@x|approved|read it");

    assert_eq!(
        project.cfn(["skill", "reject", "jwt", "--approver", "you"]).ok(),
        format!("rejected jwt 1.0.0 ({short})\n")
    );
    assert_eq!(project.cfn(["load", "dev"]).ok(), "");
    assert_eq!(project.sqlite3("SELECT last_approved_by FROM skills"), "me@x", "a rejection approves nothing");
}

#[test]
fn a_skill_of_level_auto_is_approved_until_somebody_rejects_it() {
    let project = Project::new();
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Imported."));
    project.cfn(["init", "--from", "tree", "--category", "testing", "--agents", "dev"]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("Imported."));
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    assert_eq!(project.cfn(["load", "dev"]).ok(), "");
    project.sqlite3(
        "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '1.0.0', 'auto', 'escalated')",
    );
    assert_eq!(project.cfn(["load", "dev"]).ok(), "", "the latest decision is no approval, and somebody rejected it");
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("Imported."));
}

#[test]
fn with_a_hash_only_the_bytes_that_were_looked_at_are_decided_on() {
    let project = waiting();
    let (first, second) = (sha256(skill_text("jwt", "Imported.")), sha256(skill_text("jwt", "Newer.")));
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Newer."));
    project.cfn(["init", "--from", "tree", "--update"]).ok();
    let before = dump(&project);
    for decision in ["approve", "reject"] {
        let args = ["skill", decision, "jwt", "--approver", "me", "--hash", &first];
        let error = project.fails_as(args, 7, "changed_since_review");
        assert!(error["message"].as_str().is_some_and(|it| it.contains(&second)), "{error}");
    }
    for bad in ["abc", "", &second[..7], &"g".repeat(64), &format!("{second}0")] {
        project.cfn(["skill", "approve", "jwt", "--approver", "me", "--hash", bad]).fails(1);
    }
    assert_eq!(dump(&project), before);
    project.cfn(["skill", "approve", "jwt", "--approver", "me", "--hash", &second.to_uppercase()]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("Newer."));
    project.cfn(["skill", "approve", "jwt", "--approver", "me", "--hash", &first, "--version", "1.0.0"]).ok();
    assert_eq!(project.sqlite3("SELECT count(DISTINCT content_hash) FROM approval_history"), "2");
}

#[test]
fn the_beginning_of_a_hash_is_enough_where_it_is_unique() {
    let project = waiting();
    let hash = sha256(skill_text("jwt", "Imported."));
    let approve = |hash: &str| project.cfn(["skill", "approve", "jwt", "--approver", "me", "--hash", hash, "--json"]);
    let other = if hash.starts_with("00000000") { "1" } else { "0" }.repeat(8);
    approve(&other).fails_as(7, "changed_since_review");
    approve(&hash[..8]).ok();
    approve(&hash[..13].to_uppercase()).ok();
    // Another version whose hash begins like it.
    let twin = format!("{}{}", &hash[..20], "0".repeat(44));
    project.sqlite3(&format!(
        "INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source)
           VALUES (1, '0.9.0', '{twin}', 'x.md', 'human', 'external')"
    ));
    let before = dump(&project);
    approve(&hash[..20]).fails_as(7, "ambiguous_hash");
    assert_eq!(dump(&project), before);
    approve(&hash).ok();
}

#[test]
fn bytes_that_nobody_can_look_at_are_not_approved() {
    let project = waiting();
    project.sqlite3("DELETE FROM skill_contents");
    project.fails_as(["skill", "approve", "jwt", "--approver", "me"], 7, "integrity");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
}

#[test]
fn bytes_that_are_not_those_of_their_hash_are_not_approved() {
    let project = waiting();
    project.sqlite3("UPDATE skill_contents SET bytes = 'Poisoned.'");
    let before = dump(&project);
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).fails(7);
    assert_eq!(dump(&project), before);
}

#[test]
fn an_approval_holds_for_the_same_bytes_under_another_number_and_for_no_others() {
    let project = waiting();
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Newer."));
    project.cfn(["init", "--from", "tree", "--update"]).ok();
    assert_eq!(project.cfn(["skill", "list", "--pending"]).ok().lines().count(), 2, "a heading and the skill");
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Imported."));
    project.cfn(["init", "--from", "tree", "--update"]).ok();
    assert_eq!(project.sqlite3("SELECT version FROM skills"), "1.0.2");
    assert_eq!(project.cfn(["skill", "list", "--pending"]).ok(), "no skills\n");
}

#[test]
fn what_is_decided_about_must_be_there() {
    let project = waiting();
    let before = dump(&project);
    project.cfn(["skill", "approve", "nobody", "--approver", "me"]).fails(4);
    let message = project.cfn(["skill", "reject", "jwt", "--approver", "me", "--version", "3.0.0"]).fails(4);
    assert!(message.contains("It has: 1.0.0."), "{message}");
    assert_eq!(dump(&project), before);
    deploy(&project, "sql", "Body.", &[]);
    let json = project.cfn(["skill", "reject", "sql", "--approver", "me", "--json"]).json();
    assert_eq!((&json["decision"], &json["version"]), (&"rejected".into(), &"1.0.0".into()));
}

#[test]
fn nobody_decides_without_a_name() {
    let project = with_skill("jwt", "domain", "dev");
    for args in [&["skill", "approve", "jwt"][..], &["skill", "reject", "jwt"]] {
        project.cfn([args, &["--approver", ""]].concat()).fails(1);
    }
    project.cfn(["init", "--from", ".", "--approve-as", ""]).fails(1);
    assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history"), "1");
}
