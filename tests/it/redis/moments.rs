//! An answer comes from one snapshot, and no transaction is open during access to Redis.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::{Cached, with_cache};
use crate::harness::Ran;
use crate::scene;

/// Asks through a relay that does something when the first question has come, before it passes it on: by then cfn has read the
/// token, and waits.
fn ask_while(cached: &Cached, question: &[&str], meanwhile: impl FnOnce()) -> Ran {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let mut command = with_cache(&cached.project, &url, question);
    command.env("CFN_REDIS_BUDGET_MS", "30000");
    let cfn = thread::spawn(move || command.output().expect("cfn runs"));
    let (mut client, _) = listener.accept().expect("cfn connects");
    let mut server = TcpStream::connect(("127.0.0.1", cached.server.port)).expect("the server is there");
    let (mut replies, mut back) = (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
    let relay = thread::spawn(move || io::copy(&mut replies, &mut back));
    let mut bytes = vec![0; 65536];
    let mut meanwhile = Some(meanwhile);
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile();
        }
        server.write_all(&bytes[..count]).expect("the server reads");
    }
    server.shutdown(Shutdown::Both).expect("it is open");
    let _ = relay.join().expect("it ends"); // cfn has gone, and may have closed first
    cfn.join().expect("cfn ends").into()
}

/// Needs the log for itself: nobody may be reading an older state.
#[track_caller]
fn assert_nobody_reads(cached: &Cached) {
    cached.project.sqlite3("UPDATE skills SET owner = 'ann'");
    let busy = cached.project.sqlite3("PRAGMA wal_checkpoint(TRUNCATE)");
    assert!(busy.starts_with("0|"), "somebody reads: {busy}");
}

#[test]
fn no_transaction_is_open_during_access_to_redis() {
    let cached = Cached::new();
    for question in [["load", "dev"], ["skill", "list"], ["analytics", "usage"]] {
        for what in ["a miss", "a hit"] {
            let ran = ask_while(&cached, &question, || assert_nobody_reads(&cached));
            assert_eq!(ran.code, Some(0), "{what}: {ran:?}");
            cached.cfn(&question).ok();
        }
    }
}

#[test]
fn a_write_during_a_miss_is_in_the_answer_and_in_the_cache() {
    let cached = Cached::new();
    let question = ["load", "dev"];
    let ran = ask_while(&cached, &question, || {
        scene::deploy(&cached.project, "jwt", "Second.", &["domain", "dev"]);
    });
    assert_eq!(ran, cached.uncached(&question));
    assert!(ran.ok().contains("Second."));
    assert!(cached.hit("load", &question).ok().contains("Second."));
}

#[test]
fn a_write_between_a_hit_and_reading_content_recomputes_the_answer() {
    let cached = Cached::new();
    let questions: [(&str, &[&str], &str); 2] =
        [("load", &["load", "dev"], "Second."), ("show", &["skill", "show", "jwt", "--content"], "Third.")];
    for (class, question, body) in questions {
        cached.miss(class, question);
        let ran = ask_while(&cached, question, || {
            scene::deploy(&cached.project, "jwt", body, &["domain", "dev"]);
        });
        assert_eq!(ran, cached.uncached(question));
        assert!(ran.ok().contains(body), "{question:?}");
    }
}
