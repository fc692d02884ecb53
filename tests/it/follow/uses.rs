//! Uses of a follower's agents: each is on the primary once, whatever is cut, killed, copied or restored.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::fleet::{Fleet, Follower};
use crate::harness::Project;
use crate::postgres_server::{Cut, Proxy};

/// Uses, keys and outcomes on the primary; its sums are those of a scan.
#[track_caller]
pub(super) fn counted(fleet: &Fleet) -> String {
    fleet.cfn(&["analytics", "check"]).ok();
    fleet.sql("SELECT count(*), count(DISTINCT delivery_key), count(exit_code) FROM cfn.skill_usage_log")
}

pub(super) fn load(follower: &Follower, task: &str) {
    follower.cfn(&["load", "tester", "--agent-id", "a1", "--task-id", task]).ok();
}

pub(super) fn log(follower: &Follower, task: &str) {
    let skill = ["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--task-id", task, "--exit-code", "0"];
    follower.cfn(&skill).ok();
}

/// Its primary behind a proxy.
pub(super) fn through(fleet: &Fleet, follower: &Follower) -> Proxy {
    let proxy = Proxy::to(fleet.server.port, 0);
    let url = fleet.url().replace(&format!(":{}/", fleet.server.port), &format!(":{}/", proxy.port));
    follower.project.sqlite3(&format!("UPDATE follow SET url = '{url}'"));
    proxy
}

#[test]
fn a_use_and_its_outcome_are_pushed_once() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    load(&follower, "t1");
    log(&follower, "t1");
    load(&follower, "t2");
    // Another program's rows have no key before it is given one.
    follower.project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, exit_code) SELECT 'node', 'tester', min(id), 1 FROM skills",
    );
    let uses = follower.sync()["uses"].clone();
    assert_eq!((&uses["pushed"], &uses["completed"]), (&5.into(), &0.into()), "{uses}");
    assert_eq!(counted(&fleet), "5|5|2");
    log(&follower, "t2");
    let uses = follower.sync()["uses"].clone();
    assert_eq!((&uses["pushed"], &uses["completed"]), (&0.into(), &1.into()), "{uses}");
    assert_eq!(follower.sync()["uses"]["completed"], 0);
    assert_eq!(counted(&fleet), "5|5|3");
    let origin = follower.project.sqlite3("SELECT origin FROM follow");
    assert_eq!(fleet.sql("SELECT DISTINCT origin FROM cfn.skill_usage_log"), origin);
    let status = follower.cfn(&["db", "status", "--json"]).json();
    assert_eq!((&status["follows"]["unpushed"], &status["follows"]["origin"]), (&0.into(), &origin.into()));
}

#[test]
fn a_database_that_does_not_follow_notes_nothing() {
    let fleet = Fleet::start();
    let triggers = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'cfn_unpushed%'";
    let own = Project::new();
    assert_eq!(own.sqlite3(triggers), "0");
    let follower = fleet.follower(&[]);
    assert_eq!(follower.project.sqlite3(triggers), "2");
    load(&follower, "t1");
    follower.cfn(&["db", "unfollow"]).ok();
    load(&follower, "t2");
    assert_eq!(follower.project.sqlite3(triggers), "0");
    assert_eq!(follower.project.sqlite3("SELECT count(*) FROM usage_unpushed"), "0");
    let keys = "SELECT task_id, count(*), count(delivery_key) FROM skill_usage_log GROUP BY 1 ORDER BY 1";
    assert_eq!(follower.project.sqlite3(keys), "t1|2|2\nt2|2|0");
}

#[test]
fn uses_whose_acknowledgement_is_lost_are_offered_again_and_known() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let proxy = through(&fleet, &follower);
    load(&follower, "t1");
    for passes in [true, false] {
        for at in ["usage_received", "COMMIT\0"] {
            log(&follower, "t1");
            proxy.cut(Cut { at, passes, kills: None });
            follower.project.fails_as(["sync"], 9, "primary_unreachable");
            assert!(proxy.has_cut(), "{at} {passes}");
        }
    }
    follower.sync();
    let here = follower
        .project
        .sqlite3("SELECT count(*), count(DISTINCT delivery_key), count(exit_code) FROM skill_usage_log");
    assert_eq!(counted(&fleet), here);
    assert_eq!(follower.sync()["uses"]["pushed"], 0);
}

