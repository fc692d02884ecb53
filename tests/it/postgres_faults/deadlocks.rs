//! Another program and cfn wait for each other: the server ends one of them, and cfn runs again.

use std::thread;

use super::served::Served;
use crate::harness::Ran;
use crate::patience::eventually;
use crate::postgres_server::{Connection, Database, Way};

/// Whether cfn waits for a row in this database.
fn waits(administrator: &Connection) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'cfn' AND wait_event_type = 'Lock')";
    administrator.value(sql, &[])
}

fn deadlocks(administrator: &Connection) -> i64 {
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    administrator.value(sql, &[])
}

/// Two skills that cfn locks in this order, and another program that has the second one and is patient.
fn scene(database: &Database) -> (Served, Connection) {
    let served = Served::at(&database.url(Way::Direct));
    for name in ["alpha", "beta"] {
        served.deploy(name, "Read it.").ok();
    }
    let other = database.administrator();
    other.run("SET deadlock_timeout = '1h'; BEGIN; UPDATE cfn.skills SET owner = 'ann' WHERE name = 'beta'");
    (served, other)
}

#[test]
fn a_deadlock_with_another_program_ends_and_the_command_runs_again() {
    let database = Database::new();
    let (served, other) = scene(&database);
    let command = served.start(&["skill", "approve", "alpha", "beta", "--approver", "lead"]);
    let administrator = database.administrator();
    eventually("cfn waits for the second", || waits(&administrator));
    // It waits for cfn, until that is told of the deadlock and undoes what it did.
    other.run("UPDATE cfn.skills SET owner = 'ann' WHERE name = 'alpha'; COMMIT");
    Ran::from(command.wait_with_output().expect("it ends")).ok();
    eventually("the server has seen a deadlock", || deadlocks(&administrator) == 1);
    let decisions = "SELECT s.name, s.owner, count(*) FROM cfn.skills s
        JOIN cfn.approval_history h ON h.skill_id = s.id AND h.approver = 'lead' GROUP BY 1, 2 ORDER BY 1";
    assert_eq!(database.sql(decisions), "alpha|ann|1\nbeta|ann|1");
}

#[test]
fn a_deadlock_with_a_program_that_keeps_its_locks_is_busy_after_the_deadline() {
    let database = Database::new();
    let (served, other) = scene(&database);
    let mut command = served.command(&["skill", "approve", "alpha", "beta", "--approver", "lead", "--json"]);
    command.env("CFN_BUSY_TIMEOUT_MS", "2000");
    let command = thread::spawn(move || Ran::from(command.output().expect("cfn runs")));
    let administrator = database.administrator();
    eventually("cfn waits for the second", || waits(&administrator));
    other.run("UPDATE cfn.skills SET owner = 'ann' WHERE name = 'alpha'");
    command.join().expect("no panic").fails_as(8, "busy");
    other.run("ROLLBACK");
    assert_eq!(database.sql("SELECT count(*) FROM cfn.approval_history WHERE approver = 'lead'"), "0");
}
