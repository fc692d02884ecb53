//! What commands count.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{scraped, value};
use crate::harness::Project;
use crate::scene::with_skill;

const LOADS: &str = "cfn_command_duration_seconds_count{command=\"load\"}";

fn enabled() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["metrics", "--enable"]).ok();
    project
}

fn loads(project: &Project) -> Option<f64> {
    value(&scraped(project, &[]), LOADS)
}

#[test]
fn commands_count_themselves_once_it_is_enabled() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["load", "dev"]).ok();
    assert!(!project.database().with_file_name("skills.db-metrics").exists());
    assert!(project.cfn(["metrics", "--enable"]).stderr.contains("from now on"));
    assert!(project.cfn(["metrics", "--enable"]).stderr.contains("already"));
    for _ in 0..3 {
        project.cfn(["load", "dev"]).ok();
    }
    project.cfn(["update", "jwt", "1.0.0", ".claude/skills/jwt/SKILL.md"]).fails(5);
    let text = scraped(&project, &[]);
    for (sample, expected) in [
        (LOADS, 3.0),
        ("cfn_load_duration_seconds_count{result=\"ok\"}", 3.0),
        ("cfn_load_duration_seconds_bucket{result=\"ok\",le=\"+Inf\"}", 3.0),
        ("cfn_load_duration_seconds_count{result=\"failed\"}", 0.0),
        ("cfn_command_duration_seconds_count{command=\"update\"}", 1.0),
        ("cfn_commands_failed_total{command=\"update\"}", 1.0),
        ("db_queries_failed_total", 1.0),
        ("db_transactions_rolled_back_total", 1.0),
        ("cfn_lock_wait_seconds_count", 0.0),
        ("skill_deployment_failures_total", 1.0),
        ("cfn_integrity_failures_total", 0.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}: {text}");
    }
    assert!(project.cfn(["metrics", "--disable"]).stderr.contains("removed"));
    assert_eq!(loads(&project), None);
}

#[test]
fn executions_are_counted_by_their_outcome() {
    let project = enabled();
    for (code, ms) in [("0", "40"), ("0", "400"), ("1", "4000")] {
        let log = ["log", "jwt", "--agent-id", "a", "--agent-type", "dev", "--exit-code", code, "--execution-ms", ms];
        project.cfn(log).ok();
    }
    let lines = "{\"skill\":\"jwt\",\"agent_id\":\"a\",\"agent_type\":\"dev\"}\n{\"skill\":\"none\",\"agent_id\":\"a\",\"agent_type\":\"dev\",\"exit_code\":0}\n";
    project.cfn_with_input(["log", "--batch"], lines.as_bytes());
    let text = scraped(&project, &[]);
    for (sample, expected) in [
        ("skill_executions_successful_total", 2.0),
        ("skill_executions_failed_total", 1.0),
        ("skill_execution_duration_seconds_count", 3.0),
        ("skill_execution_duration_seconds_sum", 4.44),
        ("skill_execution_duration_seconds_bucket{le=\"0.1\"}", 1.0),
        ("skill_executions_total{skill_name=\"jwt\"}", 4.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}: {text}");
    }
}

#[test]
fn queries_are_timed_by_their_type_and_table() {
    let project = enabled();
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    let text = scraped(&project, &[]);
    let count = |what: &str, table: &str| {
        value(&text, &format!("database_query_duration_seconds_count{{query_type=\"{what}\",table=\"{table}\"}}"))
    };
    assert_eq!(count("insert", "skill_usage_log"), Some(1.0), "{text}");
    assert!(count("select", "agent_skill_mappings").is_some_and(|it| it >= 1.0), "{text}");
    assert_eq!(count("delete", "skills"), None, "{text}");
    let all = value(&text, "db_queries_total").expect("queries");
    assert_eq!(value(&text, "db_query_duration_seconds_count"), Some(all), "{text}");
    assert!(all >= 2.0 && value(&text, "db_query_duration_seconds_sum").is_some_and(|it| it > 0.0), "{text}");
}

