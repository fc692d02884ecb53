//! A standby of the server: what reads works there, what writes is refused, until it is promoted.

use super::served::Served;
use crate::batch::Batch;
use crate::patience::eventually;
use crate::postgres_server::Server;

/// Commands that only read, and those that add to what they read where they may.
const READING: [&[&str]; 12] = [
    &["skill", "list", "--json"],
    &["skill", "show", "alpha", "--json"],
    &["skill", "history", "alpha", "--json"],
    &["skill", "diff", "alpha", "1.0.0", "1.0.1"],
    &["load", "tester"],
    &["agents", "--json"],
    &["analytics", "--json"],
    &["analytics", "effectiveness"],
    &["log", "show", "--task", "t1", "--json"],
    &["search", "alpha", "--json"],
    &["skill", "verify"],
    &["db", "check"],
];

const WRITING: [&[&str]; 6] = [
    &["load", "tester", "--agent-id", "a1", "--json"],
    &["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--json"],
    &["skill", "approve", "alpha", "--approver", "lead", "--json"],
    &["skill", "assign", "alpha", "--agent", "other", "--json"],
    &["skill", "delete", "alpha", "--yes", "--reason", "old", "--json"],
    &["analytics", "rebuild", "--json"],
];

/// A primary with a skill in two versions and some use, and a standby that has all of it.
fn pair() -> (Server, Server, Served) {
    let primary = Server::start();
    let served = Served::created(&primary.url("postgres"));
    served.deploy("alpha", "Read it.").ok();
    served.cfn(&["update", "alpha", &served.skill("alpha", "Read it well."), "--patch"]).ok();
    served.cfn(&["load", "tester", "--agent-id", "a1", "--task-id", "t1"]).ok();
    served.cfn(&["log", "alpha", "--agent-id", "a2", "--agent-type", "tester", "--task-id", "t1"]).ok();
    served.cfn(&["analytics"]).ok();
    served.cfn(&["search", "alpha"]).ok();
    let standby = primary.standby();
    (primary, standby, served)
}

fn catch_up(primary: &Server, standby: &Server) {
    let written = primary.sql("postgres", "SELECT pg_current_wal_lsn()");
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
    eventually("the standby has all of it", || standby.sql("postgres", &replayed) == "t");
}

#[test]
fn a_standby_answers_what_the_primary_answers_and_refuses_writes() {
    let (primary, standby, on_primary) = pair();
    catch_up(&primary, &standby);
    let on_standby = on_primary.elsewhere(&standby.url("postgres"));
    for command in READING {
        let (expected, answered) = (on_primary.cfn(command), on_standby.cfn(command));
        assert_eq!(answered, expected, "{command:?}");
        answered.ok();
    }
    for command in WRITING {
        let error = on_standby.cfn(command).fails_as(3, "database_denied");
        assert!(error["hint"].as_str().is_some_and(|it| it.contains("primary")), "{command:?}: {error}");
    }
    on_standby.deploy("beta", "Write it.").fails_as(3, "database_denied");
    assert_eq!(on_standby.loaded(), "alpha\n");
}

#[test]
fn a_standby_that_is_promoted_goes_on_for_who_names_both_servers() {
    let (mut primary, standby, served) = pair();
    catch_up(&primary, &standby);
    let both = format!(
        "postgresql://cfn_test@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        primary.port, standby.port
    );
    let served = served.elsewhere(&both);
    let mut batch = Batch::start(&served.project, &["--db", &standby.url("postgres")]);
    let request = r#"{"agent_type": "tester"}"#;
    let before = batch.ask_for_text(request);
    primary.stop();
    served.deploy("beta", "Write it.").fails_as(3, "database_unreachable");
    assert_eq!(batch.ask_for_text(request), before);
    standby.sql("postgres", "SELECT pg_promote()");
    assert_eq!(batch.ask_for_text(request), before);
    served.deploy("beta", "Write it.").ok();
    assert_eq!(batch.ask(request)["skills"].as_array().map(Vec::len), Some(2));
    assert_eq!(batch.end().code, Some(0));
    assert_eq!(served.loaded(), "alpha\nbeta\n");
    served.cfn(&["db", "check"]).ok();
}
