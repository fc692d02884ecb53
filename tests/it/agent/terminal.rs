//! Agents with which a person works at a terminal.

use std::fs::{self, File};

use super::person::Person;
use super::scene::{HOSTILE, assert_nothing_left, kill, project, refused, rows, supervisor};
use crate::harness::Project;
use crate::patience::eventually;

const SIZE: (u16, u16) = (33, 101);

/// A person starts an agent named `a` with a script of a shell.
fn starts(project: &Project, options: &[&str], script: &str) -> Person {
    let arguments = [&["agent", "spawn", "tester", "--tty", "--agent-id", "a"], options, &["--", "sh", "-c", script]];
    Person::starts(&project.command(arguments.concat()), None, SIZE)
}

#[test]
fn an_agent_has_a_terminal_of_its_own_with_the_size_of_the_callers() {
    let project = project();
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all three; stty size; tty; ps -o tty= -p $$; echo $TERM; \
                  read line </dev/tty; echo \"got $line\"; echo problem >&2; exit 3";
    let command = ["agent", "spawn", "tester", "--tty", "--agent-id", "a", "--", "sh", "-c", script];
    let mut command = project.command(command);
    let stdout = project.path().join("stdout");
    let mut person =
        Person::starts(command.env("TERM", "xterm-given"), Some(File::create(&stdout).expect("a file")), SIZE);
    let seen = person.sees("xterm-given\r\n");
    let lines: Vec<_> = seen.lines().collect();
    let ["all three", "33 101", device, own, "xterm-given"] = lines[..] else { panic!("{seen:?}") };
    assert_eq!(device, format!("/dev/{own}"), "it is the terminal of its session");
    person.types("hello\r");
    let (code, seen) = person.waits();
    assert_eq!((code, seen.as_str()), (3, "hello\r\ngot hello\r\nproblem\r\n"));
    assert_eq!(fs::read_to_string(stdout).expect("a file"), "a\n", "stdout is the id alone");
    let logs = project.cfn(["agent", "logs", "a"]);
    assert!(logs.stdout.ends_with("hello\r\ngot hello\r\nproblem\r\n") && logs.stderr.is_empty(), "{logs:?}");
    assert_eq!(rows(&project, "reason, exit_code"), ["exited|3"]);
}

#[test]
fn a_new_size_and_keys_reach_the_agent() {
    let project = project();
    let script = "trap 'stty size' WINCH; trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.05; done";
    let mut person = starts(&project, &[], script);
    person.sees("ready");
    person.resizes(40, 120);
    person.sees("40 120");
    person.types("\u{3}");
    person.sees("caught");
    assert_eq!(person.waits().0, 5);
    assert_eq!(rows(&project, "reason, exit_code"), ["exited|5"], "nobody else got the key");
}

