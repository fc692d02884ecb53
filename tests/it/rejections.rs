//! Every command refuses rejected bytes, unless overridden with a reason.

use crate::harness::Project;
use crate::scene::{deploy, dump, path_of, with_skill};

const OVERRIDE: [&str; 5] = ["--override-rejection", "--reason", "judged again", "--approver", "ann"];

/// A skill whose first bytes were rejected, and whose second ones are current.
fn rejected_before() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "boss", "--reason", "unsafe"]).ok();
    deploy(&project, "jwt", "Second.", &[]);
    project.skill("jwt", "First.");
    project
}

fn latest(project: &Project) -> String {
    project.sqlite3(
        "SELECT version, decision, approver, approval_level, reasoning, json_extract(approval_criteria_check, '$.overrides_rejection')
         FROM approval_history ORDER BY id DESC LIMIT 1",
    )
}

#[test]
fn no_command_accepts_rejected_bytes() {
    let project = rejected_before();
    let before = dump(&project);
    let path = path_of("jwt");
    for args in [
        &["deploy", "1", "jwt", &path][..],
        &["deploy", "1", "jwt", &path, "testing", "other-agent", "--dry-run"],
        &["deploy", "1", "jwt", &path, "--version", "7.0.0", "--reason", "only a reason"],
        &["update", "jwt", "1.0.2", &path],
        &["update", "jwt", "2.0.0", &path, "major", "--approver", "me"],
        &["skill", "rollback", "jwt", "1.0.0"],
    ] {
        project.fails_as(args, 7, "rejected");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn an_escalation_does_not_undo_a_rejection() {
    for category in ["domain", "testing"] {
        let project = with_skill("jwt", category, "dev");
        let path = path_of("jwt");
        project.cfn(["skill", "reject", "jwt", "--approver", "boss", "--reason", "unsafe"]).ok();
        for _ in 0..2 {
            project.cfn(["skill", "escalate", "jwt", "--approver", "ann", "--reason", "look at it"]).ok();
        }
        let before = dump(&project);
        for args in [
            &["deploy", "1", "jwt", &path][..],
            &["update", "jwt", "1.0.1", &path],
            &["skill", "add", &path],
            &["skill", "add", &path, "--approve", "--approver", "ann"],
            &["skill", "rollback", "jwt", "1.0.0"],
        ] {
            project.fails_as(args, 7, "rejected");
        }
        project.cfn(["init", "--from", ".claude/skills", "--approve-as", "ann"]).ok();
        let bulk = project.cfn(["skill", "approve", "--all-pending", "--approver", "ann"]);
        assert!(bulk.code == Some(7) && format!("{bulk:?}").contains("rejected"), "{bulk:?}");
        assert_eq!(dump(&project), before);
        assert_eq!(project.cfn(["load", "dev"]).ok(), "");
        project.cfn(["deploy", "1", "jwt", &path].iter().chain(&OVERRIDE)).ok();
        assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    }
}

#[test]
fn the_expert_who_was_asked_may_approve() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "boss"]).ok();
    project.cfn(["skill", "escalate", "jwt", "--approver", "ann", "--reason", "look at it"]).ok();
    project.cfn(["skill", "approve", "jwt", "--approver", "expert"]).ok();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}

#[test]
fn bytes_that_were_accepted_and_wait_need_no_second_override() {
    let project = rejected_before();
    let accept = ["--override-rejection", "--reason", "judged again"];
    project.cfn(["skill", "rollback", "jwt", "1.0.0"].iter().chain(&accept)).ok();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}

#[test]
fn an_escalated_rejection_outlives_its_skill() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "boss"]).ok();
    project.cfn(["skill", "escalate", "jwt", "--approver", "ann", "--reason", "look at it"]).ok();
    project.cfn(["skill", "delete", "jwt", "--yes"]).ok();
    project.fails_as(["deploy", "1", "jwt", &path_of("jwt")], 7, "rejected");
}

#[test]
fn rejected_bytes_are_not_added_again() {
    for category in ["domain", "testing"] {
        let project = with_skill("jwt", category, "dev");
        project.cfn(["skill", "reject", "jwt", "--approver", "boss"]).ok();
        let before = dump(&project);
        for more in [&[][..], &["--agents", "other"], &["--dry-run"]] {
            project.fails_as(["skill", "add", &path_of("jwt")].iter().chain(more).copied(), 7, "rejected");
        }
        assert_eq!(dump(&project), before);
    }
}

