//! Pulls that are cut, killed or raced, and writes that are not pulls.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::fleet::Fleet;
use crate::postgres_server::{Cut, Proxy};

/// Statements of a pull, in order.
const STATEMENTS: [&str; 4] = [
    "cfn_feed_fingerprint",
    "FROM skill_versions t",
    "FROM bootstrap_skills t",
    "FROM skill_contents WHERE hash = ANY",
];

#[test]
fn a_pull_that_is_cut_anywhere_changes_nothing_and_the_next_one_does_it() {
    let fleet = Fleet::start();
    let proxy = Proxy::to(fleet.server.port, 0);
    let follower = fleet.follower(&[]);
    let by_proxy = fleet.url().replace(&format!(":{}/", fleet.server.port), &format!(":{}/", proxy.port));
    follower.project.sqlite3(&format!("UPDATE follow SET url = '{by_proxy}'"));
    let state =
        "SELECT group_concat(name || version || coalesce(owner, '')) FROM skills; SELECT cursor, token FROM follow";
    for (number, at) in STATEMENTS.into_iter().enumerate() {
        for passes in [false, true] {
            fleet.update("alpha", &format!("Read it {number} times, {passes}."));
            fleet.sql("UPDATE cfn.bootstrap_skills SET enabled = enabled");
            let before = follower.project.sqlite3(state);
            proxy.cut(Cut { at, passes, kills: None });
            follower.project.fails_as(["sync"], 9, "primary_unreachable");
            assert!(proxy.has_cut(), "{at}");
            assert_eq!(follower.project.sqlite3(state), before, "{at} {passes}");
            follower.project.assert_whole();
            assert_eq!(follower.synced_all(), "", "{at} {passes}");
            follower.is_equal(at);
        }
    }
}

#[test]
fn a_pull_that_is_killed_at_any_moment_leaves_a_state_that_the_primary_had() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let owners = "SELECT group_concat(DISTINCT owner) FROM skills";
    for number in 0..12_u32 {
        fleet.sql(&format!("UPDATE cfn.skills SET owner = 'owner-{number}'"));
        fleet.update("gamma", &format!("Run it {number} times."));
        let mut child =
            follower.project.command(["sync"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("cfn starts");
        thread::sleep(Duration::from_millis(u64::from(number) * 4));
        child.kill().expect("a signal");
        let ended = child.wait().expect("an end");
        assert!(ended.success() || ended.signal().is_some(), "{ended:?}");
        let owner = follower.project.sqlite3(owners);
        assert!(!owner.contains(','), "all of it or nothing: {owner}");
        follower.project.assert_whole();
    }
    follower.sync();
    assert_eq!(follower.project.sqlite3(owners), "owner-11");
    follower.is_equal("killed");
}

#[test]
fn several_syncs_at_once_end_at_one_state() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    for round in 0..4 {
        fleet.update("alpha", &format!("Read it {round} times."));
        let children: Vec<_> = (0..4)
            .map(|_| {
                follower
                    .project
                    .command(["sync", "--json"])
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("cfn")
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().expect("an end");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
            assert_eq!(json["follow"]["everything"], serde_json::Value::Null, "{json}");
        }
        follower.is_equal("raced");
    }
}

#[test]
fn what_other_programs_write_to_a_follower_is_undone_and_reported() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    for write in [
        "UPDATE skills SET owner = 'me'",
        "DELETE FROM skills WHERE name = 'alpha'",
        "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('own', 'domain', 'p', 'h', '1.0.0')",
        "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '1.0.0', 'human', 'approved')",
        "DELETE FROM skill_contents",
        "DELETE FROM skill_files",
        "UPDATE skills SET name = 'x' WHERE id = 1; UPDATE skills SET name = 'alpha' WHERE id = 2; UPDATE skills SET name = 'beta' WHERE id = 1",
    ] {
        follower.project.sqlite3(write);
        let ran = follower.cfn(&["sync"]);
        assert!(
            ran.stderr.contains("another program wrote to its catalogue, so everything was pulled"),
            "{write}: {ran:?}"
        );
        ran.ok();
        follower.is_equal(write);
        assert_eq!(follower.synced_all(), "", "{write}");
    }
}

#[test]
fn a_difference_that_nobody_noticed_is_found_by_a_check_and_ended_by_following_again() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    follower.project.sqlite3("DELETE FROM cfn_events; INSERT INTO cfn_events (skill_id, event) VALUES (1, 'renamed')");
    let failed = follower.project.fails_as(["sync", "--check"], 3, "follower_differs");
    assert!(failed["message"].as_str().is_some_and(|it| it.ends_with(": cfn_events")), "{failed}");
    follower.follow(&fleet.url(), &[]).ok();
    follower.is_equal("followed again");
}

#[test]
fn a_feed_whose_triggers_were_off_is_not_believed() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    fleet.sql(
        "ALTER TABLE cfn.skills DISABLE TRIGGER cfn_feed; UPDATE cfn.skills SET owner = 'unseen' WHERE name = 'alpha';
         ALTER TABLE cfn.skills ENABLE ALWAYS TRIGGER cfn_feed",
    );
    assert_eq!(follower.synced_all(), "feed_changed");
    follower.is_equal("off for a while");
    assert_eq!(follower.synced_all(), "");
    fleet.sql("ALTER TABLE cfn.skills DISABLE TRIGGER cfn_feed");
    for _ in 0..2 {
        fleet.sql("UPDATE cfn.skills SET owner = owner || '!' WHERE name = 'alpha'");
        let ran = follower.cfn(&["sync"]);
        assert!(ran.stderr.contains("run 'cfn db check' there"), "{ran:?}");
    }
    let checked = fleet.cfn(&["db", "check"]);
    assert!(checked.stdout.contains("the trigger cfn_feed on skills is missing or off"), "{checked:?}");
    fleet.sql("ALTER TABLE cfn.skills ENABLE ALWAYS TRIGGER cfn_feed");
    follower.sync();
    follower.is_equal("on again");
}

#[test]
fn bytes_that_are_damaged_on_the_primary_are_not_taken_and_keep_no_decision_away() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    fleet.update("alpha", "Read it twice.");
    fleet.sql("UPDATE cfn.skill_contents SET bytes = 'other' WHERE hash = (SELECT content_hash FROM cfn.skills WHERE name = 'alpha')");
    fleet.cfn(&["skill", "revoke", "gamma", "--reason", "a secret"]).ok();
    let ran = follower.cfn(&["sync"]);
    assert!(ran.stderr.contains("so they were not taken"), "{ran:?}");
    assert_eq!(follower.serves("writer"), "beta", "gamma is revoked");
    assert_eq!(
        follower.project.sqlite3("SELECT count(*) FROM skill_contents WHERE CAST(bytes AS TEXT) = 'other'"),
        "0"
    );
}
