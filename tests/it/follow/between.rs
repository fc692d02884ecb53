//! What lies between a follower and its primary: a pooler, and clocks that differ.

use std::fs;
use std::process::Command;

use super::fleet::Fleet;
use super::uses::{counted, load, log};
use super::watching::Watcher;
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::{Database, Server, Way};

/// The URL without its password, and the line of a password file that has it.
fn apart(url: &str) -> (String, String) {
    let (user, place) = url.split_once('@').expect("a role");
    let (role, password) = user.trim_start_matches("postgresql://").split_once(':').expect("a password");
    (format!("postgresql://{role}@{place}"), format!("127.0.0.1:*:*:{role}:{}\n", password.replace("%20", " ")))
}

#[test]
fn a_pooler_that_swallows_notifications_costs_a_second_and_nothing_else() {
    let primary = Database::new();
    let (url, line) = apart(&primary.url(Way::Bouncer));
    let (office, project) = (Project::empty(), Project::new());
    let passwords = project.file("passwords", line);
    fs::set_permissions(&passwords, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changed");
    let follower = |args: &[&str]| -> Command {
        let mut command = project.command(args);
        command.env("PGPASSFILE", &passwords).env("CFN_FOLLOW_SECONDS", "1");
        command
    };
    let run = |args: &[&str]| -> Ran { follower(args).output().expect("cfn runs").into() };
    let direct = primary.url(Way::Direct);
    let decide = |args: &[&str]| office.command(args).env("CFN_SKILLS_DB_PATH", &direct).output().expect("cfn runs");
    let deploy = |name: &str| {
        let file = office.skill(name, "Read it.");
        Ran::from(decide(&["deploy", "7", name, &file.to_string_lossy(), "testing", "tester"])).ok();
    };
    deploy("alpha");
    run(&["db", "follow", &url]).ok();
    let watcher = Watcher::by(follower(&["sync", "--watch"]));
    let serves = |skills: &str| {
        let ran = run(&["load", "tester", "--format", "names"]).ok();
        ran.split_whitespace().collect::<Vec<_>>().join(" ") == skills
    };
    deploy("beta");
    eventually("the second one is here", || serves("alpha beta"));
    run(&["load", "tester", "--agent-id", "a1", "--task-id", "t1"]).ok();
    let uses = "SELECT count(*), count(DISTINCT delivery_key) FROM cfn.skill_usage_log";
    eventually("uses are there", || primary.sql(uses) == "2|2");
    Ran::from(decide(&["skill", "revoke", "alpha", "--reason", "unsafe"])).ok();
    eventually("it is revoked", || serves("beta"));
    watcher.end();
    let checked = run(&["sync", "--check", "--json"]).json();
    assert!(checked["compared_rows"].as_u64().is_some_and(|it| it > 0) && checked["pulled"]["rows"] == 0, "{checked}");
}

#[test]
fn clocks_that_are_hours_apart_hide_no_decision_and_no_use() {
    let mut server = Server::prepare();
    let clock = server.subfolder("clock").join("offset");
    fs::write(&clock, "+0").expect("written");
    server.launch_with_clock(&clock);
    let fleet = Fleet::of(server);
    let follower = fleet.follower(&[]);
    for (number, offset) in ["+7200", "-7200", "+5184000", "-5184000", "+0"].into_iter().enumerate() {
        fs::write(&clock, offset).expect("written");
        fleet.update("gamma", &format!("Run it {number} times."));
        fleet.deploy(&format!("new-{number}"), "Read it.", "tester");
        load(&follower, &format!("t{number}"));
        log(&follower, &format!("t{number}"));
        // Also where what is older than 30 days goes, by a clock that is months ahead.
        fleet.cfn(&["db", "maintain"]).ok();
        follower.sync();
        assert!(follower.serves("tester").contains(&format!("new-{number}")), "{offset}");
        let state = follower.cfn(&["db", "status", "--json"]).json()["follows"].clone();
        assert!(state["seconds_behind"].as_u64().is_some_and(|it| it < 600), "by its own clock: {state}");
        assert_eq!(state["unpushed"], 0, "{offset}");
        follower.is_equal(offset);
    }
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "unsafe"]).ok();
    follower.sync();
    assert!(!follower.serves("tester").contains("alpha"));
    let counts = counted(&fleet);
    let [rows, keys, _] = counts.split('|').collect::<Vec<_>>()[..] else { panic!("{counts}") };
    assert_eq!(rows, keys);
    assert_eq!(rows, follower.project.sqlite3("SELECT count(*) FROM skill_usage_log"));
}

#[test]
fn an_export_follows_what_is_revoked_on_the_primary() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let export = Watcher::by(follower.project.command(["export", "out", "--agent", "tester", "--prune", "--watch"]));
    let there = |name: &str| follower.project.path().join("out").join(name).join("SKILL.md").exists();
    eventually("it is exported", || there("alpha") && there("gamma"));
    let watcher = Watcher::of(&follower, 1);
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "unsafe"]).ok();
    eventually("it is gone", || !there("alpha"));
    assert!(there("gamma"));
    export.end();
    watcher.end();
}
