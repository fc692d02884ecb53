//! A long outage: many waiting rows in one `cfn sync`. `CFN_OUTBOX_ROWS=100000` is the full size.

use std::env;
use std::io::Write as _;
use std::time::Instant;

use super::Dual;

/// Rows a second that must be reached even by an unoptimised build on a loaded machine; the goal of a release build is 5,000.
const LEAST_RATE: f64 = 1000.0;

#[test]
fn a_long_outage_is_made_up_for_in_one_sync() {
    let rows: u32 = env::var("CFN_OUTBOX_ROWS").ok().and_then(|it| it.parse().ok()).unwrap_or(20_000);
    let dual = Dual::new();
    dual.project.sqlite3(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO outbox (pattern_id, kind, payload) SELECT i % 50 + 1, 'execution', json_object('team_id', 'tester',
           'task_id', 'task-' || i, 'execution_time_ms', i, 'exit_code', 0, 'cost_avoided_usd', i / 1000.0,
           'tokens_avoided', i, 'timestamp', datetime('now')) FROM n"
    ));
    let since = Instant::now();
    assert_eq!(dual.ok(["sync"]), format!("{rows} delivered, 0 dead letters\n"));
    let rate = f64::from(rows) / since.elapsed().as_secs_f64();
    let _ = writeln!(std::io::stderr(), "{rows} rows delivered, {rate:.0} a second");
    assert_eq!(dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions"), format!("{rows}|{rows}"));
    assert_eq!(dual.waiting(), "0");
    assert!(rate > LEAST_RATE, "{rate:.0} rows a second");
}
