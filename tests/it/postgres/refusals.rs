//! Rows that the server refuses become dead letters with its reason, and the rest goes on.

use super::Dual;

/// A row that another program wrote, or that was damaged.
fn insert(dual: &Dual, payload: &str) {
    dual.project.sqlite3(&format!("INSERT INTO outbox (pattern_id, kind, payload) VALUES (1, 'execution', {payload})"));
}

fn execution(task: &str) -> String {
    format!("'{{\"team_id\":\"tester\",\"task_id\":\"{task}\",\"timestamp\":\"2026-01-01 00:00:00\"}}'")
}

#[test]
fn a_nul_is_a_dead_letter_and_the_rest_is_delivered() {
    let dual = Dual::new();
    insert(&dual, &execution("t1"));
    insert(&dual, &execution("a\\u0000b"));
    insert(&dual, &execution("t3"));
    let ran = dual.cfn(["sync"]);
    assert!(ran.stderr.contains("a delivery became a dead letter"), "{ran:?}");
    assert_eq!(ran.ok(), "2 delivered, 1 dead letter\n");
    assert_eq!(dual.tasks(), "t1=1 t3=1");
    let status = dual.cfn(["sync", "status", "--json"]).json();
    assert_eq!(status["dead_letters"], 1);
    assert!(status["dead_letter_rows"][0]["reason"].as_str().is_some_and(|it| it.contains("22021")), "{status}");
    assert_eq!(dual.ok(["sync"]), "0 delivered, 0 dead letters\n");
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let digit = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        char::from(b'A' + u8::try_from(*state % 26).unwrap_or_default())
    };
    std::iter::repeat_with(|| digit(&mut state)).take(length).collect()
}

#[test]
fn a_row_that_exceeds_a_limit_of_the_server_is_a_dead_letter_and_the_rest_is_delivered() {
    let dual = Dual::new();
    dual.sql("CREATE INDEX ON skill_executions (task_id)");
    for task in ["t1", &noise(9_000), "t3"] {
        insert(&dual, &execution(task));
    }
    assert_eq!(dual.ok(["sync"]), "2 delivered, 1 dead letter\n");
    assert_eq!(dual.tasks(), "t1=1 t3=1");
    assert!(dual.ok(["sync", "status"]).contains("54000"), "the reason is said");
    dual.sql(
        "CREATE FUNCTION deep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF NEW.task_id = 'deep' THEN RAISE EXCEPTION 'too deep' USING ERRCODE = '54001'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER deep BEFORE INSERT ON skill_executions FOR EACH ROW EXECUTE FUNCTION deep()",
    );
    for task in ["t4", "deep", "t5"] {
        insert(&dual, &execution(task));
    }
    assert_eq!(dual.ok(["sync"]), "2 delivered, 1 dead letter\n");
    assert_eq!(dual.tasks(), "t1=1 t3=1 t4=1 t5=1");
}

#[test]
fn dead_letters_can_be_tried_again() {
    let dual = Dual::new();
    dual.sql("ALTER TABLE skill_executions ALTER COLUMN task_id TYPE varchar(4)");
    for task in ["t1", "too-long", "t2", "t3", "also-too-long", "t4"] {
        insert(&dual, &execution(task));
    }
    assert_eq!(dual.ok(["sync"]), "4 delivered, 2 dead letters\n");
    let text = dual.ok(["sync", "status"]);
    assert!(text.contains("dead letters: 2") && text.contains("value too long"), "{text}");
    dual.sql("ALTER TABLE skill_executions ALTER COLUMN task_id TYPE text");
    assert_eq!(dual.ok(["sync", "retry"]), "2 queued again\n");
    assert_eq!(dual.ok(["sync"]), "2 delivered, 0 dead letters\n");
    assert_eq!(dual.tasks(), "also-too-long=1 t1=1 t2=1 t3=1 t4=1 too-long=1");
}

#[test]
fn rows_that_cannot_be_read_are_dead_letters() {
    let dual = Dual::new();
    insert(&dual, "'{'");
    insert(&dual, "x'ff00'");
    insert(&dual, &execution("t1"));
    dual.project.sqlite3("INSERT INTO outbox (pattern_id, kind, payload) VALUES (1, 'renamed', '{}')");
    dual.project.sqlite3(&format!(
        "INSERT INTO outbox (delivery_key, pattern_id, kind, payload) VALUES (x'ff', 1, 'execution', {0}), ('same', 1, 'execution', {0}),
           ('same', 1, 'execution', {0})",
        execution("t2")
    ));
    assert_eq!(dual.ok(["sync"]), "3 delivered, 4 dead letters\n");
    assert_eq!(dual.tasks(), "t1=1 t2=1");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn a_pattern_that_the_server_does_not_have_makes_a_dead_letter() {
    let dual = Dual::new();
    dual.deploy(1, "known");
    dual.deploy(77, "unknown");
    assert_eq!(dual.ok(["sync"]), "1 delivered, 1 dead letter\n");
    assert!(dual.ok(["sync", "status"]).contains("workflow_patterns has no pattern 77"));
    dual.sql("INSERT INTO workflow_patterns (id) VALUES (77)");
    dual.ok(["sync", "retry"]);
    assert_eq!(dual.ok(["sync"]), "1 delivered, 0 dead letters\n");
}

#[test]
fn a_constraint_that_is_checked_late_refuses_its_row_only() {
    let dual = Dual::new();
    dual.sql(
        "ALTER TABLE skill_executions ADD FOREIGN KEY (skill_id) REFERENCES workflow_patterns DEFERRABLE INITIALLY DEFERRED",
    );
    insert(&dual, &execution("t1"));
    dual.project.sqlite3(&format!(
        "INSERT INTO outbox (pattern_id, kind, payload) VALUES (999, 'execution', {})",
        execution("t2")
    ));
    insert(&dual, &execution("t3"));
    assert_eq!(dual.ok(["sync"]), "2 delivered, 1 dead letter\n");
    assert_eq!(dual.tasks(), "t1=1 t3=1");
}

#[test]
fn a_missing_table_is_no_fault_of_the_rows() {
    let dual = Dual::new();
    insert(&dual, &execution("t1"));
    dual.sql("ALTER TABLE skill_executions RENAME TO away");
    let message = dual.cfn(["sync"]).fails(9);
    assert!(message.contains("42P01") && message.contains("postgres-schema"), "{message}");
    assert_eq!(dual.waiting(), "1");
    assert_eq!(dual.cfn(["sync", "status", "--json"]).json()["backoff_seconds"], serde_json::Value::Null);
    dual.sql("ALTER TABLE away RENAME TO skill_executions");
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "t1=1");
}
