//! Tables of the workflow database that are not as cfn makes them: each column that keeps rows out is named, and no row that
//! does not fit stops another one.

use super::Dual;

/// The tables as other programs may have made them, and a generated skill.
fn with(tables: &str) -> Dual {
    let dual = Dual::new();
    dual.sql(tables);
    dual.deploy(3, "review");
    dual
}

/// What `--apply` says about each column: its name, the problem, and the SQL.
fn said(dual: &Dual) -> Vec<(String, String, Option<String>)> {
    let report = dual.cfn(["db", "postgres-schema", "--apply", "--json"]).json();
    let text = |it: &serde_json::Value| it.as_str().map(str::to_owned);
    let misfits = report["misfits"].as_array().expect("a list").iter();
    let misfits = misfits.map(|it| {
        (text(&it["column"]).expect("a column"), text(&it["problem"]).expect("a problem"), text(&it["remedy"]))
    });
    let misfits: Vec<_> = misfits.collect();
    let ran = dual.cfn(["db", "postgres-schema", "--apply"]);
    for (column, _, remedy) in &misfits {
        let line = ran.stderr.lines().find(|it| it.starts_with(&format!("warning: {column} is ")));
        let line = line.unwrap_or_else(|| panic!("{column}: {ran:?}"));
        assert!(remedy.as_ref().is_none_or(|it| line.contains(it)), "{line}");
    }
    misfits
}

fn log(dual: &Dual, tasks: &[&str]) {
    for task in tasks {
        dual.log("review", task);
    }
}

