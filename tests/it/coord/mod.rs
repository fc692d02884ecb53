//! `cfn coord …` against a real Redis: the keys that the fleet's programs read, and nothing that stays for ever.

mod proxy;
mod trips;

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Project, Ran};
use crate::redis::Server;

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;

fn command(port: u16, arguments: &[&str]) -> Command {
    let mut command = Project::empty().command(["coord"].iter().chain(arguments));
    command.current_dir("/").env("CFN_REDIS_URL", format!("redis://127.0.0.1:{port}"));
    command
}

fn coord(port: u16, arguments: &[&str]) -> Ran {
    command(port, arguments).output().expect("cfn runs").into()
}

/// The names of all keys, and how long they live.
fn keys(server: &Server) -> Vec<(String, i64)> {
    let mut names: Vec<_> = server.cli(&["KEYS", "*"]).lines().map(str::to_owned).filter(|it| !it.is_empty()).collect();
    names.sort();
    let ttl = |name: &str| server.cli(&["TTL", name]).parse().expect("a number");
    names.into_iter().map(|it| (it.clone(), ttl(&it))).collect()
}

#[track_caller]
fn assert_all_expire(server: &Server) {
    let keys = keys(server);
    assert!(keys.iter().all(|it| it.1 > 0), "{keys:?}");
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_context_is_a_hash_that_the_fleet_reads() {
    let server = Server::start();
    let set = ["context", "cli:t1", "mode=standard", "success-criteria=all = green", "--json"];
    let set = coord(server.port, &set).json();
    let fields = json!({ "mode": "standard", "success-criteria": "all = green" });
    let all = json!({ "task_id": "cli:t1", "key": "swarm:cli:t1:context", "fields": fields, "expires_in_s": DAY });
    assert_eq!(set, all);
    assert_eq!(server.cli(&["HGET", "swarm:cli:t1:context", "success-criteria"]), "all = green");
    let more = coord(server.port, &["context", "cli:t1", "mode=mvp", "empty=", "--ttl", "60"]).ok();
    assert_eq!(more, "empty=\nmode=mvp\nsuccess-criteria=all = green\n");
    assert_eq!(coord(server.port, &["context", "cli:t1"]).ok(), more);
    assert_eq!(server.cli(&["TTL", "swarm:cli:t1:context"]).parse::<u64>().map(|it| it / 10), Ok(6));
}

#[test]
fn a_state_is_json_for_a_day() {
    let server = Server::start();
    coord(server.port, &["state", "t1", r#"{"phase": "loop3",  "n": [1, 2]}"#]).ok();
    assert_eq!(server.cli(&["GET", "coord:t1"]), r#"{"phase":"loop3","n":[1,2]}"#);
    assert_eq!(coord(server.port, &["state", "t1"]).ok(), "{\"phase\":\"loop3\",\"n\":[1,2]}\n");
    let shown = coord(server.port, &["state", "t1", "--json"]).json();
    assert_eq!(
        (&shown["state"]["n"], &shown["key"], &shown["written"]),
        (&json!([1, 2]), &json!("coord:t1"), &json!(false))
    );
    assert!(shown["expires_in_s"].as_u64().is_some_and(|it| (DAY - 60..=DAY).contains(&it)), "{shown}");
    server.cli(&["SET", "coord:t2", "phase three"]);
    assert_eq!(coord(server.port, &["state", "t2", "--json"]).json()["state"], "phase three", "another program's text");
}

#[test]
fn an_agent_that_is_done_is_known_wherever_the_fleet_looks() {
    let server = Server::start();
    let arguments =
        ["done", "t1", "a1", "--confidence", "0.92", "--result", r#"{"files": 3}"#, "--iteration", "2", "--json"];
    let said = coord(server.port, &arguments).json();
    for (field, value) in [
        ("agentId", json!("a1")),
        ("taskId", json!("t1")),
        ("status", json!("completed")),
        ("iteration", json!(2)),
        ("confidence", json!(0.92)),
        ("result", json!({ "files": 3 })),
    ] {
        assert_eq!(said[field], value, "{field}");
    }
    assert_eq!(parsed(&server.cli(&["GET", "swarm:t1:agent:a1"])), said);
    assert_eq!(parsed(&server.cli(&["LINDEX", "cfn:cli:t1:completion", "0"])), said);
    assert_eq!(parsed(&server.cli(&["LINDEX", "swarm:t1:signal:completion", "0"])), json!({ "agentId": "a1" }));
    assert_eq!(server.cli(&["GET", "swarm:t1:a1:confidence"]), "0.92");
    assert_eq!(server.cli(&["ZRANGE", "swarm:t1:completions", "0", "-1", "WITHSCORES"]).lines().last(), Some("92"));
    assert_eq!(parsed(&server.cli(&["GET", "swarm:t1:a1:result:iteration-2"])), json!({ "files": 3 }));
    let lives = |name: &str| keys(&server).into_iter().find(|it| it.0 == name).map(|it| it.1.unsigned_abs());
    for (name, longest) in [
        ("swarm:t1:a1:done", HOUR),
        ("swarm:t1:signal:completion", HOUR),
        ("cfn:cli:t1:completion", HOUR),
        ("swarm:t1:a1:confidence", HOUR),
        ("swarm:t1:agent:a1", DAY),
        ("swarm:t1:completions", DAY),
        ("swarm:t1:a1:result:iteration-2", DAY),
    ] {
        assert!(lives(name).is_some_and(|it| (longest - 60..=longest).contains(&it)), "{name}: {:?}", lives(name));
    }
    assert_eq!(server.cli(&["BRPOP", "swarm:t1:a1:done", "1"]), "swarm:t1:a1:done\ncomplete");
    coord(server.port, &["done", "t2", "a2", "--failed"]).ok();
    assert_eq!(parsed(&server.cli(&["GET", "swarm:t2:agent:a2"]))["status"], "failed");
    assert_all_expire(&server);
}

#[test]
fn waiting_counts_each_agent_once_whoever_said_it() {
    let server = Server::start();
    for agent in ["a1", "a2", "a1"] {
        coord(server.port, &["done", "t1", agent, "--confidence", "0.5"]).ok();
    }
    let shown = coord(server.port, &["wait", "t1", "--agents", "2", "--json"]).json();
    let done = json!([
        { "agent_id": "a1", "status": "completed", "confidence": 0.5 },
        { "agent_id": "a2", "status": "completed", "confidence": 0.5 },
    ]);
    assert_eq!((&shown["done"], &shown["complete"]), (&done, &json!(true)));
    let late = coord(server.port, &["wait", "t1", "--agents", "3", "--timeout", "0"]);
    assert_eq!(late.code, Some(124), "{late:?}");
    assert!(late.stdout.ends_with("2 of 3 agents done\n"), "{late:?}");
    // The fleet's own programs: its executor, its wrapper, and a shell script.
    server.cli(&["LPUSH", "cfn:cli:t1:completion", r#"{"agentId":"a3","status":"completed","confidence":0.8}"#]);
    server.cli(&["ZADD", "swarm:t1:completions", "70", r#"{"agentId":"a4","confidence":0.7}"#]);
    server.cli(&["LPUSH", "cfn:cli:t1:completion", "no JSON"]);
    server.cli(&["LPUSH", "swarm:t1:a5:done", "complete"]);
    coord(server.port, &["wait", "t1", "--agents", "4", "--timeout", "0"]).ok();
    coord(server.port, &["wait", "t1", "--agents", "a4,a5", "--timeout", "0"]).ok();
    let named = coord(server.port, &["wait", "t1", "--agents", "a5,a6", "--timeout", "0"]);
    assert!(named.code == Some(124) && named.stdout.ends_with("1 of 2 agents done; not a6\n"), "{named:?}");
    assert_eq!(server.cli(&["LLEN", "swarm:t1:a5:done"]), "1", "the signal is still there for whom it is meant");
}

#[test]
fn waiting_ends_when_the_last_agent_is_done() {
    let server = Server::start();
    let port = server.port;
    let waiting = thread::spawn(move || coord(port, &["wait", "t1", "--agents", "2", "--timeout", "60"]));
    coord(port, &["done", "t1", "a1"]).ok();
    thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_finished());
    coord(port, &["done", "t1", "a2"]).ok();
    assert!(waiting.join().expect("it ends").ok().contains("a2"));
}

#[test]
fn clearing_removes_a_task_or_an_agent_and_nothing_else() {
    let server = Server::start();
    let others = ["session:t1", "swarm:t10:context", "swarm:cli:t1:context", "coord:t2", "cache:query:t1"];
    for key in others {
        server.cli(&["SET", key, "kept", "EX", "600"]);
    }
    for agent in ["a1", "a2"] {
        coord(server.port, &["done", "t1", agent, "--confidence", "1", "--result", "[]"]).ok();
    }
    coord(server.port, &["context", "t1", "mode=mvp"]).ok();
    coord(server.port, &["state", "t1", "1"]).ok();
    server.cli(&["SET", "coord:t1:a1:lock", "x", "EX", "600"]);
    let removed = coord(server.port, &["clear", "t1", "a1", "--json"]).json();
    assert_eq!(removed, json!({ "task_id": "t1", "agent_id": "a1", "removed": 5 }));
    let left = keys(&server);
    assert!(!left.iter().any(|it| it.0.contains("a1")), "{left:?}");
    assert!(left.iter().any(|it| it.0 == "swarm:t1:a2:done") && left.iter().any(|it| it.0 == "swarm:t1:context"));
    let done = coord(server.port, &["wait", "t1", "--agents", "1", "--json"]).json();
    assert_eq!(
        done["done"].as_array().map(|it| it.iter().map(|it| it["agent_id"].clone()).collect()),
        Some(vec![json!("a2")])
    );
    assert_eq!(coord(server.port, &["clear", "t1"]).ok(), "removed 9 keys of task t1\n");
    let mut expected = others.map(str::to_owned);
    expected.sort();
    assert_eq!(keys(&server).into_iter().map(|it| it.0).collect::<Vec<_>>(), expected);
    assert_eq!(coord(server.port, &["clear", "t1"]).ok(), "removed 0 keys of task t1\n");
}

#[test]
fn what_is_missing_or_wrong_has_its_exit_code() {
    let mut server = Server::start();
    let port = server.port;
    let fails = |arguments: &[&str], code: i32, kind: &str| {
        let arguments = [arguments, &["--json"]].concat();
        coord(port, &arguments).fails_as(code, kind)
    };
    for wrong in [
        &["context", "t 1", "a=b"][..],
        &["context", "t1", "nothing"],
        &["context", "t1", "=x"],
        &["state", "t1", "{"],
        &["done", "t1", "a:1"],
        &["done", "t1", "a1", "--result", "x"],
        &["wait", "t1", "--agents", ","],
        &["wait", "t1", "--agents", "99999999999999999999999"],
        &["clear", "*"],
    ] {
        fails(wrong, 1, "invalid_input");
    }
    fails(&["done", "t1", "a1", "--confidence", "2"], 1, "invalid_arguments");
    fails(&["context", "t1"], 4, "task_not_found");
    fails(&["state", "t1"], 4, "task_not_found");
    server.cli(&["SET", "swarm:t1:context", "a string", "EX", "600"]);
    fails(&["context", "t1", "a=b"], 9, "redis_refused");
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let full = fails(&["done", "t1", "a1"], 9, "redis_refused");
    assert!(full["message"].as_str().is_some_and(|it| it.contains("OOM")), "{full}");
    server.stop();
    for command in [
        &["context", "t1", "a=b"][..],
        &["state", "t1"],
        &["done", "t1", "a1"],
        &["wait", "t1", "--agents", "1"],
        &["clear", "t1"],
    ] {
        fails(command, 9, "redis_unreachable");
    }
    let nowhere = Project::empty().fails_as(["coord", "state", "t1"], 9, "redis_unreachable");
    assert!(nowhere["hint"].as_str().is_some_and(|it| it.contains("CFN_REDIS_HOST")), "{nowhere}");
}

#[test]
fn host_port_and_password_name_the_server_too() {
    let server = Server::start();
    server.cli(&["CONFIG", "SET", "requirepass", "sesame"]);
    let mut command = Project::empty().command(["coord", "state", "t1", "1"]);
    command.current_dir("/").env("CFN_REDIS_HOST", "127.0.0.1").env("CFN_REDIS_PORT", server.port.to_string());
    let refused = Ran::from(command.output().expect("cfn runs")).fails(9);
    assert!(refused.contains("NOAUTH"), "{refused}");
    Ran::from(command.env("CFN_REDIS_PASSWORD", "sesame").output().expect("cfn runs")).ok();
}
