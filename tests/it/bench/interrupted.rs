//! Ctrl-C and the other requests to end: every benchmark reports what it has, leaves nothing, and ends by the signal.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Project, Ran, in_the_background, interruptible};

/// How long a step may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let since = Instant::now();
    while !reached() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The number of entries of the folder for temporary files.
fn entries(project: &Project) -> usize {
    project.path().join("tmp").read_dir().expect("a folder").count()
}

/// Starts it with a folder for temporary files of its own, and waits until it uses that.
fn started(project: &Project, command: fn(&Command) -> Command, args: &str) -> Child {
    fs::create_dir_all(project.path().join("tmp")).expect("a folder");
    let mut ours = project.command(args.split(' '));
    ours.env("TMPDIR", project.path().join("tmp")).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let child = command(&ours).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    wait_until("it did not begin", || entries(project) > 0);
    child
}

fn ended(child: Child, signal: Signal) -> Ran {
    kill_process(Pid::from_child(&child), signal).expect("it runs");
    Ran::from(child.wait_with_output().expect("cfn ends"))
}

/// A run of an hour that has taken samples.
fn long_run(project: &Project, command: fn(&Command) -> Command) -> Child {
    let args = "bench --skills 40 --usage-rows 0 --runs 100000 --no-fail --samples run.jsonl";
    let child = started(project, command, args);
    wait_until("no samples", || lines(project) >= 60);
    child
}

fn lines(project: &Project) -> usize {
    fs::read_to_string(project.path().join("run.jsonl")).map_or(0, |it| it.lines().count())
}

#[test]
fn a_run_reports_what_it_has_and_ends_by_the_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let project = Project::empty();
        let ran = ended(long_run(&project, interruptible), signal);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stdout.contains("stopped before it was done") && ran.stdout.contains("Score: "), "{ran:?}");
        assert_eq!(entries(&project), 0, "nothing is left");
    }
}

#[test]
fn every_benchmark_leaves_nothing_and_ends_with_130() {
    for args in [
        "bench growth --skills 40,60 --usage-rows 50 --runs 100000",
        "bench growth --skills 2000000",
        "bench compare --skills 40 --runs 100000",
        "bench stress --workers 2 --duration 1h --skills 40",
        "bench stress --workers 2 --duration 1h --skills 2000000",
        "bench --skills 2000000",
    ] {
        let project = Project::empty();
        let child = started(&project, interruptible, args);
        thread::sleep(Duration::from_secs(2)); // at whatever it does by then
        let ran = ended(child, Signal::INT);
        assert_eq!(ran.code, Some(130), "{args}: {ran:?}");
        assert_eq!(entries(&project), 0, "{args}");
        assert!(ran.stderr.lines().count() <= 2 && !ran.stderr.contains("panicked"), "{args}: {ran:?}");
    }
}

#[test]
fn a_statement_that_takes_long_ends_at_once() {
    let project = Project::new();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let mut command = interruptible(&project.command(["bench", "sql", "--limit", "3600", endless]));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    thread::sleep(Duration::from_secs(2));
    let since = Instant::now();
    let ran = ended(child, Signal::INT);
    assert!(since.elapsed() < PATIENCE);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(130), ""), "{ran:?}");
    assert!(ran.stderr.starts_with("error: interrupted before there was a report\nhint: "), "{ran:?}");
}

#[test]
fn a_stressed_database_is_verified_all_the_same() {
    let project = Project::empty();
    let child = started(&project, interruptible, "bench stress --workers 2 --duration 1h --skills 40");
    thread::sleep(Duration::from_secs(4));
    let ran = ended(child, Signal::INT);
    let text = &ran.stdout;
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(text.contains("interrupted before the end") && text.contains("no problems"), "{text}");
}

#[test]
fn in_the_background_ctrl_c_is_somebody_elses() {
    let project = Project::empty();
    let child = long_run(&project, in_the_background);
    let pid = Pid::from_child(&child);
    for signal in [Signal::INT, Signal::HUP] {
        kill_process(pid, signal).expect("it runs");
    }
    let before = lines(&project);
    wait_until("it does not go on", || lines(&project) > before + 40);
    assert_eq!(ended(child, Signal::TERM).code, Some(143));
    assert_eq!(entries(&project), 0);
}

#[test]
fn a_killed_run_loses_nothing_that_was_measured_and_the_next_removes_its_folder() {
    let project = Project::empty();
    let mut child = long_run(&project, interruptible);
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    let written = lines(&project);
    let report = project.cfn(["bench", "--from", "run.jsonl", "--no-fail", "--json"]).json();
    assert_eq!(report["interrupted"], true);
    let samples = report["samples"].as_array().expect("samples").iter();
    let read: usize = samples.filter_map(|it| it["milliseconds"].as_array()).map(Vec::len).sum();
    // The first line says what the run is of; the last one may have no end.
    assert!(read >= 59 && (read + 1 == written || read + 2 == written), "{read} of {written}");

    assert_eq!(entries(&project), 1);
    let mut next = project.command("bench growth --skills 40 --usage-rows 0 --runs 1".split(' '));
    Ran::from(next.env("TMPDIR", project.path().join("tmp")).output().expect("cfn runs")).ok();
    assert_eq!(entries(&project), 0);
}
