//! A disk that is full when an agent ends, and a clock that jumps while it runs.

use std::fs;
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::scene::{HOSTILE, assert_nothing_left, detach, project, refused, rows, state, until_ready};
use crate::faults::tools::must;
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::small_disk::SmallDisk;

/// A project on a disk of its own.
fn on_a_small_disk() -> (Project, SmallDisk) {
    let project = project();
    let away = tempfile::tempdir().expect("a folder");
    let copy = |from: &Path, to: &Path| must(&["cp", "-a"], &[from.join(".").as_os_str(), to.as_os_str()]);
    copy(project.path(), away.path());
    let disk = SmallDisk::at(project.path(), 4 << 20, (geteuid().as_raw(), getegid().as_raw()));
    copy(away.path(), project.path());
    (project, disk)
}

#[test]
fn a_result_that_a_full_disk_cannot_take_is_taken_in_later() {
    let (project, disk) = on_a_small_disk();
    let script = "while ! [ -e $PROJECT_ROOT/filler ]; do sleep 0.05; done; sleep 0.2; echo much; exit 5";
    let agent = detach(&project, &["--", "sh", "-c", script]);
    let filler = disk.fill();
    eventually("it has ended", || state(&project, &agent).join("result.json").exists());
    eventually("its supervisor has", || project.cfn(["agent", "show", &agent]).stdout.contains("exited"));
    refused(&project, &["--", "true"], 3, "disk_full");
    fs::remove_file(filler).expect("the filler");
    assert_eq!(project.cfn(["agent", "wait", &agent]).code, Some(5));
    project.cfn(["agent", "ps"]).ok();
    assert_eq!(rows(&project, "agent_id, reason, exit_code"), [format!("{agent}|exited|5")]);
    assert_eq!(project.cfn(["agent", "ps"]).ok(), "no agent runs\n");
    drop(disk);
}

#[test]
fn a_full_disk_stops_no_deadline() {
    let (project, disk) = on_a_small_disk();
    let mark = format!("mark-{}-full", std::process::id());
    let agent = detach(&project, &["--timeout", "2", "--grace", "0.2", "--", "python3", "-c", HOSTILE, &mark]);
    until_ready(&project, &agent);
    let filler = disk.fill();
    eventually("it has ended", || state(&project, &agent).join("result.json").exists());
    assert_nothing_left(&agent, &mark);
    fs::remove_file(filler).expect("the filler");
    assert_eq!(project.cfn(["agent", "wait", &agent]).code, Some(124));
    drop(disk);
}

/// Runs an agent with a deadline of 2 s, and lets the clock jump once it runs. Returns how long it ran, in seconds.
fn jumped(jump: &str) -> u64 {
    let project = project();
    let clock = project.file("clock", "+0");
    let library = format!("/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1", std::env::consts::ARCH);
    assert!(fs::exists(&library).is_ok_and(|it| it), "faketime must be installed: apt-get install faketime");
    let mut command = project.command(["agent", "spawn", "tester", "--agent-id", "jumped", "--timeout", "2"]);
    command.args(["--grace", "0.1", "--detach", "--", "sleep", "600"]);
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1");
    Ran::from(command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output().expect("cfn runs")).ok();
    let running = fs::read_to_string(state(&project, "jumped").join("running.json")).expect("it runs");
    fs::write(&clock, jump).expect("the clock");
    assert_eq!(project.cfn(["agent", "wait", "jumped"]).code, Some(124));
    let ended = rows(&project, "substr(ended_at, 1, 4)").concat();
    assert!(!running.contains(&format!("\"started_at\":\"{ended}")), "the clock did jump");
    rows(&project, "duration_ms / 1000").concat().parse().expect("a number")
}

#[test]
fn a_clock_that_jumps_moves_no_deadline() {
    for jump in ["+800d", "-800d"] {
        let seconds = jumped(jump);
        assert!((2..30).contains(&seconds), "{seconds} s after {jump}");
    }
}
