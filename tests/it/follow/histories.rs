//! Primaries that are not what they were, and followers that are not where they were: whatever does not fit, everything is pulled.

use std::fs;

use super::fleet::{Fleet, Follower};
use crate::harness::Project;
use crate::patience::eventually;

#[test]
fn a_primary_that_was_restored_from_a_dump_is_noticed() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let dump = fleet.server.run("pg_dump", &["--dbname", &fleet.url()]);
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "too late for the dump"]).ok();
    follower.sync();
    assert_eq!(follower.serves("tester"), "gamma");
    let restored = fleet.server.fresh_database();
    let file = fleet.server.subfolder("dump").join("dump.sql");
    fs::write(&file, dump).expect("a file");
    fleet.server.run("psql", &["--quiet", "--dbname", &fleet.server.url(&restored), "--file", &file.to_string_lossy()]);
    let fleet = fleet.moved_to(&restored);
    // The same primary by its URL, as after its files were replaced.
    follower.project.sqlite3(&format!("UPDATE follow SET url = '{}'", fleet.url()));
    assert_eq!(follower.synced_all(), "another_history");
    follower.is_equal("restored");
    assert_eq!(follower.serves("tester"), "alpha gamma");
    fleet.update("alpha", "Read it again.");
    assert_eq!(follower.synced_all(), "");
    follower.is_equal("goes on");
}

#[test]
fn a_promoted_standby_is_followed_like_its_primary() {
    let mut fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let standby = fleet.server.standby();
    let refused = follower.follow(&standby.url("postgres"), &["--replace"]).fails(3);
    assert!(refused.contains("it is a replica"), "{refused}");
    fleet.server.stop();
    standby.sql("postgres", "SELECT pg_promote()");
    eventually("it is promoted", || standby.sql("postgres", "SELECT pg_is_in_recovery()") == "f");
    fleet.server = standby;
    follower.project.sqlite3(&format!("UPDATE follow SET url = '{}'", fleet.url()));
    assert_eq!(follower.synced_all(), "another_timeline");
    follower.is_equal("promoted");
    fleet.update("alpha", "Read it again.");
    assert_eq!(follower.synced_all(), "");
    follower.is_equal("goes on");
}

/// The volume of a primary goes back to an earlier moment: even its timeline is the same, and numbers of transactions come again.
#[test]
fn a_primary_that_went_back_is_noticed_by_who_saw_more() {
    let mut fleet = Fleet::start();
    let (saw_more, saw_less) = (fleet.follower(&[]), fleet.follower(&[]));
    fleet.server.stop();
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let status = std::process::Command::new("cp").arg("-rpT").arg(from).arg(to).status().expect("cp runs");
        assert!(status.success());
    };
    let snapshot = folder.path().join("snapshot");
    copy(&fleet.server.data(), &snapshot);
    fleet.server.launch();
    fleet.update("alpha", "It is lost.");
    saw_more.sync();
    assert!(saw_more.holds("It is lost."));
    fleet.server.stop();
    fs::remove_dir_all(fleet.server.data()).expect("removed");
    copy(&snapshot, &fleet.server.data());
    fleet.server.launch();
    fleet.update("beta", "It is new.");
    assert_eq!(saw_more.synced_all(), "another_history");
    assert_eq!(saw_less.synced_all(), "");
    for it in [&saw_more, &saw_less] {
        it.is_equal("went back");
        assert!(it.holds("It is new."));
    }
}

#[test]
fn transactions_without_a_trace_in_the_feed_do_not_hide_later_ones_of_a_primary_that_went_back() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    // A pull that saw higher numbers than the primary gives out next, as after such a snapshot.
    let next = fleet.sql("SELECT pg_current_xact_id()::text::bigint + 1000");
    follower.project.sqlite3(&format!("UPDATE follow SET cursor = '{next}:{next}:'"));
    fleet.update("beta", "It is new.");
    assert_eq!(follower.synced_all(), "");
    follower.is_equal("went back");
}

#[test]
fn a_follower_that_was_restored_or_copied_goes_on_from_there() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    follower.cfn(&["db", "backup", "old.db"]).ok();
    let copy = Follower { project: Project::copy_of(follower.project.path()) };
    for body in ["Read it twice.", "Read it thrice."] {
        fleet.update("alpha", body);
        follower.sync();
    }
    follower.cfn(&["db", "restore", "old.db"]).ok();
    assert_eq!(follower.synced_all(), "local_writes");
    assert_eq!(copy.synced_all(), "");
    for it in [&follower, &copy] {
        it.is_equal("restored");
    }
}

#[test]
fn another_primary_at_the_same_address_is_noticed_and_one_elsewhere_needs_a_word() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let other = Fleet::start();
    other.deploy("omega", "Other.", "tester");
    let failed = follower.project.fails_as(["db", "follow", &other.url()], 7, "database_occupied");
    assert!(failed["message"].as_str().is_some_and(|it| it.contains("3 skills")), "{failed}");
    follower.project.sqlite3(&format!("UPDATE follow SET url = '{}'", other.url()));
    assert_eq!(follower.synced_all(), "another_server");
    follower.is_equal("another primary");
    follower.follow(&fleet.url(), &["--replace"]).ok();
    follower.is_equal("and back");
    assert_eq!(follower.serves("tester"), "alpha gamma");
}

#[test]
fn a_follower_that_was_away_longer_than_the_feed_reaches_back_pulls_everything() {
    let fleet = Fleet::start();
    let (away, here) = (fleet.follower(&[]), fleet.follower(&[]));
    fleet.cfn(&["skill", "delete", "beta", "--yes", "--reason", "old"]).ok();
    fleet.update("alpha", "Read it twice.");
    for number in 0..20 {
        fleet.sql(&format!("UPDATE cfn.skills SET owner = 'o{number}' WHERE name = 'gamma'"));
    }
    here.sync();
    fleet.sql("UPDATE cfn.cfn_feed SET written = now() - interval '31 days'");
    fleet.cfn(&["db", "maintain"]).ok();
    let transactions = "SELECT count(DISTINCT xid) FROM cfn.cfn_feed";
    assert_eq!(fleet.sql(transactions), "16", "the newest ones stay, by which the database is known");
    assert_eq!((away.synced_all().as_str(), here.synced_all().as_str()), ("too_old", ""));
    for it in [&away, &here] {
        it.is_equal("trimmed");
    }
    fleet.update("alpha", "Read it thrice.");
    assert_eq!((away.synced_all().as_str(), here.synced_all().as_str()), ("", ""));
    away.is_equal("goes on");
}
