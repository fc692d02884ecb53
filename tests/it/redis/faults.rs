//! Whatever Redis does, the answer is that of the database, with little delay. Then a cooldown starts, with one
//! diagnostic if diagnostics are enabled.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::time::{Duration, Instant};

use super::fake::{Fake, Manner};
use super::{Cached, notes, project, with_cache};
use crate::harness::{Project, Ran};

/// The most that Redis may cost a command here; cfn waits 50 ms, the rest is for a busy machine. A server that hangs would
/// cost more than any number.
const PROMPT: Duration = Duration::from_millis(300);

/// A machine that is busy delays now this, now that, but not always.
const TRIES: usize = 5;

/// One question of each class.
const QUESTIONS: [&[&str]; 5] = [
    &["load", "dev"],
    &["skill", "list", "--json"],
    &["skill", "show", "jwt", "--content"],
    &["skill", "history", "jwt"],
    &["analytics", "effectiveness", "--json"],
];

const FOUND_NOTHING: &[u8] = b":1\r\n:1\r\n$-1\r\n";

/// The named behaviours of a server.
const MANNERS: &[(&str, Manner)] = &[
    ("hung", Manner::Silent),
    ("gone at once", Manner::Closes),
    ("slow", Manner::Trickles(b":1\r\n:1\r\n$1000\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")),
    ("slow, and never a whole line", Manner::Trickles(&[b'+'; 400])),
    ("an HTTP server", Manner::Says(&[b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"])),
    ("an SMTP server", Manner::Says(&[b"220 mail ESMTP\r\n"])),
    ("binary noise", Manner::Says(&[b"\x15\x03\x01\x00\x02\x02\x50\r\n"])),
    ("another type", Manner::Says(&[b":1\r\n:1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"])),
    ("a number", Manner::Says(&[b":1\r\n:1\r\n:42\r\n"])),
    ("a status", Manner::Says(&[b":1\r\n:1\r\n+OK\r\n"])),
    ("-WRONGTYPE", Manner::Says(&[b":1\r\n:1\r\n-WRONGTYPE Operation against a key\r\n", b":1\r\n"])),
    ("poisoned", Manner::Says(&[b":1\r\n:1\r\n$13\r\n{\"skills\":[]}\r\n", b":1\r\n"])),
    ("too little", Manner::Says(&[b":1\r\n:1\r\n$100\r\nabc\r\n"])),
    ("too much", Manner::Says(&[b":1\r\n:1\r\n$-1\r\n$-1\r\n", b"+OK\r\n"])),
    ("a negative length", Manner::Says(&[b":1\r\n:1\r\n$-42\r\n"])),
    ("-NOAUTH", Manner::Says(&[b"-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n"])),
    ("-LOADING", Manner::Says(&[b"-LOADING Redis is loading\r\n-LOADING Redis is loading\r\n-LOADING Redis is loading\r\n"])),
    ("-MOVED", Manner::Says(&[b":1\r\n:1\r\n-MOVED 3999 127.0.0.1:6381\r\n"])),
    ("-READONLY for statistics", Manner::Says(&[b"-READONLY You can't write against a read only replica.\r\n:0\r\n$-1\r\n"])),
    ("-READONLY for the answer", Manner::Says(&[FOUND_NOTHING, b":1\r\n:1\r\n-READONLY You can't write against a read only replica.\r\n"])),
    ("-OOM for statistics", Manner::Says(&[b"-OOM command not allowed\r\n:0\r\n$-1\r\n"])),
    ("-OOM for the answer", Manner::Says(&[FOUND_NOTHING, b":1\r\n:1\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n"])),
    ("something else than OK", Manner::Says(&[FOUND_NOTHING, b":1\r\n:1\r\n$-1\r\n"])),
    ("hung at the second request", Manner::Says(&[FOUND_NOTHING])),
    ("512 MB", Manner::Floods(b":1\r\n:1\r\n$536870912\r\n")),
    ("more than there is memory", Manner::Floods(b":1\r\n:1\r\n$9223372036854775807\r\n")),
    ("an endless array", Manner::Floods(b":1\r\n:1\r\n*1000000000\r\n")),
    ("an endless line", Manner::Floods(b"+")),
];

/// Asks; nothing but the time may show that there is a cache, and that not much. What is asked is asked on a fresh memory.
#[track_caller]
fn assert_like_the_database(project: &Project, url: &str, question: &[&str], what: &str) {
    let mut added = Duration::MAX;
    for _ in 0..TRIES {
        let since = Instant::now();
        let expected = project.cfn(question);
        let usual = since.elapsed();
        let _ = fs::remove_file(notes(project)); // it need not be there
        let since = Instant::now();
        let ran = answer(with_cache(project, url, question));
        added = added.min(since.elapsed().saturating_sub(usual));
        assert_eq!(ran, expected, "{what}: {question:?}");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{what}");
        if added < PROMPT {
            return;
        }
    }
    panic!("{what}: {question:?} took {added:?} longer");
}

fn answer(mut command: Command) -> Ran {
    command.output().expect("cfn runs").into()
}

/// The warnings about Redis that somebody sees who asks for diagnostics, on a fresh memory.
fn warnings(project: &Project, url: &str, question: &[&str]) -> Vec<String> {
    let _ = fs::remove_file(notes(project)); // it need not be there
    let mut verbose = question.to_vec();
    verbose.push("-v");
    let ran = answer(with_cache(project, url, &verbose));
    assert_eq!(ran.code, Some(0));
    ran.stderr.lines().filter(|it| it.contains("WARN")).map(str::to_owned).collect()
}

#[test]
fn a_faulty_server_costs_little_and_starts_a_cooldown() {
    let project = project();
    for (what, manner) in MANNERS {
        let fake = Fake::start(*manner);
        assert_like_the_database(&project, &fake.url(), &["load", "dev"], what);
        let before = fake.connections();
        assert_ne!(before, 0, "{what}");
        for question in QUESTIONS {
            assert_eq!(answer(with_cache(&project, &fake.url(), question)), project.cfn(question), "{what}");
        }
        assert_eq!(fake.connections(), before, "{what}: it is left alone");
        let warnings = warnings(&project, &fake.url(), &["load", "dev"]);
        assert_eq!(warnings.len(), 1, "{what}: {warnings:?}");
        assert!(
            warnings[0].contains("is not used for 30 s") && !warnings[0].contains('\u{15}'),
            "{what}: {warnings:?}"
        );
    }
    project.assert_whole();
}

#[test]
fn every_class_works_without_redis() {
    let project = project();
    for manner in [Manner::Silent, Manner::Closes, MANNERS[4].1] {
        let fake = Fake::start(manner);
        for question in QUESTIONS {
            assert_like_the_database(&project, &fake.url(), question, &format!("{manner:?}"));
        }
    }
}

#[test]
fn a_refusing_server_starts_a_cooldown_and_is_used_again_after_it() {
    let project = project();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let url = format!("redis://127.0.0.1:{port}");
    assert_like_the_database(&project, &url, &["load", "dev"], "refused");
    assert!(warnings(&project, &url, &["load", "dev"])[0].contains("refused"));
    let fake = Fake::start_at(port, Manner::Says(&[FOUND_NOTHING, b":1\r\n:1\r\n+OK\r\n"]));
    answer(with_cache(&project, &url, &["load", "dev"])).ok();
    assert_eq!(fake.connections(), 0, "it is left alone");
    // 30 s later: the time that was noted has passed.
    let text = fs::read_to_string(notes(&project)).expect("something is noted");
    let noted: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let until = noted["left_alone_until"].as_i64().expect("a time");
    fs::write(notes(&project), text.replace(&until.to_string(), &(until - 31).to_string())).expect("it is written");
    let mut patient = with_cache(&project, &url, &["load", "dev"]);
    patient.env("CFN_REDIS_BUDGET_MS", "10000");
    answer(patient).ok();
    assert_eq!(fake.connections(), 1, "it is asked again");
    assert!(!notes(&project).exists(), "nothing is remembered of a server that is well");
}

#[test]
fn a_cooldown_too_far_in_the_future_is_ignored() {
    let project = project();
    let fake = Fake::start(Manner::Closes);
    let server = format!("127.0.0.1:{}/0", fake.port);
    let far = serde_json::json!({ "server": server, "left_alone_until": 99_999_999_999_i64 });
    fs::write(notes(&project), far.to_string()).expect("it is written");
    answer(with_cache(&project, &fake.url(), &["load", "dev"])).ok();
    assert_eq!(fake.connections(), 1);
}

#[test]
fn the_cooldown_also_applies_to_the_same_process() {
    let project = project();
    let fake = Fake::start(Manner::Silent);
    let mut command = with_cache(&project, &fake.url(), &["load", "--batch"]);
    let requests = project.file("requests", "{\"agent_type\":\"dev\"}\n".repeat(50));
    command.stdin(fs::File::open(requests).expect("the file"));
    let since = Instant::now();
    let answers = answer(command).ok();
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(answers.lines().count(), 50);
    assert_eq!(fake.connections(), 1, "one try, and then none");
}

#[test]
fn it_works_even_if_no_notes_can_be_written() {
    let project = project();
    fs::create_dir(notes(&project)).expect("a folder in its place");
    let fake = Fake::start(Manner::Closes);
    for connections in 1..=2 {
        let ran = answer(with_cache(&project, &fake.url(), &["load", "dev"]));
        assert_eq!(ran, project.cfn(["load", "dev"]));
        assert_eq!(fake.connections(), connections);
    }
}

#[test]
fn a_server_that_accepts_no_connections_is_not_waited_for() {
    let project = project();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    rustix::net::listen(&listener, 0).expect("a short queue");
    let address = listener.local_addr().expect("an address");
    let queue: Vec<_> = (0..4).map(|_| std::net::TcpStream::connect_timeout(&address, PROMPT)).collect();
    assert!(queue.iter().any(Result::is_err), "the queue is full");
    assert_like_the_database(&project, &format!("redis://{address}"), &["load", "dev"], "no connections");

    let path = project.path().join("full.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    rustix::net::listen(&listener, 0).expect("a short queue");
    let first = UnixStream::connect(&path).expect("one waits in the queue");
    assert_like_the_database(&project, &format!("unix://{}", path.display()), &["load", "dev"], "no connections");
    drop((queue, first));
}

#[test]
fn a_server_that_sends_endlessly_uses_no_memory() {
    let project = project();
    let peak = |url: &str| {
        let _ = fs::remove_file(notes(&project)); // it need not be there
        let said = project.path().join("peak");
        let cfn = with_cache(&project, url, &["load", "dev"]);
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%M", "-o"]).arg(&said).arg(cfn.get_program()).args(cfn.get_args());
        for (name, value) in cfn.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let ran: Ran = command.current_dir(project.path()).output().expect("GNU time must be installed").into();
        ran.ok();
        fs::read_to_string(said).expect("a file").trim().parse::<u64>().expect("KiB")
    };
    let usual = peak("redis://127.0.0.1:1");
    for (what, manner) in MANNERS.iter().filter(|it| matches!(it.1, Manner::Floods(_))) {
        let fake = Fake::start(*manner);
        let found = peak(&fake.url());
        assert_ne!(fake.connections(), 0, "{what}");
        assert!(found < usual + 4096, "{what}: {found} KiB, {usual} without");
    }
}

#[test]
fn a_hanging_server_costs_little_and_is_used_again_later() {
    let cached = Cached::new();
    let question = ["load", "dev"];
    cached.miss("load", &question);
    cached.server.signal("-STOP");
    assert_like_the_database(&cached.project, &cached.server.url(), &question, "stopped");
    cached.server.signal("-CONT");
    let before = cached.server.counted("load");
    assert_eq!(cached.cfn(&question), cached.uncached(&question));
    assert_eq!(cached.server.counted("load"), before, "it is left alone");
    cached.forget_failures();
    cached.hit("load", &question);
}

#[test]
fn a_restarted_server_is_just_empty() {
    let mut cached = Cached::new();
    cached.miss("load", &["load", "dev"]);
    cached.server.restart();
    cached.miss("load", &["load", "dev"]);
    cached.hit("load", &["load", "dev"]);
}
