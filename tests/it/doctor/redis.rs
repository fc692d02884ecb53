//! The server of the query cache, the keys of the fleet, the network.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{commands, line, mended_by, report, sees, types};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::redis::Server;
use crate::scene::with_skill;

/// A project with a server that is as it should be.
struct Cached {
    project: Project,
    server: Server,
}

impl Cached {
    fn new() -> Self {
        let server = Server::start();
        for (name, value) in
            [("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru"), ("notify-keyspace-events", "Ex")]
        {
            server.cli(&["CONFIG", "SET", name, value]);
        }
        Self { project: with_skill("jwt", "domain", "dev"), server }
    }

    fn examined(&self) -> Value {
        report(&self.project.cfn(["doctor", "--json", "--redis-url", &self.server.url()]))
    }

    /// Sees a warning, runs what mends it, and sees the line well.
    #[track_caller]
    fn mends(&self, name: &str, evidence: &str) {
        let mend = sees(&self.examined(), "redis", name, "warn", evidence);
        let with_server = mend.replace("cfn cache", &format!("cfn --redis-url {} cache", self.server.url()));
        mended_by(&self.project, &["--redis-url", &self.server.url()], ("redis", name), &with_server);
    }

    #[track_caller]
    fn set(&self, name: &str, value: &str) {
        sees(&self.examined(), "redis", "server", "ok", "Redis ");
        self.server.cli(&["CONFIG", "SET", name, value]);
    }
}

#[test]
fn memory_without_a_limit_or_nearly_full_is_named() {
    let cached = Cached::new();
    cached.set("maxmemory", "0");
    cached.mends("memory", "without a limit");
    cached.set("maxmemory-policy", "noeviction");
    let used = cached.server.cli(&["EVAL", "return redis.call('INFO', 'memory'):match('used_memory:(%d+)')", "0"]);
    cached.set("maxmemory", &used);
    cached.mends("memory", " of ");
}

#[test]
fn the_policy_and_the_events_are_named() {
    let cached = Cached::new();
    cached.set("maxmemory-policy", "noeviction");
    cached.mends("eviction policy", "noeviction");
    cached.set("notify-keyspace-events", "");
    cached.mends("keyspace events", "expired keys are not published");
}

#[test]
fn evictions_are_counted() {
    let cached = Cached::new();
    cached.server.cli(&["EVAL", "for i = 1, 3000 do redis.call('SET', 'x:' .. i, string.rep('x', 1000)) end", "0"]);
    cached.set("maxmemory", "2mb");
    cached.server.cli(&["SET", "x", "1"]);
    cached.mends("evictions", "were evicted for want of memory");
}

#[test]
fn slow_events_are_named() {
    let cached = Cached::new();
    cached.set("latency-monitor-threshold", "1");
    cached.server.cli(&["EVAL", "for i = 1, 30000000 do end", "0"]);
    cached.mends("latency", "command ");
}

#[test]
fn clients_that_connect_for_each_command_are_seen() {
    let cached = Cached::new();
    cached.server.cli(&["CONFIG", "RESETSTAT"]);
    for _ in 0..150 {
        let mut client = TcpStream::connect(("127.0.0.1", cached.server.port)).expect("connected");
        client.write_all(b"PING\r\n").expect("written");
        client.read_exact(&mut [0; 7]).expect("an answer");
    }
    let mend = sees(&cached.examined(), "redis", "connection pooling", "warn", "clients connect for each command");
    let reset = commands(&mend).pop().expect("a command");
    assert!(reset.ends_with("CONFIG RESETSTAT"), "{mend}");
    types(&cached.project, &reset);
    sees(&cached.examined(), "redis", "connection pooling", "ok", "");
}

#[test]
fn commands_one_by_one_are_seen() {
    let cached = Cached::new();
    cached.server.cli(&["CONFIG", "RESETSTAT"]);
    let mut client = TcpStream::connect(("127.0.0.1", cached.server.port)).expect("connected");
    client.set_nodelay(true).expect("set");
    for _ in 0..10_500 {
        client.write_all(b"PING\r\n").expect("written");
        client.read_exact(&mut [0; 7]).expect("an answer");
    }
    cached.mends("pipelining", "nobody pipelines");
    client.write_all(&b"PING\r\n".repeat(10_500)).expect("written");
    client.read_exact(&mut vec![0; 7 * 10_500]).expect("answers");
    sees(&cached.examined(), "redis", "pipelining", "ok", "");
}

#[test]
fn keys_without_the_time_of_their_owner_are_named_and_mended_by_name() {
    let cached = Cached::new();
    for key in ["session:a", "swarm:t1:context", "swarm:t1:a1:done", "somebody:else"] {
        cached.server.cli(&["SET", key, "x"]);
    }
    cached.mends("times to live", "session: of session-management: 1 of 1 without a time");
    assert_eq!(cached.server.cli(&["TTL", "swarm:t1:a1:done"]), "-1", "its owner sets none");
    let mend = sees(&cached.examined(), "redis", "keys that stay", "warn", "swarm:*:*:done: 1");
    let command = mend.split_once(": cfn ").map(|it| format!("cfn {}", it.1)).expect("a command");
    types(&cached.project, &format!("{command} --redis-url {}", cached.server.url()));
    sees(&cached.examined(), "redis", "keys that stay", "ok", "none");
    assert_eq!(cached.server.cli(&["TTL", "somebody:else"]), "-1", "nobody knows it");
}

#[test]
fn a_cache_that_was_never_measured_is_named_and_measured() {
    let cached = Cached::new();
    cached.mends("query cache", "auto: not measured");
}

#[test]
fn a_server_that_does_not_answer_fails_within_a_second() {
    let project = with_skill("jwt", "domain", "dev");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://127.0.0.1:{}", silent.local_addr().expect("an address").port());
    let ran: Ran = project.cfn(["doctor", "--json", "--redis-url", &url]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    sees(&report(&ran), "redis", "server", "fail", "did not answer");
    sees(&report(&ran), "database", "schema", "ok", "");
}

/// Passes on what clients and a server say to each other, each piece 8 ms later.
fn far_away(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", server)).expect("connected");
            for (mut from, mut to) in
                [(client.try_clone().expect("a handle"), server.try_clone().expect("a handle")), (server, client)]
            {
                thread::spawn(move || {
                    let mut piece = vec![0; 1 << 20];
                    while let Ok(count @ 1..) = from.read(&mut piece) {
                        thread::sleep(Duration::from_millis(8));
                        if to.write_all(&piece[..count]).is_err() {
                            break;
                        }
                    }
                });
            }
        }
    });
    port
}

#[test]
fn a_slow_network_is_measured_and_named() {
    let cached = Cached::new();
    let far = format!("redis://127.0.0.1:{}", far_away(cached.server.port));
    let found = report(&cached.project.cfn(["doctor", "--json", "--redis-url", &far]));
    let mend = sees(&found, "network", "Redis", "warn", "MB/s in a pipeline");
    assert!(mend.contains("nearer"), "{mend}");
    eventually("it is near without the way round", || line(&cached.examined(), "network", "Redis")["state"] == "ok");
}
