//! How often a command waits for Redis, and what is left of one whose connection breaks.

use super::proxy::Proxy;
use super::{assert_all_expire, coord};
use crate::redis::Server;

#[test]
fn each_command_asks_once() {
    let server = Server::start();
    let proxy = Proxy::start(server.port, usize::MAX);
    for arguments in [
        &["context", "t1", "mode=mvp", "description=x"][..],
        &["context", "t1"],
        &["state", "t1", "{}"],
        &["state", "t1"],
        &["done", "t1", "a1", "--confidence", "0.5", "--result", "{}"],
        &["wait", "t1", "--agents", "1"],
        &["wait", "t1", "--agents", "a1"],
    ] {
        coord(proxy.port, arguments).ok();
        assert_eq!(proxy.trips(), 1, "{arguments:?}");
    }
}

#[test]
fn clearing_asks_once_for_a_page_of_keys_and_removes_the_page_before_in_the_same_request() {
    let server = Server::start();
    let filled = "for i = 1, 4000 do redis.call('SETEX', 'swarm:t1:a' .. i .. ':done', 600, 'x') \
                  redis.call('SETEX', 'session:' .. i, 600, 'x') end";
    server.cli(&["EVAL", filled, "0"]);
    let proxy = Proxy::start(server.port, usize::MAX);
    assert_eq!(coord(proxy.port, &["clear", "t1"]).ok(), "removed 4,000 keys of task t1\n");
    // 8,000 keys, at least 1,000 a page, and one request for the last page.
    let trips = proxy.trips();
    assert!((2..=9).contains(&trips), "{trips} round trips");
    assert_eq!(server.cli(&["DBSIZE"]), "4000");
}

#[test]
fn a_broken_connection_leaves_no_key_that_stays() {
    let server = Server::start();
    let done = ["done", "t1", "a1", "--confidence", "0.5", "--result", "{}"];
    let context = ["context", "t1", "mode=mvp", "description=something"];
    let (mut cut, mut whole) = (0, 0);
    for most in (1..2400).step_by(48) {
        for arguments in [&done[..], &context[..]] {
            server.cli(&["FLUSHALL"]);
            let proxy = Proxy::start(server.port, most);
            let ran = coord(proxy.port, arguments);
            if ran.code == Some(0) {
                whole += 1;
            } else {
                cut += 1;
            }
            assert_all_expire(&server);
        }
    }
    assert!(cut > 20 && whole > 20, "{cut} were cut, {whole} were not");
}
