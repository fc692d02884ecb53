//! Servers of a test's own: a transaction that stays open, and a replica that falls behind.

use std::fs;

use super::{report, sees};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::{Connection, Server};

fn doctor(project: &Project, server: &Server) -> serde_json::Value {
    let ran: Ran = project.cfn(["doctor", "--json", "--db", &server.url("postgres")]);
    report(&ran)
}

#[test]
fn a_transaction_that_stays_open_is_named_with_what_ends_it() {
    let mut server = Server::prepare();
    let clock = server.subfolder("clock").join("offset");
    fs::write(&clock, "+0").expect("written");
    server.launch_with_clock(&clock);
    let project = Project::empty();
    project.cfn(["init", "--db", &server.url("postgres")]).ok();
    sees(&doctor(&project, &server), "postgres", "oldest transaction", "ok", "none but this one");
    let open = Connection::to(&server.url("postgres"));
    open.run("BEGIN; SELECT count(*) FROM cfn.skills");
    sees(&doctor(&project, &server), "postgres", "oldest transaction", "ok", "open for ");
    fs::write(&clock, "+3590").expect("written");
    sees(&doctor(&project, &server), "postgres", "oldest transaction", "ok", "open for 35");
    fs::write(&clock, "+7200").expect("written");
    let mend = sees(&doctor(&project, &server), "postgres", "oldest transaction", "warn", "open for 72");
    let (_, sql) = mend.split_once(" -c ").unwrap_or_else(|| panic!("{mend}"));
    assert!(mend.starts_with("psql postgresql://") && sql.contains("pg_terminate_backend("), "{mend}");
    assert_eq!(server.sql("postgres", sql.trim_matches('\'')), "t");
    eventually("it is ended", || {
        let found = doctor(&project, &server);
        super::text(super::line(&found, "postgres", "oldest transaction"), "evidence") == "none but this one"
    });
}

#[test]
fn a_replica_that_falls_behind_is_named_until_it_has_caught_up() {
    let primary = Server::start();
    let project = Project::empty();
    project.cfn(["init", "--db", &primary.url("postgres")]).ok();
    sees(&doctor(&project, &primary), "postgres", "replicas", "not_used", "none");
    let standby = primary.standby();
    let state = || {
        doctor(&project, &primary)["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .find(|it| it["name"] == "replicas")
            .cloned()
    };
    eventually("the replica follows", || state().is_some_and(|it| it["state"] == "ok"));
    standby.sql("postgres", "SELECT pg_wal_replay_pause()");
    primary.sql("postgres", "CREATE TABLE bulk AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 30000) i");
    eventually("it has fallen behind", || state().is_some_and(|it| it["state"] == "warn"));
    let mend = sees(&doctor(&project, &primary), "postgres", "replicas", "warn", "bytes behind");
    assert!(mend.contains("pg_wal_replay_resume()"), "{mend}");
    standby.sql("postgres", "SELECT pg_wal_replay_resume()");
    eventually("it has caught up", || state().is_some_and(|it| it["state"] == "ok"));
}
