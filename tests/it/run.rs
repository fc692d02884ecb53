//! `cfn run`: limits, deadlines, and nothing that is left.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Project, Ran, binary, cfn_in, install, interruptible};

/// Python that takes 200 MB step by step, and then waits.
const HOG: &str = "import time
held = []
for _ in range(200): held.append(b'x' * 1000000)
time.sleep(600)";

/// A shell that starts a child in a session of its own; both ignore SIGTERM and have the mark among their arguments.
fn stubborn(mark: &str) -> String {
    format!(
        "trap '' TERM; setsid sh -c \"trap '' TERM; while :; do sleep 0.1; done\" {mark} & while :; do sleep 0.1; done"
    )
}

fn run(args: &[&str]) -> Ran {
    let mut command = cfn_in(Path::new("/"));
    command.arg("run").args(args).output().expect("cfn runs").into()
}

/// The processes that have the mark among their arguments.
fn marked(mark: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
    let lines = lines.map(|it| String::from_utf8_lossy(&it).replace('\0', " "));
    lines.filter(|it| it.contains(mark)).collect()
}

/// Fails if a group of a run that ended is there; groups of other tests' runs have processes.
fn assert_no_group_is_left() {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let hierarchies = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
        let folders = hierarchies.flat_map(|it| {
            let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
            let paths: Vec<_> = own.lines().filter_map(|line| line.rsplit(':').next().map(str::to_owned)).collect();
            paths.into_iter().map(move |path| it.path().join(path.trim_start_matches('/')))
        });
        let groups = folders.flat_map(|it| fs::read_dir(it).into_iter().flatten().flatten());
        let runs = groups.filter(|it| it.file_name().to_string_lossy().starts_with("cfn-run-"));
        let empty = runs.filter(|it| fs::read_to_string(it.path().join("cgroup.procs")).is_ok_and(|it| it.is_empty()));
        let left: Vec<_> = empty.map(|it| it.path()).collect();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "{left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn processors_that_are_none_or_are_not_there_are_refused() {
    let project = Project::empty();
    let mark = project.path().join("ran");
    let mark = mark.to_str().expect("a path");
    for list in [
        "",
        "x",
        "x;y",
        "1,",
        "0,,1",
        "1-",
        "-1",
        "2-1",
        "0 1",
        "+0",
        "8192",
        "4294967296",
        "99,x",
        "4095",
        "0,4095",
        "0-4095",
    ] {
        let cpuset = format!("--cpuset={list}");
        let ran = run(&[&cpuset, "--", "touch", mark]);
        assert!(ran.fails(1).contains("processor"), "{list}");
    }
    assert!(!Path::new(mark).exists());
    run(&["--cpuset=0", "--", "touch", mark]).ok();
}

#[test]
fn a_command_has_its_input_its_output_and_its_exit_code() {
    let project = Project::empty();
    let ran = project.cfn_with_input(["run", "--", "sh", "-c", "cat; echo \"$0\" --json >&2; exit 3", "-x"], b"in\n");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(3), "in\n", "-x --json\n"));
    assert_eq!(run(&["--", "sh", "-c", "kill -9 $$"]).code, Some(137));
    assert_eq!(run(&["--memory", "1g", "--", "sh", "-c", "kill -15 $$"]).code, Some(143));
    assert_eq!(run(&["--", "/no/such/program"]).code, Some(127));
    assert_eq!(run(&["--", "/etc/passwd"]).code, Some(126));
    for wrong in [
        &["--memory", "much", "--", "true"][..],
        &["--cpus", "0", "--", "true"],
        &["--timeout", "-1", "--", "true"],
        &[],
    ] {
        assert_eq!(run(wrong).code, Some(1), "{wrong:?}");
    }
    assert_no_group_is_left();
}

#[test]
fn a_deadline_ends_all_of_a_command_that_does_not_want_to_end() {
    let mark = format!("mark-{}-deadline", std::process::id());
    let ran = run(&["--timeout", "0.5", "--grace", "0.2", "--", "sh", "-c", &stubborn(&mark)]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(124), "note: the command was ended after 0.5 seconds\n"));
    assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
    assert_no_group_is_left();
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    let mark = format!("mark-{}-behind", std::process::id());
    let ran = run(&["--", "sh", "-c", &format!("({}) >/dev/null 2>&1 & exit 0", stubborn(&mark))]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
}

