//! Nothing is lost and nothing arrives twice: lost answers, two deliveries at once, a backup that is put back.

use std::process::Stdio;
use std::sync::atomic::Ordering;

use super::Dual;
use crate::postgres_server::Proxy;

#[test]
fn a_lost_answer_to_the_commit_delivers_nothing_twice() {
    let dual = Dual::new();
    let proxy = Proxy::to(dual.server.port, 2);
    let through = dual.url.replace(&format!(":{}", dual.server.port), &format!(":{}", proxy.port));
    dual.deploy(5, "review");
    for task in ["t1", "t2", "t3"] {
        dual.log("review", task);
    }
    let output = dual.command(["sync", "--json"]).env("CFN_POSTGRES_URL", through).output().expect("cfn runs");
    let report = crate::harness::Ran::from(output).json();
    assert_eq!(proxy.lost.load(Ordering::SeqCst), 2);
    assert_eq!(report["delivered_before"], 4, "{report}");
    assert_eq!(dual.tasks(), "t1=1 t2=1 t3=1");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn a_connection_that_always_breaks_loses_nothing_and_says_so() {
    let dual = Dual::new();
    let proxy = Proxy::to(dual.server.port, 1000);
    let through = dual.url.replace(&format!(":{}", dual.server.port), &format!(":{}", proxy.port));
    dual.deploy(5, "review");
    dual.log("review", "t1");
    let output = dual.command(["sync"]).env("CFN_POSTGRES_URL", through).output().expect("cfn runs");
    crate::harness::Ran::from(output).fails(9);
    assert_eq!(dual.waiting(), "2");
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "t1=1");
}

#[test]
fn deliveries_at_the_same_time_do_it_once() {
    let dual = Dual::new();
    dual.deploy(5, "review");
    let mut log = dual.batch(9000);
    assert!(log.status().expect("cfn runs").success());
    let start = || dual.command(["sync"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    let running: Vec<_> = (0..4).map(|_| start()).collect();
    for sync in running {
        crate::harness::Ran::from(sync.wait_with_output().expect("cfn ends")).ok();
    }
    assert_eq!(dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions"), "9000|9000");
    // In the order in which they happened.
    assert_eq!(
        dual.sql(
            "SELECT count(*) FROM (SELECT task_id, lag(substr(task_id, 2)::int) OVER (ORDER BY id) AS before
       FROM skill_executions) t WHERE before > substr(task_id, 2)::int"
        ),
        "0"
    );
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn a_restored_backup_neither_loses_nor_doubles() {
    let dual = Dual::new();
    dual.deploy(5, "review");
    dual.ok(["sync"]);
    dual.log("review", "in-the-backup");
    dual.ok(["db", "backup", "backup.db"]);
    dual.ok(["sync"]);
    dual.log("review", "after-the-backup");
    dual.ok(["sync"]);
    dual.ok(["db", "restore", "backup.db"]);
    // The row of the backup waits again, and a new one gets the id that an other one had.
    dual.log("review", "after-the-restore");
    assert_eq!(dual.waiting(), "2");
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "after-the-backup=1 after-the-restore=1 in-the-backup=1");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn the_last_deployment_of_a_pattern_wins() {
    let dual = Dual::new();
    dual.deploy(5, "first");
    let second = dual.deploy(5, "second");
    dual.ok(["sync"]);
    assert_eq!(dual.sql("SELECT deployed_skill_id FROM workflow_patterns WHERE id = 5"), second.trim());
}
