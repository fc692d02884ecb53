//! The background delivery inherits only what it needs.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::Dual;
use crate::harness::{Ran, binary};
use crate::patience::eventually;

/// Logs as users do from a shell that has descriptors open, while the server hangs.
fn log_holding(dual: &Dual, redirections: &str) {
    let logs = dual.log_command("review", "t1");
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]).arg(binary()).args(logs.get_args());
    for (name, value) in logs.get_envs() {
        match value {
            Some(value) if name != "CFN_SYNC_BUDGET_MS" => shell.env(name, value),
            _ => shell.env_remove(name),
        };
    }
    shell.env("SECRET_OF_ANOTHER", "hunter2").env("CFN_REDIS_URL", "redis://:hunter2@h");
    Ran::from(shell.current_dir(dual.project.path()).process_group(0).output().expect("cfn runs")).ok();
}

/// The deliveries for this database that run: their command lines.
fn deliveries(dual: &Dual) -> Vec<(u32, String)> {
    let database = dual.project.database().display().to_string();
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = processes.filter_map(|it| {
        let id = it.file_name().to_str()?.parse().ok()?;
        Some((id, String::from_utf8_lossy(&std::fs::read(it.path().join("cmdline")).ok()?).replace('\0', " ")))
    });
    lines.filter(|it| it.1.contains("--detached") && it.1.contains(&database)).collect()
}

#[test]
fn it_inherits_no_descriptor_and_only_the_environment_that_it_needs() {
    let dual = Dual::new();
    // A server that takes connections and says nothing holds the delivery up while it is looked at.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("postgresql://x:sesame@{}/d?connect_timeout=600", silent.local_addr().expect("it has one"));
    let dual = Dual { url, ..dual };
    dual.deploy(1, "review");
    log_holding(&dual, "8>lock 9>>lock 20>lock");
    eventually("a delivery runs", || deliveries(&dual).len() == 1);
    let (id, line) = deliveries(&dual).remove(0);
    let (_server, _) = silent.accept().expect("it connects");
    let open = || -> Vec<String> {
        let links = std::fs::read_dir(format!("/proc/{id}/fd")).expect("its descriptors").flatten();
        links.filter_map(|it| Some(std::fs::read_link(it.path()).ok()?.display().to_string())).collect()
    };
    assert!(!open().iter().any(|it| it.ends_with("/lock")), "{:?}", open());
    assert!(!line.contains("sesame"), "{line}");
    let environment = String::from_utf8_lossy(&std::fs::read(format!("/proc/{id}/environ")).expect("it")).into_owned();
    assert!(environment.contains("CFN_POSTGRES_URL=") && !environment.contains("hunter2"), "{environment}");
    let unknown = environment.split('\0').filter(|it| !it.is_empty()).find(|it| {
        !["CFN_POSTGRES_URL=", "ENABLE_PHASE4_LOGGING=", "HOME=", "XDG_CONFIG_HOME=", "TMPDIR=", "PG"]
            .iter()
            .any(|known| it.starts_with(known))
    });
    assert_eq!(unknown, None);
    Command::new("kill").arg(id.to_string()).status().expect("kill runs");
}

#[test]
fn a_fifo_in_place_of_the_lock_does_not_block() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    let mut lock = dual.project.database().into_os_string();
    lock.push("-sync.lock");
    assert!(Command::new("mkfifo").arg(lock).status().expect("mkfifo runs").success());
    let mut log = dual.log_command("review", "t1");
    Ran::from(log.env_remove("CFN_SYNC_BUDGET_MS").output().expect("cfn runs")).ok();
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "t1=1");
}

#[test]
fn an_invalid_url_stops_no_write_and_is_reported_once() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    let mut log = dual.log_command("review", "t1");
    log.env_remove("CFN_SYNC_BUDGET_MS").env("CFN_POSTGRES_URL", "postgresql://u:sesame@h/d?pgbouncer=true");
    let ran = Ran::from(log.output().expect("cfn runs"));
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stderr.contains("\"pgbouncer\"") && !ran.stderr.contains("sesame"), "{ran:?}");
    ran.ok();
    dual.ok(["sync"]);
    assert_eq!(dual.tasks(), "t1=1");
}

#[test]
fn deployments_are_reported_whenever_the_old_script_did() {
    let dual = Dual::new();
    let old = |args: &[&str]| -> Ran {
        let mut command = dual.project.command(args);
        command.env("PHASE4_POSTGRES_HOST", "127.0.0.1").env("PHASE4_POSTGRES_PORT", dual.server.port.to_string());
        command.env("PHASE4_POSTGRES_USER", "cfn_test").env("PHASE4_POSTGRES_DB", &dual.database);
        command.output().expect("cfn runs").into()
    };
    let path = dual.project.skill("review", "Do it.");
    let id = old(&["deploy", "7", "review", path.to_str().expect("UTF-8"), "testing", "tester"]).ok();
    eventually("the pattern is marked", || dual.sql("SELECT status FROM workflow_patterns WHERE id = 7") == "deployed");
    assert_eq!(dual.sql("SELECT deployed_skill_id FROM workflow_patterns WHERE id = 7"), id.trim());
    old(&["log", "review", "--agent-id", "a", "--agent-type", "tester"]).ok();
    eventually("nothing waits", || dual.waiting() == "0");
    assert_eq!(dual.sql("SELECT count(*) FROM skill_executions"), "0", "only deployments are reported");
    assert!(old(&["sync", "status"]).ok().contains("deployments only"));
}
