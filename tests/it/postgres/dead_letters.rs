//! A row that cannot be delivered stops nothing but itself, and is a dead letter after three attempts.

use std::time::{Duration, Instant};

use super::{Dual, Running};
use crate::patience::eventually;

/// A trigger before each execution: `{what}` happens where the task is one of `{tasks}`.
fn trigger(dual: &Dual, tasks: &str, what: &str) {
    dual.sql(&format!(
        "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.task_id IN ({tasks}) THEN {what}; END IF; RETURN NEW; END $$;
         CREATE TRIGGER trap BEFORE INSERT ON skill_executions FOR EACH ROW EXECUTE FUNCTION trap()"
    ));
}

fn log_all(dual: &Dual, tasks: &[&str]) {
    for task in tasks {
        dual.log("review", task);
    }
}

fn ready() -> Dual {
    let dual = Dual::new();
    dual.deploy(1, "review");
    dual.ok(["sync"]);
    dual
}

/// A session that holds what the statement locks, until it is dropped.
fn locking(dual: &Dual, statement: &str) -> Running {
    let sql = format!("BEGIN; {statement}; SELECT pg_sleep(120)");
    let mut command = std::process::Command::new("psql");
    command.args(["-q", "-c", &sql, &dual.url]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let running = Running(command.spawn().expect("psql runs"));
    eventually("the lock is held", || {
        let held =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN;%pg_sleep%' AND wait_event = 'PgSleep'
          AND datname = current_database()";
        dual.sql(held) == "1"
    });
    running
}

#[test]
fn a_row_that_fails_each_time_is_a_dead_letter_after_three_attempts_and_the_rest_goes_on() {
    for (what, says) in [
        ("PERFORM pg_sleep(30)", "57014"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = 'ZZ001'", "ZZ001"),
        ("PERFORM * FROM no_such_table", "42P01"),
        ("PERFORM 1 / length('')", "22012"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = '40001'", "40001"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = 'XX000'", "XX000"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = '53000'", "53000"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = '28000'", "28000"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = '25006'", "25006"),
        ("RAISE EXCEPTION 'no' USING ERRCODE = '3D000'", "3D000"),
    ] {
        let dual = ready();
        trigger(&dual, "'bad'", what);
        log_all(&dual, &["t1", "bad", "t2"]);
        let first = dual.cfn(["sync"]);
        assert_eq!(dual.tasks(), "t1=1 t2=1", "{what}: {first:?}");
        assert!(first.stderr.contains(says), "{what}: {first:?}");
        first.ok();
        for _ in 0..2 {
            dual.ok(["sync"]);
        }
        let status = dual.cfn(["sync", "status", "--json"]).json();
        assert_eq!((&status["waiting"], &status["dead_letters"]), (&0.into(), &1.into()), "{what}: {status}");
        let reason = status["dead_letter_rows"][0]["reason"].as_str().expect("a reason").to_owned();
        assert!(reason.contains(says), "{what}: {reason}");
        dual.sql("DROP TRIGGER trap ON skill_executions");
        dual.ok(["sync", "retry"]);
        assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n");
        assert_eq!(dual.tasks(), "bad=1 t1=1 t2=1");
    }
}

#[test]
fn a_row_that_breaks_the_connection_each_time_stops_no_other() {
    let dual = ready();
    trigger(&dual, "'bad'", "PERFORM pg_terminate_backend(pg_backend_pid())");
    log_all(&dual, &["t1", "bad", "t2", "t3"]);
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "t1=1 t2=1 t3=1");
    assert_eq!(dual.cfn(["sync", "status", "--json"]).json()["failing"], 1);
}

#[test]
fn a_failure_is_said_and_waits_for_a_while_in_the_background() {
    let dual = ready();
    trigger(&dual, "'bad'", "RAISE EXCEPTION 'no' USING ERRCODE = 'ZZ001'");
    log_all(&dual, &["bad"]);
    let ran = dual.cfn(["sync"]);
    assert!(ran.stderr.contains("a delivery failed and will be retried: no [ZZ001]"), "{ran:?}");
    assert_eq!(ran.ok(), "0 delivered, 1 failed, 0 dead letters\n");
    let text = dual.ok(["sync", "status"]);
    assert!(text.contains("failing:      1") && text.contains("failed 1 time: no [ZZ001]"), "{text}");
    // Only what is due is tried without being asked for: the failed row is not, the new one is.
    let mut log = dual.log_command("review", "t1");
    assert!(log.env_remove("CFN_SYNC_BUDGET_MS").status().expect("cfn runs").success());
    eventually("the new one arrives", || dual.tasks() == "t1=1");
    assert_eq!(dual.cfn(["sync", "status", "--json"]).json()["failing"], 1);
    assert_eq!(dual.project.sqlite3("SELECT reason LIKE '% failed 1 time: %' FROM outbox"), "1");
}

#[test]
fn a_locked_pattern_holds_up_nothing_but_its_own_deployments() {
    let dual = ready();
    let lock = locking(&dual, "SELECT 1 FROM workflow_patterns WHERE id = 5 FOR UPDATE");
    dual.deploy(5, "first");
    let second = dual.deploy(5, "second");
    let other = dual.deploy(6, "other");
    log_all(&dual, &["t1"]);
    let since = Instant::now();
    let ran = dual.cfn(["sync"]);
    assert!(since.elapsed() < Duration::from_secs(15), "it waited {:?}", since.elapsed());
    assert!(ran.stderr.contains("55P03"), "{ran:?}");
    assert_eq!(dual.tasks(), "t1=1");
    assert_eq!(dual.sql("SELECT deployed_skill_id FROM workflow_patterns WHERE id = 6"), other.trim());
    assert_eq!(dual.waiting(), "2", "the later deployment waits for the earlier one");
    drop(lock);
    dual.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'BEGIN;%pg_sleep%' AND datname = current_database()");
    dual.ok(["sync"]);
    assert_eq!(dual.sql("SELECT deployed_skill_id FROM workflow_patterns WHERE id = 5"), second.trim());
}

#[test]
fn a_locked_table_is_given_up_soon_and_no_row_is_to_blame() {
    let dual = ready();
    let _lock = locking(&dual, "LOCK TABLE skill_executions IN ACCESS EXCLUSIVE MODE");
    let tasks: Vec<String> = (0..40).map(|it| format!("t{it}")).collect();
    assert!(dual.batch(40).status().expect("cfn runs").success());
    dual.deploy(6, "other");
    let since = Instant::now();
    let message = dual.cfn(["sync"]).fails(9);
    assert!(since.elapsed() < Duration::from_secs(20), "it waited {:?}", since.elapsed());
    assert!(message.contains("55P03") && message.contains("pg_locks"), "{message}");
    assert_eq!(dual.sql("SELECT status FROM workflow_patterns WHERE id = 6"), "deployed");
    assert_eq!(dual.waiting(), tasks.len().to_string());
}

#[test]
fn a_missing_right_is_no_fault_of_the_rows_and_stops_no_other_kind() {
    let dual = ready();
    dual.sql("CREATE ROLE limited_sync LOGIN PASSWORD 'sesame'; GRANT ALL ON ALL TABLES IN SCHEMA public TO limited_sync; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO limited_sync; REVOKE UPDATE ON workflow_patterns FROM limited_sync");
    dual.deploy(2, "other");
    log_all(&dual, &["t1"]);
    let url = dual.url.replace("cfn_test@", "limited_sync:sesame@");
    let ran: crate::harness::Ran =
        dual.command(["sync"]).env("CFN_POSTGRES_URL", url).output().expect("cfn runs").into();
    let message = ran.fails(9);
    assert!(
        message.contains("42501") && message.contains("Grant") && !message.contains("postgres-schema"),
        "{message}"
    );
    assert_eq!(dual.tasks(), "t1=1");
    assert_eq!(dual.waiting(), "1");
    dual.ok(["sync"]);
    dual.sql("DROP OWNED BY limited_sync; DROP ROLE limited_sync");
}