#[test]
fn a_push_that_is_killed_at_any_moment_doubles_and_loses_nothing() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let mut rows = 0;
    for number in 0..8_u64 {
        follower.project.sqlite3(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
             INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, exit_code) SELECT 'a' || i, 'tester', (SELECT min(id) FROM skills), 0 FROM n",
        );
        rows += 1500;
        let mut command = follower.project.command(["sync"]);
        let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("cfn starts");
        thread::sleep(Duration::from_millis(number * 15));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        follower.project.assert_whole();
    }
    follower.sync();
    assert_eq!(counted(&fleet), format!("{rows}|{rows}|{rows}"));
}

#[test]
fn while_the_primary_is_down_loads_go_on_and_uses_wait() {
    let mut fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    fleet.server.stop();
    load(&follower, "t1");
    log(&follower, "t1");
    let archive = follower.project.path().join("old.gz");
    follower.project.fails_as(
        ["db", "archive", "--before", "2999-01-01", "--to", &archive.to_string_lossy()],
        9,
        "primary_unreachable",
    );
    assert!(!archive.exists());
    let aged = |limit: &str| {
        let mut command = follower.project.command(["load", "tester", "--format", "names", "--json"]);
        crate::harness::Ran::from(command.env("CFN_MAX_STALENESS", limit).output().expect("cfn runs"))
    };
    assert_eq!(aged("3600:refuse").ok(), aged("3600").ok());
    follower.project.sqlite3("UPDATE follow SET pulled_at = '2020-01-01 00:00:00'");
    let warned = aged("3600");
    assert!(warned.stderr.contains("CFN_MAX_STALENESS allows 3600 s"), "{warned:?}");
    warned.ok();
    aged("3600:refuse").fails_as(7, "state_too_old");
    // A clock that was set back tells no age.
    follower.project.sqlite3("UPDATE follow SET pulled_at = '2999-01-01 00:00:00'");
    aged("3600:refuse").fails_as(7, "state_too_old");
    fleet.server.launch();
    assert_eq!(follower.sync()["uses"]["pushed"], 2);
    assert_eq!(counted(&fleet), "2|2|1");
    aged("3600:refuse").ok();
    let moved =
        follower.cfn(&["db", "archive", "--before", "2999-01-01", "--to", &archive.to_string_lossy(), "--json"]).json();
    assert_eq!(moved["moved"], 2);
    follower.cfn(&["db", "unarchive", &archive.to_string_lossy()]).ok();
    assert_eq!(follower.sync()["uses"]["pushed"], 0, "they are offered again, and known");
    assert_eq!(counted(&fleet), "2|2|1");
}

#[test]
fn copies_of_a_follower_push_the_same_use_once() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    load(&follower, "t1");
    let copy = Follower { project: Project::new() };
    let backup = follower.project.path().join("copy.db");
    follower.cfn(&["db", "backup", &backup.to_string_lossy()]).ok();
    fs::copy(&backup, copy.project.database()).expect("a copy");
    log(&copy, "t1");
    follower.sync();
    copy.sync();
    load(&copy, "t2");
    load(&follower, "t2");
    copy.sync();
    follower.sync();
    assert_eq!(counted(&fleet), "6|6|1");
}

#[test]
fn a_primary_that_was_restored_gets_every_use_again_and_none_twice() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    load(&follower, "t1");
    follower.sync();
    load(&follower, "t2");
    log(&follower, "t2");
    follower.sync();
    assert_eq!(counted(&fleet), "4|4|1");
    // As after a restore from before the second task.
    fleet.sql(
        "DELETE FROM cfn.usage_received WHERE delivery_key IN (SELECT delivery_key FROM cfn.skill_usage_log WHERE task_id = 't2');
         DELETE FROM cfn.skill_usage_log WHERE task_id = 't2'; UPDATE cfn.cfn_feed SET random = gen_random_uuid()",
    );
    let synced = follower.sync();
    assert_eq!((&synced["everything"], &synced["uses"]["pushed"]), (&"another_history".into(), &2.into()), "{synced}");
    assert_eq!(counted(&fleet), "4|4|1");
}

#[test]
fn a_primary_that_takes_no_uses_keeps_no_decision_away() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    load(&follower, "t1");
    fleet.sql("ALTER TABLE cfn.usage_received ADD CONSTRAINT is_full CHECK (false) NOT VALID");
    fleet.update("alpha", "Read it twice.");
    let ran = follower.cfn(&["sync"]);
    assert!(ran.stderr.contains("refused uses"), "{ran:?}");
    ran.ok();
    follower.is_equal("a refused push");
    fleet.sql("ALTER TABLE cfn.usage_received DROP CONSTRAINT is_full");
    assert_eq!(follower.sync()["uses"]["pushed"], 2);
}