#[test]
fn a_wait_for_the_lock_of_another_process_is_counted() {
    let project = enabled();
    let mut holder = Command::new("sqlite3");
    holder.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().expect("sqlite3 starts");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN IMMEDIATE;\nSELECT 'locked';\n").expect("written");
    let mut said = [0; 7];
    holder.stdout.take().expect("a pipe").read_exact(&mut said).expect("a line");
    let mut log = project.command(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]);
    let mut waiting = log.stdout(Stdio::null()).spawn().expect("cfn starts");
    thread::sleep(Duration::from_millis(300));
    drop(input); // ends sqlite3, which undoes its transaction
    assert!(holder.wait().is_ok() && waiting.wait().expect("it ends").success());
    let text = scraped(&project, &[]);
    assert_eq!(value(&text, "cfn_lock_wait_seconds_count"), Some(1.0), "{text}");
    assert!(value(&text, "cfn_lock_wait_seconds_sum").is_some_and(|it| it > 0.0), "{text}");
}

#[test]
fn bytes_that_do_not_match_are_counted() {
    let project = enabled();
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1; DELETE FROM skill_contents");
    project.cfn(["load", "dev"]).fails(7);
    let text = scraped(&project, &[]);
    assert_eq!(value(&text, "cfn_integrity_failures_total"), Some(1.0), "{text}");
    assert_eq!(value(&text, "cfn_load_duration_seconds_count{result=\"failed\"}"), Some(1.0), "{text}");
}

#[test]
fn a_damaged_or_strange_file_never_fails_a_command() {
    let project = enabled();
    let path = project.database().with_file_name("skills.db-metrics");
    for bytes in [&b""[..], b"damaged", &[0xA5; 10_000]] {
        fs::write(&path, bytes).expect("written");
        let ran = project.cfn(["load", "dev"]);
        assert_eq!(ran.stderr, "");
        ran.ok();
        assert_eq!(loads(&project), Some(1.0), "begun anew");
    }
    fs::remove_file(&path).expect("removed");
    for strange in ["folder", "link"] {
        match strange {
            "folder" => fs::create_dir(&path).expect("a folder"),
            _ => std::os::unix::fs::symlink("/dev/null", &path).expect("a link"),
        }
        let ran = project.cfn(["load", "dev"]);
        assert_eq!(ran.stderr, "", "{strange}");
        ran.ok();
        project.fails_as(["metrics"], 3, "database_file");
        if strange == "folder" { fs::remove_dir(&path) } else { fs::remove_file(&path) }.expect("removed");
    }
}

#[test]
fn writers_at_once_lose_no_count() {
    let project = enabled();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    project.cfn(["load", "dev"]).ok();
                }
            });
        }
    });
    assert_eq!(loads(&project), Some(80.0));
}

/// `CFN_METRICS_KILLS` has more of them.
#[test]
fn counters_survive_kills_without_a_wrong_total() {
    let kills = std::env::var("CFN_METRICS_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(25_u32);
    let project = enabled();
    let (mut whole, mut killed) = (0, 0);
    for number in 0..kills {
        let mut command = project.command(["load", "dev"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cfn starts");
        thread::sleep(Duration::from_micros(u64::from(number) * 997 % 12_000));
        let _ = child.kill(); // it may have ended
        let ended = child.wait().expect("it ends");
        if ended.success() {
            whole += 1;
        } else {
            killed += 1;
        }
        project.cfn(["load", "dev"]).ok();
        whole += 1;
        let counted = loads(&project).expect("counted");
        assert!((f64::from(whole)..=f64::from(whole + killed)).contains(&counted), "{counted}: {whole} and {killed}");
    }
}

#[test]
fn counters_that_another_process_keeps_locked_are_left_out() {
    let project = enabled();
    project.cfn(["load", "dev"]).ok();
    assert_eq!(loads(&project), Some(1.0));
    let file = fs::File::open(project.database().with_file_name("skills.db-metrics")).expect("the counters");
    file.lock().expect("a lock");
    let ran = project.cfn(["metrics", "-v"]);
    assert!(ran.stderr.contains("left out"), "{ran:?}");
    let text = ran.ok();
    assert_eq!(value(&text, LOADS), None);
    assert!(text.contains("cfn_build_info"), "{text}");
    project.cfn(["load", "dev"]).ok();
    drop(file);
    assert_eq!(loads(&project), Some(1.0), "a command does not wait long to be counted");
}
