//! Whatever becomes of Redis, the answer is that of the database, hardly later.

use std::time::{Duration, Instant};

use super::{Cached, with_cache};
use crate::harness::Ran;

/// What a command may take longer on a loaded machine; a server that hangs would take for ever, and cfn waits 50 ms.
const PROMPT: Duration = Duration::from_millis(300);

#[test]
fn a_server_that_hangs_costs_little_and_then_nothing() {
    let cached = Cached::new();
    let question = ["load", "dev"];
    cached.miss("load", &question);
    cached.server.signal("-STOP");
    let since = Instant::now();
    let expected = cached.uncached(&question);
    let usual = since.elapsed();
    let since = Instant::now();
    let mut command = with_cache(&cached.project, &cached.server.url(), &question);
    let ran: Ran = command.output().expect("cfn runs").into();
    assert!(since.elapsed() < usual + PROMPT, "{:?}", since.elapsed());
    assert_eq!(ran, expected);
    cached.server.signal("-CONT");
    let before = cached.server.counted("load");
    assert_eq!(cached.cfn(&question), expected);
    assert_eq!(cached.server.counted("load"), before, "it is left alone");
    cached.forget_failures();
    cached.hit("load", &question);
}
