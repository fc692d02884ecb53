//! A server that hangs ends a command after a bounded time; one that is only slow does not.

use std::time::Duration;

use cfn::model::ApprovalLevel::Auto;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{Durability, NameKind, StoreError, write};

use super::{add, names};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::{Bouncer, Connection, Server, kill, server_of};
use crate::store_contract::insert;

/// The patience of cfn depends on the time limit of connecting: it is silent about six seconds, where this is one.
fn impatient(url: &str, seconds: u32) -> String {
    format!("{url}?connect_timeout={seconds}")
}

fn open(url: &str) -> PostgresStore {
    let options = Options { lock_timeout: Duration::from_millis(50), ..Options::default() };
    PostgresStore::open(&server_of(url), options).expect("opened")
}

/// Locks the skills, so that a command waits for them.
fn locked(url: &str) -> Connection {
    let other = Connection::to(url);
    other.run("BEGIN; LOCK TABLE cfn.skills");
    other
}

/// Whether somebody waits for a lock of a table.
fn waits(administrator: &Connection) -> bool {
    administrator.value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IS NOT NULL)", &[])
}

#[test]
fn a_server_that_hangs_within_a_transaction_or_at_its_commit_ends_the_wait_and_has_all_of_it_or_nothing() {
    let server = Server::start();
    let url = impatient(&server.url("postgres"), 1);
    assert!(PostgresStore::create(&server_of(&url), Options::default()).expect("created"));
    let mut store = open(&url);
    let within = write(&mut store, Durability::Full, |tx| {
        insert(tx, "within", b"within", Auto);
        server.signal("-STOP");
        tx.names(NameKind::Skill)
    });
    server.signal("-CONT");
    assert!(matches!(within, Err(StoreError::Unreachable { .. })), "{within:?}");
    assert_eq!(names(&mut store).expect("it connects again"), [""; 0]);
    let at_commit = write(&mut store, Durability::Full, |tx| {
        insert(tx, "at-commit", b"at-commit", Auto);
        server.signal("-STOP");
        Ok(())
    });
    server.signal("-CONT");
    assert!(matches!(at_commit, Err(StoreError::OutcomeUnknown { .. })), "{at_commit:?}");
    add(&mut store, "at-commit").expect("doing it again is safe");
    assert_eq!(names(&mut store).expect("names"), ["at-commit"]);
}

#[test]
fn a_command_whose_server_hangs_says_that_it_is_unreachable() {
    let (server, project) = (Server::start(), Project::empty());
    let url = server.url("postgres");
    let cfn = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", impatient(&url, 1)).env("CFN_BUSY_TIMEOUT_MS", "5000");
        command
    };
    Ran::from(cfn(&["init"]).output().expect("cfn runs")).ok();
    let (administrator, _other) = (Connection::to(&url), locked(&url));
    let command = cfn(&["skill", "list", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let command = command.expect("cfn runs");
    eventually("the command waits", || waits(&administrator));
    server.signal("-STOP");
    let ran: Ran = command.wait_with_output().expect("it ends").into();
    server.signal("-CONT");
    let said = ran.fails_as(3, "database_unreachable")["message"].to_string();
    assert!(said.contains("no answer within"), "{said}");
}

#[test]
fn a_statement_that_takes_long_on_a_server_that_answers_is_waited_for() {
    let server = Server::start();
    let url = impatient(&server.url("postgres"), 2); // a slow machine answers within two seconds
    assert!(PostgresStore::create(&server_of(&url), Options::default()).expect("created"));
    let mut store = open(&url);
    add(&mut store, "jwt").expect("added");
    let session = server.sql("postgres", "SELECT pid FROM pg_stat_activity WHERE application_name = 'cfn'");
    let session: u32 = session.parse().expect("one session");
    kill("-STOP", &[session]);
    let reader = std::thread::spawn(move || names(&mut store));
    std::thread::sleep(Duration::from_secs(14)); // it has asked meanwhile
    assert!(!reader.is_finished());
    kill("-CONT", &[session]);
    assert_eq!(reader.join().expect("no panic").expect("names"), ["jwt"]);
}

#[test]
fn a_server_or_a_pooler_that_hangs_behind_a_pooler_ends_the_wait() {
    let server = Server::start();
    assert!(PostgresStore::create(&server_of(&server.url("postgres")), Options::default()).expect("created"));
    let bouncer = Bouncer::of(&server, &[("cfn_test", "open gate")]);
    let url = impatient(&format!("postgresql://cfn_test:open%20gate@127.0.0.1:{}/postgres", bouncer.port), 1);
    let mut store = open(&url);
    let hangs: [&dyn Fn(&str); 2] = [&|it| server.signal(it), &|it| bouncer.signal(it)];
    for (turn, hang) in hangs.iter().enumerate() {
        let within = write(&mut store, Durability::Full, |tx| {
            insert(tx, "within", b"within", Auto);
            hang("-STOP");
            tx.names(NameKind::Skill)
        });
        hang("-CONT");
        assert!(matches!(within, Err(StoreError::Unreachable { .. })), "{turn}: {within:?}");
        assert_eq!(names(&mut store).expect("it connects again"), [""; 0]);
    }
}
