//! A database on a server that is gone, refuses, or loses connections: nothing is half written, and doing it again is safe.

mod checks;
mod clocks;
mod deadlocks;
mod definitions;
mod dumps;
mod hanging;
mod roles;
mod served;
mod servers;
mod standbys;
mod writers;

use std::sync::atomic::Ordering;

use cfn::model::ApprovalLevel::Auto;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{Durability, NameKind, Result, Store, StoreError, Transaction, write};
use jiff::Timestamp;

use self::served::Served;
use crate::postgres_server::{Database, Server, Way, server_of};
use crate::store_contract::insert;

fn open(url: &str) -> PostgresStore {
    PostgresStore::open(&server_of(url), Options::default()).expect("opened")
}

fn names(store: &mut PostgresStore) -> Result<Vec<String>> {
    let mut names = store.read()?.names(NameKind::Skill)?;
    names.sort();
    Ok(names)
}

/// Adds a skill, unless it is there.
fn add(store: &mut PostgresStore, skill: &str) -> Result<()> {
    write(store, Durability::Full, |tx| add_missing(tx, skill))
}

fn add_missing(tx: &mut dyn Transaction, skill: &str) -> Result<()> {
    if !tx.names(NameKind::Skill)?.iter().any(|it| it == skill) {
        insert(tx, skill, skill.as_bytes(), Auto);
    }
    Ok(())
}

#[test]
fn a_lost_answer_to_the_commit_is_an_unknown_outcome_and_doing_it_again_is_safe() {
    let database = Database::new();
    let proxy = database.proxy(1);
    let mut store = open(&database.url_through(&proxy));
    let lost = add(&mut store, "jwt");
    assert!(matches!(lost, Err(StoreError::OutcomeUnknown { .. })), "{lost:?}");
    assert_eq!(proxy.lost.load(Ordering::SeqCst), 1);
    add(&mut store, "jwt").expect("it connects again");
    assert_eq!(names(&mut store).expect("names"), ["jwt"]);
}

#[test]
fn a_command_that_gets_no_answer_to_its_commit_says_so_and_shows_the_outcome_when_it_runs_again() {
    let database = Database::new();
    let proxy = database.proxy(1);
    let served = Served::at(&database.url_through(&proxy));
    let error = served.deploy("alpha", "Read it.").fails_as(3, "outcome_unknown");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("safe")), "{error}");
    let id = database.sql("SELECT id FROM cfn.skills WHERE name = 'alpha'");
    assert_eq!(served.deploy("alpha", "Read it.").json()["id"].to_string(), id);
    assert_eq!(database.sql("SELECT count(*) FROM cfn.skill_versions"), "1");
}

#[test]
fn a_connection_that_ends_within_a_transaction_undoes_it_and_the_next_one_connects_again() {
    let database = Database::new();
    let mut store = open(&database.url(Way::Direct));
    let cut = write(&mut store, Durability::Full, |tx| {
        insert(tx, "jwt", b"jwt", Auto);
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        tx.names(NameKind::Skill)
    });
    assert!(matches!(cut, Err(StoreError::Unreachable { .. })), "{cut:?}");
    assert_eq!(names(&mut store).expect("it connects again"), [""; 0]);
    add(&mut store, "jwt").expect("added");
}

#[test]
fn a_connection_that_ends_before_the_commit_is_an_unknown_outcome_and_doing_it_again_is_safe() {
    let database = Database::new();
    let mut store = open(&database.url(Way::Direct));
    let cut = write(&mut store, Durability::Full, |tx| {
        insert(tx, "jwt", b"jwt", Auto);
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        Ok(())
    });
    assert!(matches!(cut, Err(StoreError::OutcomeUnknown { .. })), "{cut:?}");
    assert_eq!(names(&mut store).expect("it connects again"), [""; 0]);
    add(&mut store, "jwt").expect("added");
}

#[test]
fn a_read_only_server_is_read_and_refuses_writes() {
    let database = Database::new();
    add(&mut open(&database.url(Way::Direct)), "jwt").expect("added");
    let name = database.sql("SELECT current_database()");
    database.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let mut store = open(&database.url(Way::Direct));
    let refused = write(&mut store, Durability::Full, |tx| tx.back_off(Some(Timestamp::UNIX_EPOCH)));
    assert!(matches!(refused, Err(StoreError::Denied { action: "write", .. })), "{refused:?}");
    assert_eq!(names(&mut store).expect("names"), ["jwt"]);
}

