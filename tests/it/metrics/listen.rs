//! The server for Prometheus, and attacks on it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use super::listening::Listening;
use super::{promtool, value};
use crate::patience::eventually;
use crate::scene::{deploy, with_skill};

/// The text of an answer that is well.
#[track_caller]
fn text(answer: &str) -> &str {
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer.split_once("\r\n\r\n").map(|it| it.1).expect("a head and a text")
}

/// Sees that a scrape works, and that the process is as small as before.
#[track_caller]
fn is_well(listening: &Listening) {
    text(&listening.get("/metrics"));
    assert!(listening.kilobytes("VmHWM:") < 100_000, "{} KiB", listening.kilobytes("VmHWM:"));
    assert!(listening.open_files() < 100, "{} open files", listening.open_files());
    assert_eq!(listening.threads(), 1);
}

#[test]
fn a_scrape_has_the_metrics_of_the_moment_and_a_signal_is_a_good_end() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    let answer = listening.get("/metrics?name=cfn");
    assert!(answer.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
    promtool(&["check", "metrics"], text(&answer));
    assert_eq!(value(text(&answer), "skill_deployment_status{status=\"active\"}"), Some(1.0));
    assert_eq!(text(&listening.get("/healthz")), "ok\n");
    deploy(&project, "sql", "Select.", &["testing", "dev"]);
    eventually("the new skill is counted", || {
        value(text(&listening.get("/metrics")), "skill_deployment_status{status=\"active\"}") == Some(2.0)
    });
    assert_eq!(listening.interrupt(), (Some(0), String::new()));
    let listening = Listening::start(&project, &["--format", "openmetrics"]);
    let answer = listening.get("/metrics");
    assert!(answer.contains("application/openmetrics-text; version=1.0.0") && answer.ends_with("# EOF\n"), "{answer}");
}

#[test]
fn other_paths_and_methods_and_nonsense_are_refused() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    for (request, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("GET http://elsewhere/metrics HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "405 Method Not Allowed"),
        ("DELETE /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        ("CONNECT example.com:443 HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", "400 Bad Request"),
        ("GET /metrics HTTP/1.1\r\nno header\r\n\r\n", "400 Bad Request"),
    ] {
        let answer = listening.answer(request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}\r\n")), "{request}: {answer}");
    }
    is_well(&listening);
}

#[test]
fn huge_requests_are_refused_and_take_no_memory() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    let path = format!("GET /{}", "a".repeat(20 << 20));
    let headers = format!("GET /metrics HTTP/1.1\r\n{}", "X-Header: value\r\n".repeat(1 << 20));
    for request in [path, headers] {
        let answer = listening.answer(request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    let body = format!("POST /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n{}", "b".repeat(20 << 20));
    assert!(listening.answer(body.as_bytes()).starts_with("HTTP/1.1 405 "));
    is_well(&listening);
}

#[test]
fn slow_clients_keep_nobody_waiting() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    let mut silent: Vec<_> = (0..300).map(|_| listening.connect()).collect();
    for (number, client) in silent.iter_mut().enumerate() {
        let part: &[u8] = if number % 2 == 0 { b"GET /met" } else { b"GET /metrics HTTP/1.1\r\n\r\n" };
        let _ = client.write_all(part); // its place may be taken
    }
    for _ in 0..5 {
        is_well(&listening);
        for client in &mut silent {
            let _ = client.write_all(b"r");
        }
    }
    // A client that is slow, but no slower than a network, has its answer.
    let mut slow = listening.connect();
    for piece in b"GET /healthz HTTP/1.1\r\n\r\n".chunks(3) {
        slow.write_all(piece).expect("written");
        thread::sleep(Duration::from_millis(20));
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert_eq!(text(&answer), "ok\n");
}

#[test]
fn ten_thousand_connections_leave_it_as_it_was() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    let mut open = std::collections::VecDeque::new();
    for number in 0..10_000 {
        let mut client = listening.connect();
        if number % 3 == 0 {
            let _ = client.write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"); // its place may be taken
        }
        open.push_back(client);
        if open.len() > 500 {
            open.pop_front();
        }
        if number % 1000 == 999 {
            is_well(&listening);
        }
    }
    drop(open);
    is_well(&listening);
    assert_eq!(listening.interrupt().0, Some(0));
}

#[test]
fn a_database_that_is_gone_is_said_and_comes_back() {
    let project = with_skill("jwt", "domain", "dev");
    let listening = Listening::start(&project, &[]);
    let away = project.database().with_file_name("away.db");
    fs::rename(project.database(), &away).expect("renamed");
    for path in ["/metrics", "/healthz"] {
        let answer = listening.get(path);
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\nthe database cannot be read\n"),
            "{answer}"
        );
    }
    fs::rename(&away, project.database()).expect("renamed");
    eventually("it is read again", || listening.get("/healthz").starts_with("HTTP/1.1 200 "));
    let (code, said) = listening.interrupt();
    assert!(code == Some(0) && said.contains("skills.db") && said.lines().count() <= 3, "{said}");
}

#[test]
fn an_address_that_is_taken_or_none_is_an_error() {
    let project = with_skill("jwt", "domain", "dev");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    project.fails_as(["metrics", "--listen", &address], 1, "address_unusable");
    project.fails_as(["metrics", "--listen", "9091"], 1, "invalid_arguments");
    crate::harness::Project::empty().fails_as(["metrics", "--listen", "127.0.0.1:0"], 3, "database_missing");
}
