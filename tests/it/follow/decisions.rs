//! Decisions on a follower are made on its primary.

use super::fleet::Fleet;
use crate::harness::Project;

#[test]
fn a_decision_on_a_follower_is_made_on_the_primary_and_served_at_once() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let file = follower.project.skill("eta", "Made here.");
    follower.cfn(&["deploy", "7", "eta", &file.to_string_lossy(), "testing", "tester"]).ok();
    let path = fleet.sql("SELECT content_path FROM cfn.skills WHERE name = 'eta'");
    assert_eq!(path, ".claude/skills/eta/SKILL.md", "as in its own project");
    for command in [
        &["skill", "revoke", "alpha", "--reason", "a secret"][..],
        &["skill", "unassign", "gamma", "--agent", "writer"],
        &["skill", "rename", "beta", "theta"],
        &["edge-case", "record", "theta", "--description", "it stops"],
    ] {
        follower.cfn(command).ok();
        follower.is_equal(command[1]);
    }
    assert_eq!(follower.serves("tester"), "eta gamma");
    assert_eq!(fleet.cfn(&["load", "tester", "--format", "names"]).ok().trim(), "eta\ngamma");
}

#[test]
fn without_the_primary_nothing_is_decided_and_loads_go_on() {
    let mut fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    fleet.server.stop();
    for command in [
        &["skill", "revoke", "alpha", "--reason", "a secret"][..],
        &["skill", "approve", "alpha", "--approver", "ann"],
        &["sync"],
        &["sync", "--check"],
    ] {
        let failed = follower.project.fails_as(command, 9, "primary_unreachable");
        assert!(failed["hint"].as_str().is_some_and(|it| it.contains("Nothing was changed")), "{failed}");
    }
    assert_eq!(follower.serves("tester"), "alpha gamma");
    follower.cfn(&["load", "tester", "--agent-id", "a1", "--task-id", "t1"]).ok();
    follower.cfn(&["log", "alpha", "--agent-id", "a1", "--agent-type", "tester"]).ok();
    assert!(follower.cfn(&["skill", "list"]).ok().contains("alpha"));
}

#[test]
fn a_database_with_skills_of_its_own_follows_only_if_they_may_be_replaced() {
    let fleet = Fleet::start();
    let project = Project::new();
    crate::scene::deploy(&project, "own", "Mine.", &["testing", "tester"]);
    let url = fleet.url();
    let failed = project.fails_as(["db", "follow", &url], 7, "database_occupied");
    assert!(failed["message"].as_str().is_some_and(|it| it.contains("1 skills")), "{failed}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM follow"), "0");
    let json = project.cfn(["db", "follow", &url, "--replace", "--json"]).json();
    let saved = json["previous"].as_str().expect("a path");
    assert_eq!(project.sqlite3("SELECT group_concat(name) FROM skills"), "alpha,beta,gamma");
    project.cfn(["db", "unfollow"]).ok();
    project.fails_as(["db", "unfollow"], 7, "follows_nothing");
    crate::scene::deploy(&project, "more", "Mine again.", &["testing", "tester"]);
    assert_eq!(fleet.sql("SELECT count(*) FROM cfn.skills"), "3", "it is a database of its own again");
    project.cfn(["db", "restore", saved]).ok();
    assert_eq!(project.sqlite3("SELECT group_concat(name) FROM skills"), "own");
}

#[test]
fn a_primary_is_a_server_whose_password_is_elsewhere() {
    let project = Project::new();
    for (url, said) in [
        ("other.db", "on a server"),
        ("postgresql://cfn:sesame@127.0.0.1:1/skills", "has a password"),
        ("postgresql://cfn@127.0.0.1:1/skills?password=sesame", "has a password"),
    ] {
        let failed = project.fails_as(["db", "follow", url], 1, "invalid_input");
        assert!(failed["message"].as_str().is_some_and(|it| it.contains(said)), "{failed}");
    }
    project.fails_as(["db", "follow", "postgresql://cfn@127.0.0.1:1/skills"], 9, "primary_unreachable");
    assert_eq!(project.sqlite3("SELECT count(*) FROM follow"), "0");
}