#[test]
fn a_server_that_crashes_within_a_transaction_has_nothing_of_it_afterwards() {
    let mut server = Server::start();
    let url = server.url("postgres");
    assert!(PostgresStore::create(&server_of(&url), Options::default()).expect("created"));
    let mut store = open(&url);
    add(&mut store, "before").expect("added");
    let crashed = write(&mut store, Durability::Full, |tx| {
        add_missing(tx, "within")?;
        server.stop_immediately();
        add_missing(tx, "after")
    });
    assert!(matches!(crashed, Err(StoreError::Unreachable { .. })), "{crashed:?}");
    let gone = add(&mut store, "gone");
    assert!(matches!(gone, Err(StoreError::Unreachable { .. })), "{gone:?}");
    server.launch();
    assert_eq!(names(&mut store).expect("it connects again"), ["before"]);
    add(&mut store, "within").expect("added");
}

#[test]
fn a_missing_right_is_said_and_nothing_is_half_written() {
    let database = Database::new();
    let mut store = open(&database.url(Way::Direct));
    database.sql("REVOKE INSERT ON cfn.edge_case_tracking FROM cfn_owner");
    let refused = write(&mut store, Durability::Full, |tx| {
        let skill = insert(tx, "jwt", b"jwt", Auto);
        let now = crate::store_contract::at(crate::store_contract::NOW);
        let case = cfn::store::NewEdgeCase {
            description: "it fails",
            failure_reason: None,
            input_parameters: None,
            expected_output: None,
            actual_output: None,
            severity: None,
            now,
        };
        tx.record_edge_case(skill, &case)
    });
    assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");
    assert_eq!(names(&mut store).expect("names"), [""; 0]);
}

#[test]
fn a_search_path_and_objects_of_the_same_names_change_nothing() {
    let database = Database::new();
    let name = database.name();
    database.sql(&format!(
        "CREATE SCHEMA hostile; GRANT USAGE ON SCHEMA hostile TO PUBLIC;
         CREATE TABLE hostile.skills (name text); INSERT INTO hostile.skills VALUES ('decoy');
         CREATE VIEW hostile.skill_contents AS SELECT 'h' AS hash, 'decoy'::bytea AS bytes;
         CREATE FUNCTION hostile.lower(text) RETURNS text LANGUAGE sql AS 'SELECT 1 / 0 || $1';
         CREATE FUNCTION hostile.cfn_time(text) RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(1 / 0)';
         CREATE FUNCTION hostile.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 = 1';
         CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.equal);
         GRANT SELECT ON ALL TABLES IN SCHEMA hostile TO PUBLIC;
         ALTER DATABASE {name} SET search_path = hostile, nonsense;
         ALTER ROLE cfn_owner IN DATABASE {name} SET search_path = hostile, pg_catalog, cfn"
    ));
    for way in [Way::Direct, Way::Bouncer] {
        let mut store = open(&database.url(way));
        add(&mut store, "jwt").expect("added");
        assert_eq!(names(&mut store).expect("names"), ["jwt"]);
    }
    let served = Served::at(&database.url(Way::Direct));
    served.deploy("alpha", "Read it.").ok();
    served.cfn(&["load", "tester", "--agent-id", "a1"]).ok();
    served.cfn(&["analytics"]).ok();
    assert_eq!(served.loaded(), "alpha\n");
    served.cfn(&["db", "check"]).ok();
}

#[test]
fn limits_that_an_administrator_set_are_named_and_undo_the_command() {
    let database = Database::new();
    let name = database.name();
    database.sql(&format!("ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '50ms'"));
    let mut store = open(&database.url(Way::Direct));
    let idle = write(&mut store, Durability::Full, |tx| {
        insert(tx, "jwt", b"jwt", Auto);
        std::thread::sleep(std::time::Duration::from_millis(500));
        tx.names(NameKind::Skill)
    });
    assert!(matches!(&idle, Err(StoreError::Unreachable { detail, .. }) if detail.contains("25P03")), "{idle:?}");
    assert_eq!(names(&mut store).expect("it connects again"), [""; 0]);
    database.sql(&format!(
        "ALTER DATABASE {name} RESET ALL; ALTER DATABASE {name} SET statement_timeout = '200ms';
         CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
         CREATE TRIGGER slow AFTER INSERT ON cfn.agent_skill_mappings FOR EACH ROW EXECUTE FUNCTION public.slow()"
    ));
    let served = Served::at(&database.url(Way::Direct));
    let error = served.deploy("alpha", "Read it.").fails_as(3, "database_failed");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("statement timeout")), "{error}");
    assert_eq!(database.sql("SELECT count(*) FROM cfn.skills"), "0");
}
