//! `cfn metrics`: its text is what Prometheus reads, and what commands count survives what ends them.

mod agents;
mod counters;
mod listen;
mod listening;
mod prometheus;
mod rules;
mod text;

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::harness::Project;

/// The value of a sample, by its name and labels as they are printed.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|it| it.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

/// The metrics, which `promtool` must find nothing wrong with.
#[track_caller]
fn scraped(project: &Project, more: &[&str]) -> String {
    let text = project.cfn(["metrics"].iter().chain(more)).ok();
    promtool(&["check", "metrics"], &text);
    text
}

/// Runs `promtool` on a text.
#[track_caller]
fn promtool(args: &[&str], text: &str) {
    let mut command = Command::new("promtool");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool must be installed: apt-get install prometheus");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
}
