//! Reviews, files on disk, exports.

use std::fs;

use super::{commands, examined, is_well, mended_by, sees, types};
use crate::harness::Project;
use crate::scene::{path_of, with_skill};

#[test]
fn an_overdue_review_is_named_and_mended_by_a_decision() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "DELETE FROM approval_history; UPDATE skills SET approval_level = 'escalate';
         UPDATE skill_versions SET approval_level = 'escalate', created_at = '2020-01-01 00:00:00'",
    );
    let report = examined(&project, &[]);
    let mend = sees(&report, "approvals", "pending", "warn", "overdue: jwt");
    let approve = commands(&mend).pop().expect("a command");
    assert_eq!(approve, "cfn skill approve jwt");
    types(&project, &format!("{approve} --approver me"));
    is_well(&project, &[], "approvals", "pending");
}

#[test]
fn a_file_that_differs_is_named_and_restored() {
    let project = with_skill("jwt", "domain", "dev");
    let path = project.path().join(path_of("jwt"));
    fs::write(&path, "changed").expect("written");
    let report = examined(&project, &[]);
    let mend = sees(&report, "approvals", "files", "warn", "jwt 1.0.0: its file changed since its approval");
    let show = commands(&mend).remove(0);
    fs::write(&path, types(&project, &show)).expect("written");
    is_well(&project, &[], "approvals", "files");
}

#[test]
fn missing_bytes_are_stored_again_from_the_file() {
    let project = Project::new();
    project.skill("-y", "First.");
    project.cfn(["deploy", "--", "1", "-y", &path_of("-y"), "domain", "dev"]).ok();
    project.sqlite3("PRAGMA foreign_keys = OFF; DELETE FROM skill_contents");
    let mend =
        sees(&examined(&project, &[]), "approvals", "files", "warn", "-y 1.0.0: its bytes are not in the database");
    let commands = commands(&mend);
    assert_eq!(commands, ["cfn db capture", "cfn skill verify -- -y"]);
    for command in commands {
        types(&project, &command);
    }
    is_well(&project, &[], "approvals", "files");
}

#[test]
fn what_is_served_without_a_review_is_counted() {
    let project = with_skill("jwt", "domain", "dev");
    let before = examined(&project, &[]);
    sees(&before, "approvals", "review", "ok", "of 1 active skill are served without one");
}

#[test]
fn a_skill_that_was_rejected_after_its_export_is_named_and_taken_back() {
    let project = with_skill("jwt", "domain", "dev");
    sees(&examined(&project, &[]), "approvals", "exports", "not_used", "no record of an export");
    project.cfn(["export", ".", "--all"]).ok();
    is_well(&project, &[], "approvals", "exports");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    let mend = sees(&examined(&project, &[]), "approvals", "exports", "warn", "jwt: no version of it is approved");
    for command in commands(&mend) {
        types(&project, &command);
    }
    assert!(!project.path().join("jwt").exists());
    sees(&examined(&project, &[]), "approvals", "exports", "not_used", "no record of an export");
}

#[test]
fn a_well_project_has_nothing_to_mend() {
    let project = with_skill("jwt", "domain", "dev");
    let report = examined(&project, &["--strict", "--deep"]);
    let wrong: Vec<_> = report["lines"].as_array().expect("lines").iter().filter(|it| it["mend"].is_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    mended_by(&project, &[], ("database", "free pages"), "cfn db maintain");
}
