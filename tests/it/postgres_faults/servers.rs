//! A server that is restarted, runs out of space, or is told not to answer a COMMIT.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use super::served::Served;
use super::{add, add_missing, names, open};
use crate::batch::Batch;
use crate::patience::eventually;
use crate::postgres_server::{Connection, Server, server_of, somebody};
use crate::small_disk::SmallDisk;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{Durability, StoreError, write};

#[test]
fn a_server_that_is_restarted_is_used_again_and_a_batch_answers_every_request() {
    let mut server = Server::start();
    let team = Served::created(&server.url("postgres"));
    team.deploy("alpha", "Read it.").ok();
    let mut batch = Batch::start(&team.project, &["--db", &team.url]);
    let request = r#"{"agent_type": "tester"}"#;
    let before = batch.ask(request);
    server.stop();
    team.deploy("beta", "Write it.").fails_as(3, "database_unreachable");
    let error = batch.ask(request);
    assert_eq!(error["error"]["kind"], "database_unreachable", "{error}");
    server.launch();
    team.deploy("beta", "Write it.").ok();
    let has_both = |answer: &Value| answer["skills"].as_array().is_some_and(|it| it.len() == 2);
    let answers = [batch.ask(request), batch.ask(request)];
    assert!(has_both(&answers[1]) && (has_both(&answers[0]) || !answers[0]["error"].is_null()), "{answers:?} {before}");
    batch.end();
}

/// Text that cannot be compressed.
fn noise(bytes: usize) -> String {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut text = String::new();
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        write!(text, "{state:x} ").expect("text");
    }
    text
}

#[test]
fn a_server_without_space_refuses_a_write_keeps_what_it_had_and_works_again_with_space() {
    let mut server = Server::without_data();
    let disk = SmallDisk::at(&server.subfolder("data"), 100 << 20, somebody());
    server.make_data();
    server.launch();
    let team = Served::created(&server.url("postgres"));
    team.deploy("alpha", "Read it.").ok();
    let filler = disk.fill();
    let text = noise(400_000);
    let error = team.deploy("beta", &text).fails_as(3, "disk_full");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("on the server")), "{error}");
    let update = ["update", "alpha", &team.skill("alpha", &text), "--patch", "--json"];
    team.cfn(&update).fails_as(3, "disk_full");
    assert_eq!(team.loaded(), "alpha\n");
    assert_eq!(server.sql("postgres", "SELECT name, version FROM cfn.skills"), "alpha|1.0.0");
    fs::remove_file(filler).expect("space");
    team.deploy("beta", &text).ok();
    team.cfn(&update).ok();
    team.cfn(&["db", "check"]).ok();
    server.stop();
}

#[test]
fn a_connection_that_ends_in_the_commit_is_an_unknown_outcome_and_doing_it_again_is_safe() {
    let server = Server::start();
    let url = server.url("postgres");
    assert!(PostgresStore::create(&server_of(&url), Options::default()).expect("created"));
    // A COMMIT waits for a standby that there is not.
    server.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let administrator = Connection::to(&url);
    let writer = std::thread::spawn(move || {
        let mut store = open(&url);
        (write(&mut store, Durability::Full, |tx| add_missing(tx, "jwt")), store)
    });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    eventually("it waits in COMMIT", || administrator.value::<i64>(waiting, &[]) == 1);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    assert!(administrator.value::<bool>(end, &[]));
    let (cut, mut store) = writer.join().expect("no panic");
    assert!(matches!(cut, Err(StoreError::OutcomeUnknown { .. })), "{cut:?}");
    server.sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
    server.sql("postgres", "SELECT pg_reload_conf()");
    add(&mut store, "jwt").expect("it connects again");
    assert_eq!(names(&mut store).expect("names"), ["jwt"]);
}

#[test]
fn each_refusal_to_connect_has_a_hint_of_its_own() {
    let server = Server::start();
    server.sql("postgres", "CREATE ROLE crowd LOGIN PASSWORD 'sesame' CONNECTION LIMIT 0");
    server.sql("postgres", "CREATE DATABASE closed ALLOW_CONNECTIONS false");
    let url = server.url("postgres");
    let with = |user: &str, database: &str, more: &str| {
        let (_, place) = url.split_once('@').expect("a user");
        let place = place.strip_suffix("/postgres").expect("a database");
        format!("postgresql://{user}@{place}/{database}{more}")
    };
    let project = crate::harness::Project::empty();
    for (url, hint) in [
        (with("crowd:sesame", "postgres", ""), "All connections are taken"),
        (with("cfn_test", "no_such_database", ""), "Create the database"),
        (with("no_such_role", "postgres", ""), "pg_hba.conf"),
        (with("cfn_test", "closed", ""), "Mend what the server's message says"),
        (with("cfn_test", "postgres", "?options=-c%20nonsense%3D1"), "Mend what the server's message says"),
    ] {
        let ran = project.cfn(["skill", "list", "--db", &url, "--json"]);
        let error = ran.fails_as(3, "database_refused");
        assert!(error["hint"].as_str().is_some_and(|it| it.contains(hint)), "{url}: {error}");
    }
    let error = project.cfn(["skill", "list", "--db", &with("cfn_test", "postgres", "?sslmode=require"), "--json"]);
    let error = error.fails_as(3, "database_unreachable");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("TLS")), "{error}");
}