#[test]
fn columns_of_another_type_are_said_and_make_dead_letters_of_their_rows_only() {
    let dual = Dual::new();
    dual.sql(
        "DROP TABLE workflow_patterns; CREATE TABLE workflow_patterns (id UUID PRIMARY KEY, status TEXT, deployed_skill_id BIGINT);
         ALTER TABLE edge_cases DROP COLUMN resolved_at",
    );
    let ran = dual.cfn(["db", "postgres-schema", "--apply"]);
    for said in ["workflow_patterns.id is uuid, and cfn writes bigint", "edge_cases.resolved_at is not there"] {
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
    assert!(ran.clone().ok().contains("2 columns do not fit"), "{ran:?}");
    let misfits = dual.cfn(["db", "postgres-schema", "--apply", "--json"]).json()["misfits"].clone();
    assert_eq!(misfits[0]["column"], "workflow_patterns.id");
    dual.deploy(3, "review");
    dual.deploy(4, "other");
    log(&dual, &["t1"]);
    assert_eq!(dual.ok(["sync"]), "1 delivered, 2 dead letters\n");
    assert_eq!(dual.tasks(), "t1=1");
    assert!(dual.ok(["sync", "status"]).contains("uuid"));
}

#[test]
fn columns_that_take_what_is_written_are_no_misfits() {
    let dual = with(
        "DROP TABLE skill_executions, workflow_patterns; CREATE TYPE progress AS ENUM ('detected', 'deployed');
         CREATE DOMAIN pattern AS INTEGER; CREATE DOMAIN serial AS BIGINT NOT NULL DEFAULT 7;
         CREATE TABLE workflow_patterns (id pattern PRIMARY KEY, status progress, deployed_skill_id TEXT, owner TEXT NOT NULL,
           twice BIGINT GENERATED ALWAYS AS (id * 2) STORED);
         CREATE TABLE skill_executions (id BIGINT GENERATED ALWAYS AS IDENTITY, number serial, origin TEXT NOT NULL DEFAULT 'cfn',
           skill_id NUMERIC(19), team_id VARCHAR(64), task_id VARCHAR(1000), execution_time_ms NUMERIC(13, 0),
           exit_code NUMERIC, cost_avoided_usd NUMERIC(11, 4), tokens_avoided REAL, timestamp TIMESTAMP(0),
           day DATE GENERATED ALWAYS AS (timestamp::date) STORED);
         INSERT INTO workflow_patterns (id, owner) VALUES (3, 'ann')",
    );
    assert_eq!(said(&dual), []);
    assert!(dual.ok(["db", "postgres-schema", "--apply"]).contains("has all tables\n"));
    log(&dual, &["t1"]);
    assert_eq!(dual.ok(["sync"]), "2 delivered, 0 dead letters\n");
}

/// A use with large values.
fn log_much(dual: &Dual, task: Option<&str>) {
    let mut command = dual.command(["log", "review", "--agent-id", "a", "--agent-type", "tester", "--exit-code", "0"]);
    command.args(["--execution-ms", "90000000000", "--tokens-avoided", "90000000000", "--cost-avoided-usd", "5000"]);
    command.args(task.iter().flat_map(|it| ["--task-id", *it]));
    crate::harness::Ran::from(command.output().expect("cfn runs")).ok();
}

/// A column each: what makes it so, what is said, and whether one of two uses still fits.
#[test]
fn each_column_that_keeps_uses_out_is_named_with_sql_that_ends_it() {
    let cases = [
        ("ADD COLUMN owner TEXT NOT NULL", "owner", "without_default", false),
        ("ADD COLUMN \"the \"\"one\" INTEGER NOT NULL", "the \"one", "without_default", false),
        ("ALTER COLUMN id DROP IDENTITY", "id", "without_default", false),
        ("ALTER COLUMN task_id SET NOT NULL", "task_id", "not_null", true),
        ("ALTER COLUMN task_id TYPE VARCHAR(20)", "task_id", "narrower", true),
        ("ALTER COLUMN task_id TYPE short", "task_id", "narrower", true),
        ("ALTER COLUMN execution_time_ms TYPE SMALLINT", "execution_time_ms", "narrower", true),
        ("ALTER COLUMN tokens_avoided TYPE INTEGER", "tokens_avoided", "narrower", true),
        ("ALTER COLUMN cost_avoided_usd TYPE NUMERIC(5, 2)", "cost_avoided_usd", "narrower", true),
        (
            "DROP COLUMN exit_code, ADD COLUMN exit_code INTEGER GENERATED ALWAYS AS (1) STORED",
            "exit_code",
            "generated",
            false,
        ),
        (
            "ALTER COLUMN exit_code SET NOT NULL, ALTER COLUMN exit_code ADD GENERATED ALWAYS AS IDENTITY",
            "exit_code",
            "identity",
            false,
        ),
    ];
    for (change, column, problem, is_partial) in cases {
        let case = format!("{column}, {problem}");
        let dual = with(&format!("CREATE DOMAIN short AS VARCHAR(3); ALTER TABLE skill_executions {change}"));
        let found = said(&dual);
        assert_eq!(found.len(), 1, "{case}: {found:?}");
        let (named, what, remedy) = &found[0];
        assert_eq!((named.as_str(), what.as_str()), (format!("skill_executions.{column}").as_str(), problem));
        log(&dual, &["t1"]);
        log_much(&dual, (problem != "not_null").then_some("a-task-with-a-long-name"));
        log(&dual, &["t2"]);
        let (delivered, dead) = if is_partial { ("3", "1 dead letter") } else { ("1", "3 dead letters") };
        assert_eq!(dual.ok(["sync"]), format!("{delivered} delivered, {dead}\n"), "{case}");
        assert_eq!(dual.waiting(), "0", "{case}");
        assert_eq!(dual.sql("SELECT status FROM workflow_patterns WHERE id = 3"), "deployed", "{case}");
        dual.sql(remedy.as_ref().unwrap_or_else(|| panic!("{case}: no remedy")));
        assert_eq!(said(&dual).iter().filter(|it| it.1 != "not_null").count(), 0, "{case}");
        if problem != "identity" {
            dual.ok(["sync", "retry"]);
            dual.ok(["sync"]);
            assert_eq!(dual.sql("SELECT count(*) FROM skill_executions"), "3", "{case}");
        }
    }
}

#[test]
fn columns_that_keep_deployments_out_stop_no_uses() {
    for (change, column, problem) in [
        ("ALTER COLUMN status TYPE VARCHAR(3) USING 'x'", "status", "narrower"),
        ("ALTER COLUMN status DROP DEFAULT, ALTER COLUMN status TYPE other USING 'open'", "status", "other_type"),
        (
            "DROP COLUMN deployed_skill_id, ADD COLUMN deployed_skill_id BIGINT GENERATED ALWAYS AS (1) STORED",
            "deployed_skill_id",
            "generated",
        ),
    ] {
        let dual = with(&format!("CREATE TYPE other AS ENUM ('open'); ALTER TABLE workflow_patterns {change}"));
        let found = said(&dual);
        assert_eq!((found.len(), found[0].1.as_str()), (1, problem), "{found:?}");
        assert_eq!(found[0].0, format!("workflow_patterns.{column}"));
        log(&dual, &["t1"]);
        assert_eq!(dual.ok(["sync"]), "1 delivered, 1 dead letter\n", "{column}, {problem}");
    }
}

#[test]
fn rows_of_a_missing_column_wait_until_it_is_there() {
    let dual = with("ALTER TABLE skill_executions DROP COLUMN tokens_avoided");
    let found = said(&dual);
    assert_eq!((found.len(), found[0].1.as_str()), (1, "missing"), "{found:?}");
    log(&dual, &["t1"]);
    let message = dual.cfn(["sync"]).fails(9);
    assert!(message.contains("42703") && message.contains("postgres-schema"), "{message}");
    assert_eq!(
        (dual.waiting().as_str(), dual.sql("SELECT status FROM workflow_patterns WHERE id = 3").as_str()),
        ("1", "deployed")
    );
    dual.sql(found[0].2.as_ref().expect("SQL"));
    assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n");
}
