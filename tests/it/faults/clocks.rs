//! Wrong clocks: order never depends on the time.

use super::tools::{finish, under};
use super::victims::{assert_clean, legacy};
use crate::harness::{Project, Ran};

fn at(project: &Project, time: &str, args: &[&str]) -> Ran {
    Ran::from(finish(under(project, &["faketime", time], args)))
}

const PAST: &str = "1970-01-02 00:00:00";
const FUTURE: &str = "2106-02-08 00:00:00";

fn text(number: usize) -> String {
    format!("---\nname: s\ndescription: d\n---\nText {number}.\n")
}

#[test]
fn later_writes_win_even_if_the_clock_went_back_a_century() {
    let project = Project::empty();
    at(&project, FUTURE, &["init"]).ok();
    project.file("SKILL.md", text(1));
    at(&project, FUTURE, &["deploy", "1", "s", "SKILL.md", "domain", "agent"]).ok();
    project.file("SKILL.md", text(2));
    at(&project, PAST, &["update", "s", "1.0.1", "SKILL.md"]).ok();
    let times = project.sqlite3("SELECT substr(created_at, 1, 4) FROM skill_versions ORDER BY id");
    assert_eq!(times, "2106\n1970", "the clocks were really wrong, which takes a cfn with the shared C library");
    for now in [PAST, FUTURE] {
        assert!(at(&project, now, &["load", "agent"]).ok().contains("Text 2."), "at {now}");
        let shown = at(&project, now, &["skill", "list", "--json"]).json();
        assert_eq!(shown["skills"][0]["version"], "1.0.1");
        let history = at(&project, now, &["skill", "history", "s", "--json"]).json();
        assert_eq!(history["versions"][0]["version"], "1.0.1", "newest first: {history}");
    }
    assert_clean(&project);
}

#[test]
fn the_latest_decision_wins_even_with_an_earlier_time() {
    let project = Project::new();
    project.file("SKILL.md", text(1));
    at(&project, FUTURE, &["deploy", "1", "s", "SKILL.md", "domain", "agent"]).ok();
    at(&project, PAST, &["skill", "reject", "s", "--approver", "me"]).ok();
    assert_eq!(project.cfn(["load", "agent", "--format", "names"]).ok(), "");
    at(&project, PAST, &["skill", "approve", "s", "--approver", "me"]).ok();
    at(&project, FUTURE, &["load", "agent", "--agent-id", "a"]).ok();
    at(&project, PAST, &["load", "agent", "--agent-id", "b"]).ok();
    assert_eq!(
        project.sqlite3("SELECT group_concat(agent_id) FROM (SELECT agent_id FROM skill_usage_log ORDER BY id)"),
        "a,b"
    );
    assert_clean(&project);
}

#[test]
fn backups_restores_and_adoptions_work_at_any_time() {
    for time in [PAST, FUTURE] {
        let project = legacy();
        assert_eq!(at(&project, time, &["skill", "list"]).ok().lines().count(), 6);
        at(&project, time, &["db", "backup", "b.db"]).ok();
        at(&project, time, &["db", "restore", "b.db"]).ok();
        at(&project, time, &["db", "restore", "b.db"]).ok();
        assert_eq!(project.leftovers().len(), 3, "an adoption and two restores: {:?}", project.leftovers());
        project.assert_whole();
    }
}
