//! What commands count.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::{scraped, value};
use crate::harness::Project;
use crate::scene::with_skill;

const LOADS: &str = "database_query_duration_seconds_count{query_type=\"load\",table=\"agent_skill_mappings\"}";

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
        ("db_queries_total{query_type=\"update\",table=\"skills\"}", 1.0),
        ("db_queries_failed_total{query_type=\"update\",table=\"skills\"}", 1.0),
        ("skill_deployment_failures_total", 1.0),
        ("cfn_integrity_failures_total", 0.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}: {text}");
    }
    assert!(project.cfn(["metrics", "--disable"]).stderr.contains("removed"));
    assert_eq!(loads(&project), None);
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
