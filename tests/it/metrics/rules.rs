//! Alert rules and the dashboard.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::scraped;
use crate::harness::{Project, repository};
use crate::redis::Server;
use crate::scene::follower;

/// Runs `promtool` on a file.
#[track_caller]
fn promtool(project: &Project, args: &[&str]) {
    let mut command = Command::new("promtool");
    let output = command.args(args).current_dir(project.path()).output();
    let output = output.expect("promtool must be installed: apt-get install prometheus");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_alert_fires_above_its_threshold_and_is_silent_below() {
    let project = Project::empty();
    let rules = project.cfn(["metrics", "rules"]).ok();
    project.file("rules.yml", &rules);
    promtool(&project, &["check", "rules", "rules.yml"]);
    let cases = include_str!("rules_test.yml");
    project.file("test.yml", format!("rule_files: [rules.yml]\n{cases}"));
    promtool(&project, &["test", "rules", "test.yml"]);
    for alert in rules.lines().filter_map(|it| it.trim().strip_prefix("- alert: ")) {
        assert!(cases.contains(&format!("alertname=\"{alert}\"")), "{alert} has no test");
    }
    for description in rules.lines().filter(|it| it.trim().starts_with("description:")) {
        assert!(description.contains("Run '"), "what to run: {description}");
    }
}

/// Words of a query that look like metrics.
fn metrics(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    words.filter(|it| ["cfn_", "db_", "skill_", "redis_", "database_"].iter().any(|start| it.starts_with(start)))
}

#[test]
fn the_dashboard_and_the_page_have_every_metric_and_no_other() {
    let (_primary, project) = follower("jwt", "domain", "dev");
    project.cfn(["metrics", "--enable"]).ok();
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    project.cfn(["agent", "spawn", "dev", "--", "true"]).ok();
    let running = project.cfn(["agent", "spawn", "dev", "--detach", "--", "sleep", "60"]).ok();
    let server = Server::start();
    let url = server.url();
    let load = ["load", "dev", "--redis-url", &url, "--cache", "always"];
    assert!(project.command(load).env("CFN_REDIS_BUDGET_MS", "10000").status().expect("cfn runs").success());
    let text = scraped(&project, &["--redis-url", &url]);
    project.cfn(["agent", "stop", running.trim()]).ok();
    let page = fs::read_to_string(repository("docs/operations.md")).expect("a page");
    let all: Vec<_> = text.lines().filter_map(|it| it.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for metric in &all {
        assert!(page.contains(&format!("`{metric}")), "docs/operations.md does not name {metric}");
    }
    let dashboard = project.cfn(["metrics", "dashboard"]).ok();
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let targets =
        dashboard["panels"].as_array().expect("panels").iter().filter_map(|it| it["targets"].as_array()).flatten();
    let queries: Vec<_> = targets.map(|it| it["expr"].as_str().expect("a query").to_owned()).collect();
    let rules = project.cfn(["metrics", "rules"]).ok();
    let rules = rules.lines().filter_map(|it| it.trim().strip_prefix("expr: ")).map(str::to_owned);
    let mut seen = 0;
    for query in queries.iter().cloned().chain(rules) {
        for metric in metrics(&query).filter(|it| *it != "skill_name") {
            let is_there =
                text.lines().any(|it| it.starts_with(&format!("{metric}{{")) || it.starts_with(&format!("{metric} ")));
            assert!(is_there, "{metric} of {query}: {text}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{queries:?}");
    for metric in all {
        assert!(queries.iter().any(|it| it.contains(metric)), "no panel shows {metric}");
    }
}