#[test]
fn revoked_bytes_are_served_by_no_follower_whatever_it_follows() {
    let fleet = Fleet::start();
    let file = fleet.office.path().join(".claude/skills/beta/SKILL.md");
    fleet.cfn(&["deploy", "8", "twin", &file.to_string_lossy(), "testing", "tester"]).ok();
    let (some, all) = (fleet.follower(&["--agents", "tester"]), fleet.follower(&[]));
    assert_eq!(some.serves("tester"), "alpha gamma twin");
    let revocations = |it: &super::fleet::Follower| {
        it.project.sqlite3("SELECT group_concat(skill || ' ' || event, ', ') FROM cfn_events WHERE event = 'revoked'")
    };
    // The event is one of the skill that the follower does not have.
    fleet.cfn(&["skill", "revoke", "beta", "--reason", "a secret"]).ok();
    let approve =
        "INSERT INTO cfn.approval_history (skill_id, version, approval_level, approver, decision, content_hash)
         SELECT id, version, 'human', 'script', 'approved', content_hash FROM cfn.skills WHERE name = 'twin'";
    fleet.sql(approve);
    let served = fleet.cfn(&["load", "tester", "--format", "names"]).ok();
    assert_eq!(served.split_whitespace().collect::<Vec<_>>(), ["alpha", "gamma"]);
    for it in [&some, &all] {
        it.sync();
        assert_eq!(it.serves("tester"), "alpha gamma");
        assert_eq!(revocations(it), "beta revoked");
        it.is_equal("approved by another program");
    }
    // Nothing else changed than a skill that it does not have; another program gives its bytes away later.
    fleet.deploy("zeta", "Do not.", "writer");
    some.sync();
    fleet.cfn(&["skill", "revoke", "zeta", "--reason", "worse"]).ok();
    some.sync();
    assert_eq!(revocations(&some), "beta revoked, zeta revoked");
    some.is_equal("revoked elsewhere");
    fleet.sql(
        "UPDATE cfn.skills SET content_hash = z.content_hash, version = '9.0.0' FROM cfn.skills z
         WHERE z.name = 'zeta' AND skills.name = 'alpha'",
    );
    fleet.sql(&approve.replace("'twin'", "'alpha'"));
    let served = fleet.cfn(&["load", "tester"]).ok();
    some.sync();
    some.is_equal("given away");
    assert!(!served.contains("Do not.") && !some.cfn(&["load", "tester"]).ok().contains("Do not."));
    // It goes on without the skills of others, and with what is known of their bytes.
    some.follow(&fleet.url(), &["--agents", "nobody"]).ok();
    some.is_equal("nothing is followed");
    assert_eq!(revocations(&some), "beta revoked, zeta revoked");
}

/// A trigger of another program that skips rows of a table.
fn skip(project: &Project, what: &str, table: &str) {
    project.sqlite3(&format!("CREATE TRIGGER audit BEFORE {what} ON {table} BEGIN SELECT RAISE(IGNORE); END"));
}

#[track_caller]
fn is_told(project: &Project, args: &[&str], table: &str) {
    let before = crate::scene::dump(project);
    let error = project.fails_as(args, 3, "database_failed");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(&format!("a write to the table {table} had no effect")), "{message}");
    assert_eq!(crate::scene::dump(project), before, "{args:?} on {table}");
    project.sqlite3("DROP TRIGGER audit");
}

#[test]
fn a_database_whose_rows_are_skipped_neither_begins_nor_ends_to_follow() {
    let fleet = Fleet::start();
    let url = fleet.url();
    let project = Project::new();
    crate::scene::deploy(&project, "own", "Mine.", &["testing", "tester"]);
    let follow = ["db", "follow", &url, "--replace"];
    for (what, table) in [("DELETE", "skills"), ("DELETE", "approval_history"), ("INSERT", "follow")] {
        skip(&project, what, table);
        is_told(&project, &follow, table);
    }
    project.cfn(follow).ok();
    fleet.update("alpha", "Read it twice.");
    skip(&project, "UPDATE", "follow");
    is_told(&project, &["sync"], "follow");
    project.cfn(["sync"]).ok();
    project.sqlite3("INSERT INTO usage_unpushed VALUES (1, 1)");
    for table in ["follow", "usage_unpushed"] {
        skip(&project, "DELETE", table);
        is_told(&project, &["db", "unfollow"], table);
    }
    project.cfn(["db", "unfollow"]).ok();
    project.fails_as(["db", "unfollow"], 7, "follows_nothing");
}
