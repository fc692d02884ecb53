//! A use that awaits its outcome is delivered with it, or after ten minutes and then changed.

use super::Dual;

const TOLD: &str = "SELECT skill_id, task_id, exit_code, tokens_avoided FROM skill_executions ORDER BY id";

fn load(dual: &Dual, task: &str) {
    dual.ok(["load", "tester", "--agent-id", "a1", "--task-id", task]);
}

/// As if that many minutes had gone by.
fn wait(dual: &Dual, minutes: u32) {
    dual.project.sqlite3(&format!("UPDATE outbox SET not_before = datetime(not_before, '-{minutes} minutes')"));
}

#[test]
fn the_outcome_goes_with_the_use_and_at_once() {
    let dual = Dual::new();
    dual.deploy(7, "review");
    load(&dual, "t1");
    assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n", "the deployment");
    assert_eq!(dual.waiting(), "1");
    dual.log("review", "t1");
    assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n");
    assert_eq!(dual.sql(TOLD), "7|t1|0|10");
    dual.log("review", "t1");
    dual.ok(["sync"]);
    assert_eq!(dual.sql(TOLD), "7|t1|0|10\n7|t1|0|10", "a second log is a second use");
}

#[test]
fn after_ten_minutes_the_outcome_is_a_change_of_the_same_row() {
    let dual = Dual::new();
    dual.deploy(7, "review");
    load(&dual, "t1");
    load(&dual, "t1");
    wait(&dual, 9);
    dual.ok(["sync"]);
    assert_eq!(dual.sql(TOLD), "");
    wait(&dual, 1);
    dual.ok(["sync"]);
    assert_eq!(dual.sql(TOLD), "7|t1||\n7|t1||");
    dual.log("review", "t1");
    let queued = dual.project.sqlite3("SELECT kind, delivery_key LIKE '%/completed' FROM outbox");
    assert_eq!(queued, "completed|1");
    let again = dual.project.sqlite3("SELECT quote(delivery_key), pattern_id, quote(payload) FROM outbox");
    assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n");
    let mut told: Vec<String> = dual.sql(TOLD).lines().map(str::to_owned).collect();
    told.sort();
    assert_eq!(told, ["7|t1|0|10", "7|t1||"]);
    // Delivered again, after an answer that was never heard: nothing else is completed.
    let [key, pattern, payload] = again.split('|').collect::<Vec<_>>()[..] else { panic!("{again}") };
    dual.project.sqlite3(&format!(
        "INSERT INTO outbox (delivery_key, pattern_id, kind, payload) VALUES ({key}, {pattern}, 'completed', {payload})"
    ));
    dual.ok(["sync"]);
    assert_eq!(dual.sql("SELECT count(*) FROM skill_executions WHERE exit_code IS NULL"), "1");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn a_use_that_waits_for_the_server_and_its_outcome_arrive_in_order() {
    let dual = Dual::new();
    dual.deploy(7, "review");
    load(&dual, "t1");
    wait(&dual, 11);
    dual.log("review", "t1");
    assert_eq!(dual.waiting(), "3", "nobody knows whether the use is on its way");
    dual.ok(["sync"]);
    assert_eq!(dual.sql(TOLD), "7|t1|0|10");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn an_outcome_that_belongs_to_no_row_is_refused_and_stops_nothing() {
    let dual = Dual::new();
    dual.deploy(7, "review");
    load(&dual, "t1");
    wait(&dual, 11);
    dual.ok(["sync"]);
    dual.sql("DELETE FROM skill_executions");
    dual.log("review", "t1");
    dual.log("review", "t2");
    dual.cfn(["sync"]);
    assert_eq!(dual.sql(TOLD), "7|t2|0|10");
    let reason = dual.project.sqlite3("SELECT reason FROM outbox WHERE set_aside_at IS NOT NULL");
    assert!(reason.contains("no use without an outcome"), "{reason}");
}

#[test]
fn what_was_loaded_while_logging_was_off_is_told_with_its_outcome() {
    let dual = Dual::new();
    dual.deploy(7, "review");
    let mut load = dual.command(["load", "tester", "--agent-id", "a1", "--task-id", "t1"]);
    assert!(load.env("ENABLE_PHASE4_LOGGING", "false").output().expect("cfn runs").status.success());
    dual.log("review", "t1");
    dual.ok(["sync"]);
    assert_eq!(dual.sql(TOLD), "7|t1|0|10");
}
