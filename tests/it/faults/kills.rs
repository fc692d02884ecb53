//! `kill -9`, SIGTERM and SIGINT at random instants: nothing acknowledged is lost, nothing is half there.

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{Random, died, figure, number, run};
use super::victims::{Victim, exports, victims};
use crate::harness::Project;
use crate::harness::interruptible;

/// Starts a command and kills it after a while.
fn kill_after(command: &Command, delay: Duration, signal: Signal) -> Output {
    let child = interruptible(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    thread::sleep(delay);
    let _ = kill_process(Pid::from_child(&child), signal); // it may have ended before
    child.wait_with_output().expect("its output")
}

/// Every way to read, and one usage row. What was killed may have been the first to write.
const COMMANDS: [&[&str]; 9] = [
    &["load", "agent"],
    &["skill", "list"],
    &["log", "one", "--agent-id", "reader", "--agent-type", "agent"],
    &["skill", "show", "one"],
    &["skill", "history", "one"],
    &["log", "show", "--task", "t"],
    &["analytics", "usage"],
    &["db", "check"],
    &["db", "status"],
];

/// Longer than any of them takes on a busy machine, and less than SQLite tries to read a log that it cannot understand.
const AT_ONCE: Duration = Duration::from_secs(8);

/// Runs all of them, the first one as the first process after the death; how long each took.
fn read_everything(project: &Project, first: usize, times: &mut Vec<Duration>) {
    let there = project.database().exists();
    for number in 0..COMMANDS.len() {
        let args = COMMANDS[(first + number) % COMMANDS.len()];
        let since = Instant::now();
        let ran = run(project.command(args));
        let took = since.elapsed();
        let absent = (!there && ran.code == Some(3)) || (there && ran.code == Some(4));
        assert!(ran.code == Some(0) || absent, "{args:?}: {ran:?}");
        assert!(took < AT_ONCE, "{args:?} took {took:?}");
        times.push(took);
    }
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
fn campaign(name: &str, signal: Signal, count: usize, mut victims: Vec<Box<dyn Victim>>) {
    let mut random = Random::new();
    let mut killed = vec![0_usize; victims.len()];
    let (mut answered, mut times) = (0, Vec::new());
    let spans: Vec<Duration> = victims.iter_mut().map(|it| undisturbed(it.as_mut())).collect();
    let mut turn = 0;
    while killed.iter().sum::<usize>() < count {
        let kind = turn % victims.len();
        turn += 1;
        assert!(turn < 40 * count + 200, "hardly any process was killed in time: {killed:?}");
        let span = u64::try_from(spans[kind].as_micros()).expect("a short time");
        let delay = Duration::from_micros(random.below(span + span / 5));
        let output = kill_after(&victims[kind].prepare(), delay, signal);
        if died(&output, signal) {
            killed[kind] += 1;
        } else {
            assert!(output.status.success(), "{}: {output:?}", victims[kind].name());
            answered += 1;
        }
        // The judge and these commands recover the database by turns.
        let reads_first = (turn / victims.len()).is_multiple_of(2);
        if reads_first {
            read_everything(victims[kind].project(), turn, &mut times);
        }
        victims[kind].judge(&output);
        if !reads_first {
            read_everything(victims[kind].project(), turn, &mut times);
        }
    }
    for victim in &mut victims {
        victim.judge_all();
    }
    let by_kind: Vec<_> = victims.iter().zip(&killed).map(|(it, count)| format!("{} {count}", it.name())).collect();
    figure(&format!("{name}: {count} killed ({}), {answered} ended before", by_kind.join(", ")));
    times.sort_unstable();
    let at = |hundredth: usize| times.get(times.len() * hundredth / 100).copied().unwrap_or_default();
    let (middle, most) = (at(50), times.last().copied().unwrap_or_default());
    figure(&format!("{} commands after them: {middle:.1?}, p99 {:.1?}, at most {most:.1?}", times.len(), at(99)));
}

#[test]
fn after_sigkill_nothing_acknowledged_is_lost_and_nothing_half_done() {
    campaign("SIGKILL", Signal::KILL, number("CFN_KILLS", 60), victims());
}

#[test]
fn a_terminated_or_interrupted_command_is_all_or_nothing() {
    let count = number("CFN_KILLS", 60) / 4;
    campaign("SIGTERM", Signal::TERM, count, victims());
    campaign("SIGINT", Signal::INT, count, victims());
}

#[test]
fn a_killed_export_leaves_each_folder_whole_or_absent_and_touches_nothing_else() {
    campaign("SIGKILL of exports", Signal::KILL, number("CFN_EXPORT_KILLS", 60), exports());
}
