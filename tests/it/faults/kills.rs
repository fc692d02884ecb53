//! `kill -9`, SIGTERM and SIGINT at random instants: nothing acknowledged is lost, nothing is half there.

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{Random, died, figure, number};
use super::victims::{Victim, victims};
use crate::harness::interruptible;

/// Starts a command and kills it after a while.
fn kill_after(command: &Command, delay: Duration, signal: Signal) -> Output {
    let child = interruptible(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    thread::sleep(delay);
    let _ = kill_process(Pid::from_child(&child), signal); // it may have ended before
    child.wait_with_output().expect("its output")
}

/// How long the command takes that nobody kills: the slowest of three.
fn undisturbed(victim: &mut dyn Victim) -> Duration {
    let runs = (0..3).map(|_| {
        let mut command = victim.prepare();
        let since = Instant::now();
        let output = command.output().expect("cfn runs");
        let took = since.elapsed();
        assert!(output.status.success(), "{}: {output:?}", victim.name());
        victim.judge(&output);
        took
    });
    runs.max().unwrap_or_default()
}

/// Kills until `count` processes died of the signal, turn by turn over all kinds of command.
fn campaign(name: &str, signal: Signal, count: usize) {
    let mut random = Random::new();
    let mut victims = victims();
    let mut killed = vec![0_usize; victims.len()];
    let mut answered = 0;
    let spans: Vec<Duration> = victims.iter_mut().map(|it| undisturbed(it.as_mut())).collect();
    let mut turn = 0;
    while killed.iter().sum::<usize>() < count {
        let kind = turn % victims.len();
        turn += 1;
        assert!(turn < 20 * count + 200, "hardly any process was killed in time: {killed:?}");
        let span = u64::try_from(spans[kind].as_micros()).expect("a short time");
        let delay = Duration::from_micros(random.below(span + span / 5));
        let output = kill_after(&victims[kind].prepare(), delay, signal);
        if died(&output, signal) {
            killed[kind] += 1;
        } else {
            assert!(output.status.success(), "{}: {output:?}", victims[kind].name());
            answered += 1;
        }
        victims[kind].judge(&output);
    }
    for victim in &mut victims {
        victim.judge_all();
    }
    let by_kind: Vec<_> = victims.iter().zip(&killed).map(|(it, count)| format!("{} {count}", it.name())).collect();
    figure(&format!("{name}: {count} killed ({}), {answered} ended before", by_kind.join(", ")));
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there_after_kill_9() {
    campaign("SIGKILL", Signal::KILL, number("CFN_KILLS", 60));
}

#[test]
fn a_terminated_or_interrupted_command_is_all_or_nothing() {
    let count = number("CFN_KILLS", 60) / 4;
    campaign("SIGTERM", Signal::TERM, count);
    campaign("SIGINT", Signal::INT, count);
}
