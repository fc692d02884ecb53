//! Whatever is decided on the primary: followers that pull each time, one that pulls for some agent types, and one that missed
//! everything become what the primary is.

use super::fleet::Fleet;

/// What happens on a primary, one step after the other, each in words.
const STORY: &[(&str, &[&str])] = &[
    ("an approval is withdrawn", &["skill", "reject", "beta", "--approver", "ann", "--reason", "wrong"]),
    ("it is given again", &["skill", "approve", "beta", "--approver", "ann"]),
    ("a mapping is added", &["skill", "assign", "beta", "--agent", "tester", "--priority", "1"]),
    ("a skill is pinned", &["skill", "pin", "alpha", "1.0.0"]),
    ("it is unpinned", &["skill", "unpin", "alpha"]),
    ("a skill is renamed", &["skill", "rename", "alpha", "delta", "--reason", "clearer"]),
    ("a skill is replaced", &["skill", "deprecate", "beta", "--replacement", "gamma", "--note", "old"]),
    ("an edge case is recorded", &["edge-case", "record", "gamma", "--description", "it runs away"]),
    ("fields are edited", &["skill", "edit", "gamma", "--owner", "ann"]),
    ("a version is revoked", &["skill", "revoke", "delta", "1.0.0", "--reason", "a secret"]),
    ("mappings are removed", &["skill", "unassign", "gamma", "--agent", "tester"]),
    ("bytes are purged", &["skill", "purge", "delta", "1.0.0", "--yes", "--reason", "a secret"]),
    ("a skill is deleted", &["skill", "delete", "delta", "--yes", "--reason", "over"]),
];

/// What other programs do.
const BY_OTHERS: &[(&str, &str)] = &[
    (
        "a skill without a file",
        "INSERT INTO cfn.skills (name, category, content_path, content_hash, version) VALUES ('made', 'domain', 'p', 'h', '1.0.0')",
    ),
    (
        "a decision about a version that nobody recorded, which is recorded later",
        "INSERT INTO cfn.approval_history (skill_id, version, approval_level, decision) SELECT id, '9.9.9', 'human', 'approved'
           FROM cfn.skills WHERE name = 'made'; UPDATE cfn.skills SET version = '9.9.9', content_hash = 'h9' WHERE name = 'made'",
    ),
    (
        "two skills that exchange their names",
        "UPDATE cfn.skills SET name = 'once' WHERE name = 'made'; UPDATE cfn.skills SET name = 'made' WHERE name = 'gamma';
         UPDATE cfn.skills SET name = 'gamma' WHERE name = 'once'",
    ),
    (
        "a bootstrap skill, and criteria",
        "INSERT INTO cfn.bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('made', 'made.md', 900, 'd');
         UPDATE cfn.approval_criteria_templates SET enabled = 0 WHERE id = 1",
    ),
    ("all edge cases", "TRUNCATE cfn.edge_case_tracking"),
    ("a version", "DELETE FROM cfn.skill_versions WHERE version = '1.0.0' AND skill_id = (SELECT id FROM cfn.skills WHERE name = 'gamma')"),
];

#[test]
fn followers_become_what_the_primary_is_after_each_step_and_after_all_of_them() {
    let fleet = Fleet::start();
    let late = fleet.follower(&[]);
    let followers = [fleet.follower(&[]), fleet.follower(&["--agents", "tester"])];
    fleet.update("alpha", "Read it twice.");
    fleet.deploy("epsilon", "Count it.", "tester");
    let check = |step: &str| {
        for it in &followers {
            it.sync();
            it.is_equal(step);
        }
    };
    check("deployed");
    assert!(late.holds("Read it.") && followers.iter().all(|it| it.holds("Read it.")));
    for (step, command) in STORY {
        fleet.cfn(command).ok();
        check(step);
        let served = fleet.cfn(&["load", "writer", "--format", "names"]).ok();
        assert_eq!(followers[0].serves("writer"), served.split_whitespace().collect::<Vec<_>>().join(" "), "{step}");
    }
    for (step, sql) in BY_OTHERS {
        fleet.sql(sql);
        check(step);
    }
    assert_eq!(late.synced_all(), "emptied");
    late.is_equal("after everything");
    for it in followers.iter().chain([&late]) {
        it.cfn(&["db", "maintain"]).ok();
        assert!(!it.holds("Read it.\n"), "purged bytes are gone from the file");
    }
}

#[test]
fn a_follower_for_some_agent_types_has_what_they_need_and_nothing_else() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&["--agents", "tester,nobody"]);
    let names = |it: &super::fleet::Follower| {
        it.project.sqlite3("SELECT group_concat(name, ' ') FROM (SELECT name FROM skills ORDER BY name)")
    };
    assert_eq!(names(&follower), "alpha gamma");
    assert!(!follower.holds("Write it."));
    fleet.cfn(&["skill", "assign", "beta", "--agent", "tester"]).ok();
    follower.sync();
    assert_eq!((names(&follower).as_str(), follower.holds("Write it.")), ("alpha beta gamma", true));
    assert_eq!(follower.serves("tester"), "alpha beta gamma");
    fleet.cfn(&["skill", "unassign", "alpha", "--agent", "tester"]).ok();
    follower.sync();
    follower.is_equal("unassigned");
    assert_eq!((names(&follower).as_str(), follower.holds("Read it.")), ("beta gamma", false));
    fleet.deploy("zeta", "Better.", "writer");
    fleet.cfn(&["skill", "deprecate", "beta", "--replacement", "zeta", "--note", "old"]).ok();
    follower.sync();
    follower.is_equal("replaced");
    assert_eq!(names(&follower), "beta gamma zeta");
    follower.follow(&fleet.url(), &["--agents", "writer"]).ok();
    follower.is_equal("other agent types");
}

#[test]
fn a_revocation_and_a_pass_rate_are_there_after_the_next_pull_and_only_changes_are_pulled() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    assert_eq!(follower.serves("tester"), "alpha gamma");
    let nothing = follower.sync();
    assert_eq!((&nothing["everything"], &nothing["rows"]), (&serde_json::Value::Null, &0.into()), "{nothing}");
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "a secret"]).ok();
    assert_eq!(follower.synced_all(), "");
    assert_eq!(follower.serves("tester"), "gamma");
    fleet.sql("UPDATE cfn.agent_skill_mappings SET conditions = '{\"min_pass_rate\": 0.5}' WHERE skill_id = 3");
    fleet.cfn(&["log", "gamma", "--agent-id", "a", "--agent-type", "tester", "--test-pass-rate", "0.9"]).ok();
    follower.sync();
    let rate = "SELECT skill_id || ' ' || rate FROM follow_pass_rates";
    assert_eq!(follower.project.sqlite3(rate), "3 0.9");
    fleet.cfn(&["log", "gamma", "--agent-id", "a", "--agent-type", "tester", "--test-pass-rate", "0.1"]).ok();
    follower.sync();
    assert_eq!(follower.project.sqlite3(rate), "3 0.1");
    follower.is_equal("rated");
}