#[test]
fn a_command_with_too_much_memory_is_ended_with_all_its_processes() {
    let mark = format!("mark-{}-hog", std::process::id());
    let script = format!("sh -c 'while :; do sleep 0.1; done' {mark} & exec python3 -c \"$0\"");
    let ran = run(&["--memory", "64m", "--", "sh", "-c", &script, HOG]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    assert_eq!(ran.stderr, "note: the command was ended: it needs more than 64.0 MiB of memory\n");
    assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
    assert_eq!(
        run(&["--memory", "512m", "--timeout", "60", "--", "python3", "-c", "x = b'x' * 100000000"]).code,
        Some(0)
    );
    assert_no_group_is_left();
}

#[test]
fn the_kernel_has_the_limits_that_were_asked_for() {
    let script = "cat /proc/self/cgroup; nproc; for f in $(sed -n 's/.*:pids:/\\/sys\\/fs\\/cgroup\\/pids/p' /proc/self/cgroup); do cat $f/pids.max; done";
    let ran =
        run(&["--cpuset", "0", "--pids", "40", "--cpus", "0.5", "--require-limits", "--", "sh", "-c", script]).ok();
    assert!(ran.contains("/cfn-run-"), "{ran}");
    assert!(ran.contains("\n1\n"), "one processor: {ran}");
    let bomb =
        run(&["--pids", "4", "--timeout", "60", "--", "sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 30 & done"]);
    assert!(bomb.code != Some(0) && bomb.stderr.contains("fork"), "{bomb:?}");
    assert_no_group_is_left();
}

#[test]
fn without_control_groups_samples_end_what_has_too_much() {
    let as_nobody = |args: &[&str]| -> Ran {
        let program = tempfile::NamedTempFile::new_in("/tmp").expect("a file").into_temp_path();
        install(&binary(), &program);
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program).arg("run").args(args);
        command.env("HOME", "/nonexistent").current_dir("/").output().expect("cfn runs").into()
    };
    let mark = format!("mark-{}-sampled", std::process::id());
    let script = format!("setsid sh -c 'while :; do sleep 0.1; done' {mark} & exec python3 -c \"$0\"");
    let ran = as_nobody(&["--memory", "64m", "--timeout", "60", "--", "sh", "-c", &script, HOG]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
    let mark = format!("mark-{}-unlimited", std::process::id());
    let ran = as_nobody(&["--cpus", "1", "--timeout", "0.5", "--grace", "0.2", "--", "sh", "-c", &stubborn(&mark)]);
    assert_eq!(ran.code, Some(124), "{ran:?}");
    assert!(ran.stderr.starts_with("warning: not limited here: cpus\n"), "{ran:?}");
    assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
    let ran =
        as_nobody(&["--pids", "3", "--timeout", "60", "--", "sh", "-c", "for i in 1 2 3 4; do sleep 30 & done; wait"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(137), "note: the command was ended: it has more processes than it may\n")
    );
    let refused = as_nobody(&["--memory", "1g", "--require-limits", "--", "true"]);
    assert!(refused.fails(7).contains("control groups"), "it says what is missing");
}

#[test]
fn a_signal_reaches_the_command_which_ends_as_it_wants() {
    let mark = format!("mark-{}-signal", std::process::id());
    let script = format!("trap 'exit 9' TERM INT; echo ready; while :; do sleep 0.05; done # {mark}");
    for (signal, script, code) in
        [("TERM", script.clone(), 9), ("INT", script, 9), ("TERM", format!("echo ready; {}", stubborn(&mark)), 143)]
    {
        let mut command = cfn_in(Path::new("/"));
        command.args(["run", "--grace", "0.3", "--", "sh", "-c", &script]);
        let mut child = interruptible(&command).stdout(Stdio::piped()).spawn().expect("cfn runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().expect("kill");
        assert_eq!(child.wait().expect("an end").code(), Some(code), "{signal}");
        assert!(marked(&mark).is_empty(), "{:?}", marked(&mark));
    }
}