#[test]
fn deploy_accepts_them_with_a_reason() {
    let project = rejected_before();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")].iter().chain(&OVERRIDE)).ok();
    assert_eq!(latest(&project), "1.0.2|approved|ann|human|judged again|2");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    project.assert_whole();
}

#[test]
fn update_accepts_them_with_a_reason() {
    let project = rejected_before();
    let path = path_of("jwt");
    project.cfn(["update", "jwt", "1.0.2", &path, "--override-rejection"]).fails(1);
    assert_eq!(project.cfn(["update", "jwt", "1.0.2", &path].iter().chain(&OVERRIDE)).ok(), "1.0.2\n");
    assert_eq!(latest(&project), "1.0.2|approved|ann|human|judged again|2");
    let source =
        "SELECT json_extract(approval_criteria_check, '$.source') FROM approval_history ORDER BY id DESC LIMIT 1";
    assert_eq!(project.sqlite3(source), "phase4-edge-case-tracker");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
}

#[test]
fn only_the_latest_decision_of_the_same_skill_counts() {
    let project = rejected_before();
    project.cfn(["skill", "approve", "jwt", "--version", "1.0.0", "--approver", "boss"]).ok();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).ok();
    assert_eq!(
        latest(&project),
        "1.0.2|approved|phase4-system|human|Approved by expert review and deployed by the workflow codification|"
    );
    project.cfn(["skill", "reject", "jwt", "--approver", "boss"]).ok();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt")]).fails(7);
    project.cfn(["deploy", "1", "another", &path_of("jwt")]).ok();
}

#[test]
fn level_auto_does_not_bypass_a_rejection() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "reject", "jwt", "--approver", "boss"]).ok();
    project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "testing"]).fails(7);
    assert_eq!(project.cfn(["load", "dev"]).ok(), "");
}

#[test]
fn a_skill_that_is_not_active_stays_so_and_the_warning_names_what_restores_it() {
    for status in ["archived", "deprecated"] {
        let project = with_skill("jwt", "domain", "dev");
        project.sqlite3(&format!("UPDATE skills SET status = '{status}'"));
        let again = project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "", "tester"]);
        project.skill("jwt", "Second.");
        let other = project.cfn(["deploy", "1", "jwt", &path_of("jwt")]);
        project.skill("jwt", "Third.");
        let update = project.cfn(["update", "jwt", "1.0.2", &path_of("jwt")]);
        let rollback = project.cfn(["skill", "rollback", "jwt", "1.0.0"]);
        for (ran, stdout) in [(again, "1\n"), (other, "1\n"), (update, "1.0.2\n"), (rollback, "1.0.3\n")] {
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), stdout), "{ran:?}");
            let warning = format!("warning: \"jwt\" remains {status}");
            assert!(ran.stderr.contains(&warning) && ran.stderr.contains("'cfn skill restore jwt'"), "{ran:?}");
        }
        assert_eq!(project.sqlite3("SELECT status, version FROM skills"), format!("{status}|1.0.3"));
        assert_eq!(project.cfn(["load", "dev"]).ok(), "");

        let before = dump(&project);
        let dry = project.cfn(["skill", "restore", "jwt", "--dry-run"]).ok();
        assert_eq!(dry, format!("dry run: jwt: {status} → active\n"));
        project.cfn(["skill", "restore", "jwt", "nobody"]).fails(4);
        project.cfn(["skill", "restore"]).fails(1);
        assert_eq!(dump(&project), before);
        assert_eq!(project.cfn(["skill", "restore", "jwt"]).ok(), format!("jwt: {status} → active\n"));
        assert!(project.cfn(["load", "dev"]).ok().contains("First."));
        let again = project.cfn(["skill", "restore", "jwt", "--json"]).json();
        assert_eq!(again["skills"][0]["previous_status"], "active");
        project.skill("jwt", "First.");
        let quiet = project.cfn(["deploy", "1", "jwt", &path_of("jwt")]);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    }
}