#[test]
fn a_follower_that_needs_less_from_now_on_keeps_the_uses_of_the_rest_until_they_are_pushed() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    follower.cfn(&["load", "writer", "--agent-id", "a1", "--task-id", "t1"]).ok();
    fleet.sql("ALTER TABLE cfn.usage_received ADD CONSTRAINT is_full CHECK (false) NOT VALID");
    let narrowed = follower.follow(&fleet.url(), &["--agents", "tester"]);
    assert!(narrowed.stderr.contains("refused uses"), "{narrowed:?}");
    let unpushed = || follower.cfn(&["db", "status", "--json"]).json()["follows"]["unpushed"].clone();
    assert_eq!((unpushed(), follower.project.sqlite3("SELECT count(*) FROM skill_usage_log")), (2.into(), "2".into()));
    // Decisions arrive meanwhile, also about what is kept.
    fleet.update("beta", "Write it twice.");
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "unsafe"]).ok();
    follower.sync();
    assert_eq!((follower.serves("tester"), unpushed()), ("gamma".to_owned(), 2.into()));
    follower.is_equal("a refused push of what is not needed");
    fleet.sql("ALTER TABLE cfn.usage_received DROP CONSTRAINT is_full");
    follower.sync();
    assert_eq!((unpushed(), counted(&fleet)), (0.into(), "2|2|0".into()));
    assert_eq!(follower.project.sqlite3("SELECT name FROM skills ORDER BY name"), "alpha\ngamma");
    follower.is_equal("narrowed");
}

/// Uses of another program, with ids that cfn itself would refuse.
fn log_long(follower: &Follower, agent: &str, task: &str, key: &str) {
    follower.project.sqlite3(&format!(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, delivery_key)
         SELECT {agent}, 'tester', min(id), {task}, {key} FROM skills"
    ));
}

#[test]
fn uses_with_ids_that_no_index_holds_are_pushed_shortened_and_stay_apart() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    load(&follower, "t1");
    let noise = "hex(randomblob(4500))";
    log_long(&follower, "'a'", noise, "NULL");
    log_long(&follower, noise, noise, "NULL");
    log_long(&follower, "'a'", &format!("printf('%.3000c', 'x') || {noise}"), "NULL");
    log_long(&follower, "'a'", &format!("printf('%.3000c', 'x') || {noise}"), "NULL");
    log_long(&follower, "'a'", "'t2'", noise);
    load(&follower, "t3");
    let uses = follower.sync()["uses"].clone();
    assert_eq!((&uses["pushed"], &uses["failed"]), (&9.into(), &serde_json::Value::Null), "{uses}");
    assert_eq!(counted(&fleet), "9|9|0");
    let tasks = "SELECT count(DISTINCT task_id), max(octet_length(task_id)) FROM cfn.skill_usage_log";
    assert_eq!(fleet.sql(tasks), "7|1000");
    assert_eq!(follower.sync()["uses"]["pushed"], 0);
}

#[test]
fn a_use_that_the_primary_refuses_stops_no_other() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    fleet.sql(
        "CREATE FUNCTION cfn.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.task_id IN ('bad', 'worse') THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER trap BEFORE INSERT ON cfn.skill_usage_log FOR EACH ROW EXECUTE FUNCTION cfn.trap()",
    );
    for task in ["t1", "bad", "t2", "worse", "t3"] {
        load(&follower, task);
    }
    let ran = follower.cfn(&["sync"]);
    assert!(ran.stderr.contains("not this one"), "{ran:?}");
    ran.ok();
    assert_eq!(fleet.sql("SELECT string_agg(DISTINCT task_id, ' ') FROM cfn.skill_usage_log"), "t1 t2 t3");
    load(&follower, "t4");
    follower.cfn(&["sync"]).ok();
    assert_eq!(counted(&fleet), "8|8|0", "each load uses two skills");
    assert_eq!(follower.project.sqlite3("SELECT count(*) FROM usage_unpushed"), "4");
    fleet.sql("DROP TRIGGER trap ON cfn.skill_usage_log");
    assert_eq!(follower.sync()["uses"]["pushed"], 4);
    assert_eq!(counted(&fleet), "12|12|0");
}
