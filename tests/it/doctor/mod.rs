//! `cfn doctor`: each test makes a bad state, sees the doctor name it with its evidence and the command that mends it, runs
//! that command, and sees it well.

mod agents;
mod approvals;
mod command;
mod database;
mod delivery;
mod file;
pub(crate) mod machine;
mod postgres;
mod redis;
mod schema;
mod servers;

use std::process::Command;

use serde_json::Value;

use crate::harness::{Project, Ran, binary};

/// The report of `cfn doctor`, whatever its exit code.
#[track_caller]
fn examined(project: &Project, more: &[&str]) -> Value {
    let ran = project.cfn(["doctor", "--json"].iter().chain(more));
    report(&ran)
}

#[track_caller]
fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// A line of a report.
#[track_caller]
fn line<'a>(report: &'a Value, area: &str, name: &str) -> &'a Value {
    let lines = report["lines"].as_array().expect("lines");
    let found = lines.iter().find(|it| it["area"] == area && it["name"] == name);
    found.unwrap_or_else(|| panic!("no line {area} {name}: {report:#}"))
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_default()
}

/// Sees a line in this state, with this evidence, and returns what mends it.
#[track_caller]
fn sees(report: &Value, area: &str, name: &str, state: &str, evidence: &str) -> String {
    let line = line(report, area, name);
    assert_eq!(text(line, "state"), state, "{line:#}");
    assert!(text(line, "evidence").contains(evidence), "{evidence}: {line:#}");
    assert_eq!(line["mend"].is_string(), matches!(state, "warn" | "fail"), "{line:#}");
    text(line, "mend").to_owned()
}

/// Sees that a line of a project is well.
#[track_caller]
fn is_well(project: &Project, more: &[&str], area: &str, name: &str) {
    let report = examined(project, more);
    sees(&report, area, name, "ok", "");
}

/// What a text that mends names to run: the commands in quotes, or all of it.
fn commands(mend: &str) -> Vec<String> {
    const PROGRAMS: [&str; 7] = ["cfn ", "sqlite3 ", "psql ", "redis-cli ", "chmod ", "chown ", "kill "];
    let runs = |it: &&str| PROGRAMS.iter().any(|program| it.starts_with(program));
    if runs(&mend) {
        return vec![mend.to_owned()];
    }
    let quoted = mend.split('\'').skip(1).step_by(2);
    quoted.filter(runs).map(str::to_owned).collect()
}

/// Runs a command as its user would type it, in the folder of the project.
#[track_caller]
fn types(project: &Project, command: &str) -> String {
    let mut shell = Command::new("bash");
    let cfn = project.command([""; 0]);
    for (name, value) in cfn.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let folder = binary().parent().expect("a folder").to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a PATH"));
    let ran: Ran =
        shell.args(["-c", command]).env("PATH", path).current_dir(project.path()).output().expect("bash").into();
    assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    ran.stdout
}

/// Runs what mends a line, and sees it well.
#[track_caller]
fn mended_by(project: &Project, more: &[&str], (area, name): (&str, &str), mend: &str) {
    let commands = commands(mend);
    assert!(!commands.is_empty(), "{mend}");
    for command in commands {
        types(project, &command);
    }
    is_well(project, more, area, name);
}
