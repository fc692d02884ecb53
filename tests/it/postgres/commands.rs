//! `cfn sync …` and `cfn db postgres-schema` themselves.

use std::process::Stdio;

use super::{Dual, Running};
use crate::harness::Project;
use crate::patience::eventually;

#[test]
fn status_shows_queued_events_and_the_server() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    dual.log("review", "t1");
    let status = dual.cfn(["sync", "status", "--json"]).json();
    assert_eq!((&status["waiting"], &status["dead_letters"], &status["enabled"]), (&2.into(), &0.into(), &true.into()));
    assert!(status["oldest"].is_string() && status["server"].as_str().is_some_and(|it| it.contains(&dual.database)));
    let text = dual.ok(["sync", "status"]);
    assert!(text.contains("waiting:      2, the oldest since") && text.contains("logging:      on"), "{text}");
}

#[test]
fn nothing_is_queued_in_a_new_database_and_no_server_is_needed() {
    let project = Project::new();
    assert_eq!(project.cfn(["sync"]).ok(), "0 delivered, 0 dead letters\n");
    assert_eq!(project.cfn(["sync", "retry"]).ok(), "0 queued again\n");
    assert!(project.cfn(["sync", "status"]).ok().contains("logging:      off"));
}

#[test]
fn a_bad_setting_names_itself_and_no_password() {
    let project = Project::new();
    let mut command = project.command(["sync"]);
    let ran: crate::harness::Ran =
        command.env("CFN_POSTGRES_URL", "postgres://u:secret@h:x/").output().expect("cfn runs").into();
    let message = ran.fails(1);
    assert!(message.contains("CFN_POSTGRES_URL") && !message.contains("secret"), "{message}");
}

#[test]
fn watch_delivers_events_as_they_are_queued() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    let watch = dual.command(["sync", "--watch"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut watch = Running(watch.expect("cfn starts"));
    for task in ["t1", "t2"] {
        dual.log("review", task);
        eventually("it arrives", || dual.waiting() == "0");
    }
    assert_eq!(watch.0.try_wait().expect("it can be asked"), None);
    drop(watch);
    assert_eq!(dual.tasks(), "t1=1 t2=1");
}

#[test]
fn background_deliveries_take_turns_and_end() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    dual.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
       CREATE TRIGGER slow AFTER INSERT ON skill_executions FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    let sessions = || {
        let found = dual.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cfn' AND datname = current_database()",
        );
        found.parse::<u32>().expect("a number")
    };
    let mut most = 0;
    for task in 0..12 {
        let mut log = dual.log_command("review", &format!("t{task:02}"));
        assert!(log.env_remove("CFN_SYNC_BUDGET_MS").status().expect("cfn runs").success());
        most = most.max(sessions());
    }
    assert!(most <= 2, "{most} deliveries at once"); // one that ends, and one that begins
    eventually("everything arrives", || dual.waiting() == "0" && sessions() == 0);
    assert_eq!(dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions"), "12|12");
}

#[test]
fn the_schema_is_printed_as_sql_that_can_be_run_twice() {
    let dual = Dual::new();
    let sql = Project::empty().cfn(["db", "postgres-schema"]).ok();
    for table in ["workflow_patterns", "edge_cases", "skill_executions", "cfn_deliveries"] {
        assert!(sql.contains(&format!("CREATE TABLE IF NOT EXISTS {table} (")), "{sql}");
    }
    dual.sql(&sql);
    assert!(dual.ok(["db", "postgres-schema", "--apply"]).contains("has all tables"));
}
