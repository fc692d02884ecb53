//! `cfn skill rollback`: returns to the content of an earlier version.

use crate::scene::{deploy, dump, path_of, skill_text, versions, with_skill};

#[test]
fn the_earlier_bytes_become_the_next_version() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    let ran = project.cfn(["skill", "rollback", "jwt", "1.0.0"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "1.0.2\n", ""));
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 deploy, 1.0.2 rollback");
    assert_eq!(project.cfn(["skill", "show", "jwt", "--content"]).ok(), skill_text("jwt", "First."));
    assert!(project.cfn(["load", "dev"]).ok().contains("version=\"1.0.2\">"));
    let approval = project.sqlite3(
        "SELECT version, approval_level, decision, reasoning, json_extract(approval_criteria_check, '$.change_type'),
           json_extract(approval_criteria_check, '$.source') FROM approval_history ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(approval, "1.0.2|auto|approved|Rolled back to the bytes of 1.0.0|patch|cfn-rollback");
    let front =
        project.sqlite3("SELECT json_extract(front_matter, '$.name') FROM skill_versions WHERE version = '1.0.2'");
    assert_eq!(front, "jwt");
    project.assert_whole();
}

#[test]
fn and_forward_again_with_a_reason() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    project.cfn(["skill", "rollback", "jwt", "1.0.0"]).ok();
    assert_eq!(project.cfn(["skill", "rollback", "jwt", "1.0.1", "--reason", "it was right"]).ok(), "1.0.3\n");
    assert_eq!(project.sqlite3("SELECT reasoning FROM approval_history ORDER BY id DESC LIMIT 1"), "it was right");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "2");
}

#[test]
fn only_approved_bytes_are_restored() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    deploy(&project, "jwt", "Second.", &[]);
    let before = dump(&project);
    project.fails_as(["skill", "rollback", "jwt", "1.0.0"], 7, "rejected");
    assert_eq!(dump(&project), before);
    project.cfn(["skill", "approve", "jwt", "--version", "1.0.0", "--approver", "me"]).ok();
    assert_eq!(project.cfn(["skill", "rollback", "jwt", "1.0.0"]).ok(), "1.0.2\n");
}

#[test]
fn rejected_bytes_come_back_with_a_reason_and_those_that_wait_do_not() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    deploy(&project, "jwt", "Second.", &[]);
    let overrides = ["--override-rejection", "--reason", "it was a mistake", "--approver", "ann"];
    let dry = project.cfn(["skill", "rollback", "jwt", "1.0.0", "--dry-run"].into_iter().chain(overrides)).ok();
    assert_eq!(dry, "dry run: would update jwt from 1.0.1 to 1.0.2\n");
    let rollback = |arguments: &[&str]| {
        project.cfn(["skill", "rollback", "jwt", "1.0.0"].into_iter().chain(arguments.iter().copied()))
    };
    project.sqlite3("UPDATE approval_history SET decision = 'escalated' WHERE decision = 'rejected'");
    rollback(&[&overrides[..], &["--json"]].concat()).fails_as(7, "not_approved");
    project.sqlite3("UPDATE approval_history SET decision = 'rejected' WHERE decision = 'escalated'");
    rollback(&["--override-rejection"]).fails(1);
    assert_eq!(rollback(&overrides).ok(), "1.0.2\n");
    let recorded = project.sqlite3(
        "SELECT version, approver, approval_level, reasoning, json_extract(approval_criteria_check, '$.overrides_rejection')
         FROM approval_history ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(recorded, "1.0.2|ann|human|it was a mistake|2");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}

#[test]
fn bytes_that_are_missing_or_damaged_do_not_come_back() {
    for damage in ["DELETE FROM skill_contents", "UPDATE skill_contents SET bytes = 'x'"] {
        let project = with_skill("jwt", "domain", "dev");
        deploy(&project, "jwt", "Second.", &[]);
        project.sqlite3(damage);
        let before = dump(&project);
        project.fails_as(["skill", "rollback", "jwt", "1.0.0"], 7, "integrity");
        assert_eq!(dump(&project), before);
    }
}

#[test]
fn refuses_the_current_version_and_unknown_ones() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "jwt", "Second.", &[]);
    let before = dump(&project);
    project.fails_as(["skill", "rollback", "jwt", "1.0.1"], 6, "content_unchanged");
    let error = project.fails_as(["skill", "rollback", "jwt", "0.9.0"], 4, "version_not_found");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("1.0.1, 1.0.0")), "those that it has: {error}");
    project.cfn(["skill", "rollback", "nobody", "1.0.0"]).fails(4);
    project.cfn(["skill", "rollback", "jwt", "first"]).fails(1);
    assert_eq!(dump(&project), before);
}

#[test]
fn the_level_of_a_skill_does_not_fall_with_earlier_bytes() {
    let project = with_skill("jwt", "testing", "dev");
    project.skill("jwt", "Second.");
    project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "domain"]).ok();
    project.cfn(["skill", "rollback", "jwt", "1.0.0"]).ok();
    assert_eq!(project.sqlite3("SELECT version, approval_level FROM skills"), "1.0.2|human");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}