#[test]
fn all_that_an_agent_writes_is_seen_and_logged() {
    let project = project();
    let mut person = starts(&project, &[], "stty -opost; seq 1 100000; printf end");
    let (code, seen) = person.waits();
    let lines: Vec<_> = (1..=100_000).map(|it| it.to_string()).collect();
    let expected = lines.join("\n") + "\nend";
    assert!(code == 0 && seen.ends_with(&expected), "{code}, {} bytes", seen.len());
    assert_eq!(project.cfn(["agent", "logs", "a"]).ok(), expected);
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    type End<'a> = &'a dyn Fn(&Project, &mut Person);
    let waits = "echo ready; read line; sleep 600";
    let ends: [(&str, &str, End<'_>, i32, &str); 7] = [
        ("by itself", "echo ready; read line", &|_, person| person.types("\r"), 0, "exited|0"),
        ("by a signal", "echo ready; read line; kill -9 $$", &|_, person| person.types("\r"), 137, "exited|137"),
        ("by its deadline", "echo ready; trap '' TERM; sleep 600", &|_, _| (), 124, "timeout|124"),
        ("by SIGTERM to cfn", waits, &|_, person| kill("-TERM", &person.cfn.id().to_string()), 143, "stopped|143"),
        ("by SIGHUP to cfn", waits, &|_, person| kill("-HUP", &person.cfn.id().to_string()), 129, "stopped|129"),
        ("by SIGQUIT to cfn", waits, &|_, person| kill("-QUIT", &person.cfn.id().to_string()), 131, "stopped|129"),
        ("without its supervisor", waits, &|project, _| kill("-KILL", &supervisor(project, "a")), 1, "lost|"),
    ];
    for (how, script, end, code, row) in ends {
        let project = project();
        let timeout = if row.starts_with("timeout") { "1" } else { "60" };
        let mut person = starts(&project, &["--timeout", timeout, "--grace", "0.2"], script);
        let before = person.settings();
        person.sees("ready");
        assert_ne!(person.settings(), before, "{how}");
        end(&project, &mut person);
        assert_eq!(person.waits().0, code, "{how}");
        assert_eq!(person.settings(), before, "{how}");
        eventually("its result is there", || rows(&project, "reason, exit_code") == [row]);
    }
}

#[test]
fn a_terminal_that_hangs_up_ends_the_run() {
    let killed = |mut person: Person| {
        person.cfn.kill().expect("it is killed");
        person.hangs_up()
    };
    let ends: [(&str, &dyn Fn(Person) -> std::process::Child); 2] =
        [("hung up", &Person::hangs_up), ("killed", &killed)];
    for (number, (how, end)) in ends.into_iter().enumerate() {
        let project = project();
        let mark = format!("mark-{}-terminal-{number}", std::process::id());
        let agent = format!("terminal-{}-{number}", std::process::id()); // by which its control group is found
        let command =
            ["agent", "spawn", "tester", "--tty", "--agent-id", &agent, "--grace", "0.2", "--", "python3", "-c"];
        let command = project.command([&command[..], &[HOSTILE, &mark]].concat());
        let mut person = Person::starts(&command, None, SIZE);
        person.sees("ready");
        end(person).wait().expect("it ends");
        assert_eq!(project.cfn(["agent", "wait", &agent, "--timeout", "30"]).code, Some(129), "{how}");
        assert_eq!(rows(&project, "reason, exit_code"), ["stopped|129"], "{how}");
        assert_nothing_left(&agent, &mark);
    }
}

#[test]
fn a_halted_command_gives_the_terminal_back_until_it_goes_on() {
    let project = project();
    let mut person = starts(&project, &[], "echo ready; read line; echo \"got $line\"");
    let before = person.settings();
    person.sees("ready");
    let (process, raw) = (person.cfn.id().to_string(), person.settings());
    kill("-TSTP", &process);
    eventually("it is halted", || {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it is there");
        status.contains("State:\tT")
    });
    assert_eq!(person.settings(), before);
    kill("-CONT", &process);
    eventually("it goes on", || person.settings() == raw);
    person.types("more\r");
    person.sees("got more");
    assert_eq!((person.waits().0, person.settings() == before), (0, true));
}

#[test]
fn json_comes_when_the_agent_has_ended() {
    let project = project();
    let path = project.path().join("stdout");
    let command = project.command(["agent", "spawn", "tester", "--tty", "--json", "--", "echo", "hello"]);
    let mut person = Person::starts(&command, Some(File::create(&path).expect("a file")), SIZE);
    let (code, seen) = person.waits();
    assert_eq!((code, seen.as_str()), (0, "hello\r\n"));
    let said: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    assert_eq!(said["result"]["exit_code"], 0, "{said}");
}

#[test]
fn what_has_no_terminal_is_refused() {
    let project = project();
    refused(&project, &["--tty", "--", "true"], 1, "invalid_input");
    let options: [&[&str]; 5] =
        [&["--detach"], &["--count", "2"], &["--parallel", "2"], &["--stdin", "-"], &["--follow"]];
    for other in options {
        refused(&project, &[&["--tty"], other, &["--", "true"]].concat(), 1, "invalid_arguments");
    }
    assert_eq!(rows(&project, "reason"), [""; 0], "nothing was started");
}
