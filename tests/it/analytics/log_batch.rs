//! `cfn log --batch` that somebody talks to, and one that is ended.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::log::{execution, rows};
use super::project;
use crate::harness::Project;

#[test]
fn what_a_killed_batch_acknowledged_is_there() {
    let project = project();
    let mut command = project.command(["log", "--batch"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let mut input = child.stdin.take().expect("a pipe");
    let writer = thread::spawn(move || {
        for number in 0..200_000 {
            let line = format!(r#"{{"id":{number},"skill":"beta","agent_id":"{number}","agent_type":"tester"}}"#);
            if writeln!(input, "{line}").is_err() {
                return; // it was killed
            }
        }
    });
    let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first: Vec<String> = output.by_ref().take(5_001).map_while(Result::ok).collect();
    child.kill().expect("kill -9");
    let acknowledged = first.len() + output.map_while(Result::ok).filter(|it| it.ends_with('}')).count();
    child.wait().expect("ends");
    writer.join().expect("the writer ends");
    let logged: usize =
        project.sqlite3("SELECT count(DISTINCT agent_id) FROM skill_usage_log").parse().expect("a number");
    assert!(acknowledged > 5_000 && logged >= acknowledged, "{acknowledged} acknowledged, {logged} there");
    project.assert_whole();
    project.cfn(["analytics", "check"]).ok();
}

/// A batch that somebody talks to.
fn talking(project: &Project) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut command = project.command(["log", "--batch"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
    let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    (child, input, BufReader::new(output))
}

fn terminate(child: &Child) {
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// The next line, or a failure: who waits for ever would say nothing.
fn next_line(output: BufReader<ChildStdout>) -> (String, BufReader<ChildStdout>) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = output;
        let mut line = String::new();
        let read = output.read_line(&mut line);
        let _ = sender.send(read.map(|_| (line, output)));
    });
    receiver.recv_timeout(Duration::from_secs(30)).expect("an answer in time").expect("a line")
}

#[test]
fn a_batch_answers_while_its_input_is_open() {
    let project = project();
    let (mut child, mut input, mut output) = talking(&project);
    for number in 1..=3 {
        writeln!(input, "{}", execution(number)).expect("takes a line");
        // Half a line does not hold up the whole one before it.
        write!(input, "{{\"id\":").expect("takes half a line");
        let line;
        (line, output) = next_line(output);
        assert_eq!(line, format!("{{\"id\":{number},\"logged\":true}}\n"));
        assert_eq!(rows(&project), number.to_string(), "an answer comes after the commit");
        writeln!(input, "}}").expect("takes the rest");
        (_, output) = next_line(output);
    }
    drop(input);
    assert_eq!(child.wait().expect("ends").code(), Some(1), "three lines were no executions");
}

#[test]
fn nothing_is_locked_while_a_batch_waits() {
    let project = project();
    let (mut child, mut input, output) = talking(&project);
    writeln!(input, "{}", execution(1)).expect("takes a line");
    let (_, output) = next_line(output);
    write!(input, "{{").expect("takes half a line");
    project.cfn(["log", "beta", "--agent-id", "other", "--agent-type", "tester"]).ok();
    assert_eq!(rows(&project), "2");
    drop((input, output));
    child.wait().expect("ends");
}

#[test]
fn a_batch_that_is_told_to_end_commits_what_it_has() {
    use std::os::unix::process::ExitStatusExt;
    let project = project();
    // The answers are not read, and there are more than a pipe takes: it waits for its reader when it is told to end.
    let (mut child, mut input, mut output) = talking(&project);
    let writer = thread::spawn(move || {
        for number in 0..20_000 {
            if writeln!(input, "{}", execution(10_000_000 + number)).is_err() {
                return; // it has ended
            }
        }
    });
    let (mut before, mut now) = (String::new(), rows(&project));
    while now == "0" || before != now {
        thread::sleep(Duration::from_millis(500));
        (before, now) = (now, rows(&project));
    }
    terminate(&child);
    let status = child.wait().expect("ends");
    assert_eq!(status.signal(), Some(15), "{status}");
    writer.join().expect("the writer ends");
    let mut answers = String::new();
    output.read_to_string(&mut answers).expect("answers");
    let (answered, logged) = (answers.lines().count() as u64, rows(&project).parse::<u64>().expect("a number"));
    assert!(answered < logged && logged < 20_000, "{answered} answered, {logged} logged");
    project.assert_whole();

    let (mut child, mut input, output) = talking(&project);
    writeln!(input, "{}", execution(2)).expect("takes a line");
    let (_, _output) = next_line(output);
    terminate(&child);
    assert_eq!(child.wait().expect("ends").signal(), Some(15));
    assert_eq!(rows(&project), (logged + 1).to_string());
}

#[test]
fn rows_are_logged_although_nobody_reads_the_answers() {
    let project = project();
    let (mut child, mut input, output) = talking(&project);
    drop(output);
    for number in 0..3_000 {
        writeln!(input, "{}", execution(number)).expect("takes a line");
    }
    drop(input);
    assert_eq!(child.wait().expect("ends").code(), Some(0));
    assert_eq!(rows(&project), "3000");
}
