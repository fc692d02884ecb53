//! The text, on stdout and in a file.

use std::fs;

use super::{scraped, value};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::redis::Server;
use crate::scene::{deploy, follower, with_skill};

#[test]
fn figures_of_the_database_are_what_it_has() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "sql", "Select.", &["testing", "dev"]);
    for _ in 0..3 {
        project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    }
    let text = scraped(&project, &[]);
    assert_eq!(value(&text, "skill_executions_total{skill_name=\"jwt\"}"), Some(3.0), "{text}");
    assert_eq!(value(&text, "skill_deployment_status{status=\"active\"}"), Some(2.0), "{text}");
    assert_eq!(value(&text, "cfn_dead_letters"), Some(0.0), "{text}");
    assert_eq!(value(&text, "cfn_database_bytes").map(|it| it > 4096.0), Some(true), "{text}");
    assert_eq!(value(&text, "cfn_pending_oldest_seconds"), Some(0.0), "{text}");
    let skills: f64 = text
        .lines()
        .filter(|it| it.starts_with("cfn_skills{"))
        .filter_map(|it| it.split(' ').nth(1)?.parse::<f64>().ok())
        .sum();
    assert!((skills - 2.0).abs() < f64::EPSILON, "{text}");
    assert!(
        !text.contains("database_query_duration_seconds") && !text.contains("redis_up"),
        "nothing without a source: {text}"
    );
}

#[test]
fn a_follower_says_how_far_behind_it_is() {
    let (_primary, project) = follower("jwt", "domain", "dev");
    let lag = || value(&scraped(&project, &[]), "cfn_follower_lag_seconds").expect("a lag");
    assert!((0.0..60.0).contains(&lag()), "{}", lag());
    project.sqlite3("UPDATE follow SET pulled_at = datetime('now', '-7 days')");
    assert!((604_800.0..604_860.0).contains(&lag()), "{}", lag());
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    assert_eq!(value(&scraped(&project, &[]), "cfn_follower_unpushed"), Some(1.0));
    project.sqlite3("UPDATE follow SET pulled_at = datetime('now', '+1 day')");
    assert!(lag().is_infinite(), "what is not known may be anything");
    project.cfn(["sync"]).ok();
    assert_eq!(value(&scraped(&project, &[]), "cfn_follower_unpushed"), Some(0.0));
    project.cfn(["db", "unfollow"]).ok();
    assert!(!scraped(&project, &[]).contains("cfn_follower"), "it follows nothing");
}

#[test]
fn a_name_from_another_program_cannot_add_metrics() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    project.sqlite3("UPDATE skills SET name = 'a\"} 1' || char(10) || 'evil_total 1' || char(10) || '\\'");
    let text = scraped(&project, &[]);
    assert!(text.contains("skill_name=\"a\\\"} 1\\nevil_total 1\\n\\\\\"} 1\n"), "{text}");
}

#[test]
fn openmetrics_is_another_format_of_the_same() {
    let project = with_skill("jwt", "domain", "dev");
    let text = project.cfn(["metrics", "--format", "openmetrics"]).ok();
    assert!(text.ends_with("\n# EOF\n") && text.contains("# TYPE cfn_build_info gauge\n"), "{text}");
}

#[test]
fn a_server_of_the_query_cache_is_up_or_down() {
    let project = with_skill("jwt", "domain", "dev");
    let server = Server::start();
    let url = server.url();
    let mut load = project.command(["load", "dev", "--redis-url", &url, "--cache", "always"]);
    assert!(load.env("CFN_REDIS_BUDGET_MS", "10000").status().expect("cfn runs").success());
    let text = scraped(&project, &["--redis-url", &url]);
    assert_eq!(value(&text, "redis_up"), Some(1.0), "{text}");
    assert_eq!(value(&text, "redis_memory_used_bytes").map(|it| it > 0.0), Some(true), "{text}");
    assert_eq!(value(&text, "cfn_cache_requests_total{class=\"load\",result=\"miss\"}"), Some(1.0), "{text}");
    drop(server);
    let text = scraped(&project, &["--redis-url", "redis://127.0.0.1:1"]);
    assert_eq!((value(&text, "redis_up"), value(&text, "redis_memory_used_bytes")), (Some(0.0), None), "{text}");
}

#[test]
fn the_text_file_appears_complete_and_is_written_again() {
    let project = with_skill("jwt", "domain", "dev");
    let path = project.path().join("cfn.prom");
    assert_eq!(project.cfn(["metrics", "--textfile", "cfn.prom"]).ok(), "");
    let first = fs::read_to_string(&path).expect("a file");
    super::promtool(&["check", "metrics"], &first);
    let command = project.command(["metrics", "--textfile", "cfn.prom", "--watch", "1"]);
    let mut watching = crate::harness::interruptible(&command).spawn().expect("cfn starts");
    deploy(&project, "sql", "Select.", &["testing", "dev"]);
    eventually("the file is written again", || {
        let text = fs::read_to_string(&path).expect("never missing");
        value(&text, "skill_deployment_status{status=\"active\"}") == Some(2.0)
    });
    let signal = std::process::Command::new("kill").args(["-INT", &watching.id().to_string()]).status();
    assert!(signal.expect("kill runs").success());
    assert_eq!(watching.wait().expect("it ends").code(), Some(0));
    let ran: Ran = project.cfn(["metrics", "--textfile", "missing/cfn.prom"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn without_a_database_there_are_no_metrics() {
    Project::empty().fails_as(["metrics"], 3, "database_missing");
    Project::empty().fails_as(["metrics", "--enable"], 3, "database_missing");
}

#[test]
fn settings_of_the_query_cache_do_not_stop_metrics() {
    let (project, server) = (with_skill("jwt", "domain", "dev"), Server::start());
    let with = |args: &[&str], more: &[(&str, &str)]| {
        let mut command = project.command(args);
        Ran::from(command.envs(more.iter().copied()).output().expect("cfn runs"))
    };
    let url = server.url();
    for (name, bad) in [
        ("CFN_CACHE", "x"),
        ("CFN_CACHE_TTL_READS", "x"),
        ("CFN_CACHE_TTL_ANALYTICS", "0"),
        ("CFN_REDIS_BUDGET_MS", "0"),
    ] {
        let text = with(&["metrics"], &[(name, bad), ("CFN_REDIS_URL", &url)]).ok();
        assert_eq!(value(&text, "redis_up"), Some(1.0), "{name}: {text}");
        with(&["top", "--batch", "1"], &[(name, bad)]).ok();
    }
    let text = with(&["metrics"], &[("CFN_REDIS_URL", "redis://h:port")]).ok();
    assert_eq!(value(&text, "redis_up"), Some(0.0), "{text}");
    assert!(with(&["metrics", "--redis-url", "redis://h:port"], &[]).fails(1).contains("--redis-url"));
}
