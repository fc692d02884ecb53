//! A whole fleet under load, cuts and kills: every follower ends as its primary is, every use is there once, no load fails, and a
//! replica answers nothing that is older than what its reader wrote.
//! `CFN_FLEET_ROUNDS` makes it longer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::fleet::{Fleet, Follower};
use super::uses::{counted, through};
use super::watching::Watcher;
use crate::patience::{SetAtEnd, eventually};
use crate::postgres_server::{Network, Proxy};

const FOLLOWERS: usize = 5;

/// Loads and outcomes until it is told to stop; returns how many rows it logged.
fn work(number: usize, follower: &Follower, ended: &AtomicBool) -> usize {
    let mut rows = 0;
    let mut task = 0;
    while !ended.load(Ordering::Relaxed) {
        let (agent, name) = (format!("agent-{number}"), format!("task-{task}"));
        let report = follower.cfn(&["load", "writer", "--agent-id", &agent, "--task-id", &name, "--json"]).json();
        rows += report["skills"].as_array().map_or(0, Vec::len);
        let log =
            ["log", "beta", "--agent-id", &agent, "--agent-type", "writer", "--task-id", &name, "--exit-code", "0"];
        follower.cfn(&log).ok();
        task += 1;
    }
    rows
}

/// Kills the watcher again and again, and cuts, slows and silences the network.
fn trouble(number: usize, follower: &Follower, proxy: &Proxy, ended: &AtomicBool) {
    let mut turn = number;
    while !ended.load(Ordering::Relaxed) {
        let watcher = Watcher::of(follower, 1);
        for network in [Network::Passes(5), Network::Gone, Network::Passes(0), Network::Silent] {
            proxy.network(network);
            thread::sleep(Duration::from_millis(150 + 70 * (turn as u64 % 5)));
        }
        turn += 1;
        watcher.kill();
    }
    proxy.network(Network::Passes(0));
}

/// Whether a replica answers now, and what the primary does.
fn answers_alike(fleet: &Fleet) -> bool {
    let list = ["skill", "list", "--json", "-v"];
    let asked = fleet.office.command(list).env("CFN_SKILLS_DB_PATH", fleet.url()).output().expect("cfn runs");
    let ran = fleet.cfn(&list);
    ran.stderr.contains("a replica answers") && ran.stdout.as_bytes() == asked.stdout
}

#[test]
fn a_fleet_under_load_cuts_and_kills_ends_equal_with_every_use_once() {
    let rounds = std::env::var("CFN_FLEET_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(6);
    let mut fleet = Fleet::start();
    let replica = fleet.server.standby();
    fleet.replicas = replica.url("postgres");
    let followers: Vec<Follower> = (0..FOLLOWERS).map(|_| fleet.follower(&[])).collect();
    let proxies: Vec<Proxy> = followers.iter().map(|it| through(&fleet, it)).collect();
    let (ended, rows) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let _end = SetAtEnd(&ended);
        for (number, (follower, proxy)) in followers.iter().zip(&proxies).enumerate() {
            let (ended, rows) = (&ended, &rows);
            scope.spawn(move || rows.fetch_add(work(number, follower, ended), Ordering::Relaxed));
            scope.spawn(move || trouble(number, follower, proxy, ended));
        }
        for round in 0..rounds {
            let name = format!("new-{round}");
            fleet.deploy(&name, "Read it.", "tester");
            let shown = fleet.cfn(&["skill", "show", &name, "--json"]);
            assert_eq!(shown.json()["name"], name.as_str(), "what was written is read");
            fleet.update("gamma", &format!("Run it {round} times."));
            if round == rounds / 2 {
                fleet.cfn(&["skill", "revoke", "alpha", "--reason", "unsafe"]).ok();
            }
        }
    });
    let uses = rows.load(Ordering::Relaxed);
    assert!(uses > 0);
    eventually("the replica answers what the primary does", || answers_alike(&fleet));
    for (number, follower) in followers.iter().enumerate() {
        eventually("it is in step", || follower.cfn(&["sync"]).code == Some(0));
        follower.is_equal(&format!("follower {number}"));
        assert!(!follower.serves("tester").contains("alpha"), "follower {number}");
    }
    let counts = counted(&fleet);
    let counts: Vec<&str> = counts.split('|').collect();
    assert_eq!((counts[0], counts[1]), (uses.to_string().as_str(), counts[0]), "{counts:?}");
    let here: usize = followers
        .iter()
        .map(|it| {
            it.project.sqlite3("SELECT count(exit_code) FROM skill_usage_log").parse::<usize>().expect("a number")
        })
        .sum();
    assert_eq!(counts[2], here.to_string());
}
