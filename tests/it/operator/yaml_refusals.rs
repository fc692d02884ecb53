//! What keeps bytes from agents goes with every document of `cfn skill export-yaml`.

use super::yaml::{TRUSTED, export, with_document};
use crate::scene::{names, path_of, with_skill};

#[test]
fn a_document_without_its_history_still_keeps_refused_bytes_from_agents() {
    let reject: &[&str] = &["skill", "reject", "tdd", "--approver", "ann"];
    let escalate: &[&str] = &["skill", "escalate", "tdd", "--approver", "ann", "--reason", "look"];
    let revoke: &[&str] = &["skill", "revoke", "tdd", "--approver", "ann", "--reason", "bad"];
    for (decisions, kept) in
        [(&[reject][..], 1), (&[escalate], 1), (&[reject, escalate], 2), (&[reject, reject], 1), (&[revoke], 1)]
    {
        let project = with_skill("tdd", "testing", "tester");
        for it in decisions {
            drop(project.cfn(it.iter()).ok());
        }
        let copy = with_document(&export(&project, &[]));
        copy.cfn(TRUSTED).ok();
        assert!(names(&copy, &["tester"]).is_empty(), "{decisions:?}");
        assert_eq!(
            copy.sqlite3("SELECT count(*) FROM approval_history WHERE decision <> 'approved'"),
            kept.to_string()
        );
        let path = path_of("tdd");
        copy.skill("tdd", "First.");
        let again = copy.cfn(["deploy", "1", "tdd", &path, "testing"]).code;
        assert_eq!(again, Some(if decisions == [escalate] { 0 } else { 7 }), "{decisions:?}");
    }
    let approved = with_skill("tdd", "testing", "tester");
    approved.cfn(reject.iter()).ok();
    approved.cfn(["skill", "approve", "tdd", "--approver", "ann"]).ok();
    assert!(!export(&approved, &[]).contains("approval_history"), "it is approved");
}

#[test]
fn only_skills_that_wait_are_counted_for_review() {
    for (change, waits) in [
        ("SELECT 1", "1 skill for review"),
        ("UPDATE skills SET status = 'archived'", "0 skills for review"),
        ("UPDATE skills SET status = 'deprecated'", "0 skills for review"),
    ] {
        let project = with_skill("jwt", "domain", "dev");
        project.sqlite3(&format!("{change}; UPDATE agent_skill_mappings SET required = 1"));
        let copy = with_document(&export(&project, &["--include-history"]));
        let ran = copy.cfn(["skill", "import-yaml", "skills.yaml"]);
        assert!(ran.stdout.lines().next().is_some_and(|it| it.ends_with(waits)), "{change}: {ran:?}");
        assert!(ran.stderr.contains("it is not required for dev, since no version of it is approved"), "{ran:?}");
        assert_eq!(
            copy.cfn(["skill", "pending", "--json"]).json()["pending"].as_array().map(Vec::len),
            waits.get(..1).and_then(|it| it.parse().ok())
        );
        let again = copy.cfn(["skill", "import-yaml", "skills.yaml"]).ok();
        assert!(again.lines().next().is_some_and(|it| it.ends_with(waits)), "{change}: {again}");
        let rejected = with_document(&export(&project, &["--include-history"]));
        project.cfn(["skill", "reject", "jwt", "--approver", "ann", "--reason", "no"]).ok();
        rejected.file("skills.yaml", export(&project, &["--include-history"]));
        let out = rejected.cfn(TRUSTED).ok();
        assert!(out.lines().next().is_some_and(|it| it.ends_with("0 skills for review")), "a rejected one: {out}");
    }
}
