//! Deliveries without faults.

use super::Dual;
use crate::harness::Project;
use crate::patience::eventually;

#[test]
fn executions_deployments_and_updates_arrive() {
    let dual = Dual::new();
    dual.sql("INSERT INTO edge_cases (pattern_id) VALUES (7), (7), (8); INSERT INTO edge_cases (pattern_id, resolved, resolved_at) VALUES (7, TRUE, '2020-01-01')");
    let id = dual.deploy(7, "review").trim().to_owned();
    dual.log("review", "t1");
    let path = dual.project.file("new.md", "---\nname: review\ndescription: New.\n---\n\nBetter.\n");
    dual.ok(["update", "review", "1.0.1", path.to_str().expect("UTF-8")]);
    dual.ok(["load", "tester", "--agent-id", "a2"]);
    assert_eq!(dual.waiting(), "4");

    assert_eq!(dual.ok(["sync"]), "4 delivered, 0 dead letters\n");

    assert_eq!(dual.waiting(), "0");
    let pattern = dual.sql("SELECT status, deployed_skill_id FROM workflow_patterns WHERE id = 7");
    assert_eq!(pattern, format!("deployed|{id}"));
    let rows = dual.sql(
        "SELECT skill_id, team_id, task_id, execution_time_ms, exit_code, cost_avoided_usd, tokens_avoided,
           abs(extract(epoch FROM now() - timestamp)) < 60 FROM skill_executions ORDER BY id",
    );
    assert_eq!(rows, "7|tester|t1|420|0|0.25|10|t\n7|tester||||||t");
    let open = dual.sql("SELECT pattern_id, count(*) FROM edge_cases WHERE NOT resolved GROUP BY 1");
    assert_eq!(open, "8|1");
    let resolved = dual
        .sql("SELECT count(*) FROM edge_cases WHERE resolved AND abs(extract(epoch FROM now() - resolved_at)) < 60");
    assert_eq!(resolved, "2");
    assert_eq!(dual.sql("SELECT count(*) FROM cfn_deliveries"), "4");
    assert_eq!(dual.ok(["sync"]), "0 delivered, 0 dead letters\n");
}

#[test]
fn a_command_delivers_by_itself_in_the_background() {
    let dual = Dual::new();
    dual.deploy(3, "review");
    dual.log_command("review", "t1").env_remove("CFN_SYNC_BUDGET_MS").status().expect("cfn runs");
    eventually("the row arrives", || dual.tasks() == "t1=1" && dual.waiting() == "0");
    assert_eq!(dual.sql("SELECT status FROM workflow_patterns WHERE id = 3"), "deployed");
}

#[test]
fn a_batch_delivers_by_itself_and_leaves_nothing_behind() {
    let dual = Dual::new();
    dual.deploy(3, "review");
    let mut command = dual.batch(20);
    command.env_remove("CFN_SYNC_BUDGET_MS");
    assert!(command.status().expect("cfn runs").success());
    eventually("the rows arrive", || {
        dual.sql("SELECT count(*) FROM skill_executions") == "20" && dual.waiting() == "0"
    });
}

#[test]
fn nothing_is_queued_where_it_is_off_or_the_skill_was_not_generated() {
    let dual = Dual::new();
    dual.deploy(3, "review");
    dual.ok(["sync"]);
    dual.log_command("review", "t1").env("ENABLE_PHASE4_LOGGING", "false").status().expect("cfn runs");
    let folder = dual.project.path().join("more");
    dual.project.file("more/imported/SKILL.md", "---\nname: imported\ndescription: By hand.\n---\n\nText.\n");
    let other = Project::empty();
    let mut init = other.command(["init", "--from"]);
    init.arg(&folder).env("ENABLE_PHASE4_LOGGING", "true").env("CFN_SYNC_BUDGET_MS", "0");
    assert!(init.status().expect("cfn runs").success());
    let log = ["log", "imported", "--agent-id", "a", "--agent-type", "t"];
    let mut log = other.command(log);
    assert!(
        log.env("ENABLE_PHASE4_LOGGING", "true").env("CFN_SYNC_BUDGET_MS", "0").status().expect("cfn runs").success()
    );
    assert_eq!(dual.waiting(), "0");
    assert_eq!(other.sqlite3("SELECT count(*) FROM outbox"), "0");
}

#[test]
fn a_dry_run_queues_nothing() {
    let dual = Dual::new();
    let path = dual.project.skill("review", "Do it.");
    dual.ok(["deploy", "3", "review", path.to_str().expect("UTF-8"), "--dry-run"]);
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn tables_of_other_types_and_with_more_columns_are_filled_too() {
    let dual = Dual::new();
    dual.sql(
        "DROP TABLE skill_executions; CREATE TABLE skill_executions (id SERIAL PRIMARY KEY, skill_id INTEGER, team_id VARCHAR(50),
           task_id VARCHAR(100), execution_time_ms INTEGER, exit_code SMALLINT, cost_avoided_usd NUMERIC(10,4),
           tokens_avoided INTEGER, timestamp TIMESTAMP DEFAULT now(), notes TEXT)",
    );
    dual.deploy(3, "review");
    dual.log("review", "t1");
    dual.sql(&format!("ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", dual.database));
    dual.ok(["sync"]);
    let row = dual.sql("SELECT cost_avoided_usd, abs(extract(epoch FROM (now() AT TIME ZONE 'UTC') - timestamp)) < 60 FROM skill_executions");
    assert_eq!(row, "0.2500|t");
}
