//! A dump that is restored into a new database is that database: the same answers, the same sums, and writes go on.

use cfn::store::Store as _;
use cfn::store::postgres::{Options, PostgresStore};

use super::served::Served;
use crate::postgres_server::{Server, server_of};

const COMPARED: [&[&str]; 6] = [
    &["load", "tester"],
    &["skill", "list", "--json"],
    &["skill", "history", "alpha", "--json"],
    &["analytics", "--json"],
    &["search", "alpha", "--json"],
    &["db", "check"],
];

/// A database with versions, decisions, use in several months, and sums.
fn filled(server: &Server) -> Served {
    let team = Served::created(&server.url("postgres"));
    team.deploy("alpha", "Read it.").ok();
    team.project.file(".claude/skills/folder/run.sh", "echo run\n");
    team.deploy("folder", "Run it.").ok();
    team.cfn(&["update", "alpha", &team.skill("alpha", "Read it well."), "--patch"]).ok();
    team.cfn(&["load", "tester", "--agent-id", "a1", "--task-id", "t1"]).ok();
    server.sql(
        "postgres",
        "INSERT INTO cfn.skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
           SELECT 'a', 'tester', 1, loaded_at FROM unnest(ARRAY['2025-01-31 12:00:00', '2026-02-01 12:00:00', 'soon']) AS of (loaded_at);
         UPDATE cfn.skill_usage_log SET exit_code = 0 WHERE loaded_at = 'soon'",
    );
    team.cfn(&["analytics"]).ok();
    team.cfn(&["search", "alpha"]).ok();
    team
}

fn compare(server: &Server, original: &Served, restored: &str) {
    let copy = original.elsewhere(&server.url(restored));
    for command in COMPARED {
        let (expected, answered) = (original.cfn(command), copy.cfn(command));
        assert_eq!(answered, expected, "{restored}: {command:?}");
        answered.ok();
    }
    let mut store = PostgresStore::open(&server_of(&copy.url), Options::default()).expect("opened");
    let proof = store.usage_sums().prove().expect("a proof");
    assert_eq!((proof.rows > 0, proof.differences), (true, 0), "{restored}");
    let revision = store.read().expect("a snapshot").revision(cfn::model::Tables::Catalogue).expect("a read");
    assert!(revision.is_some(), "{restored}: the triggers are those of cfn");
    copy.deploy("beta", "Write it.").ok();
    copy.cfn(&["log", "beta", "--agent-id", "a1", "--agent-type", "tester"]).ok();
    copy.cfn(&["db", "maintain"]).ok();
    let proof = store.usage_sums().prove().expect("a proof");
    assert_eq!(proof.differences, 0, "{restored}");
    assert!(copy.cfn(&["db", "check"]).ok().starts_with("0 damaged, 0 warnings"));
}

#[test]
fn a_dump_in_either_format_becomes_the_same_database() {
    let server = Server::start();
    let original = filled(&server);
    let folder = server.subfolder("dumps");
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (custom, plain) = (file("custom"), file("plain.sql"));
    server.run("pg_dump", &["--format=custom", "--file", &custom, "postgres"]);
    server.run("pg_dump", &["--format=plain", "--file", &plain, "postgres"]);
    for name in ["from_custom", "from_plain"] {
        server.run("createdb", &[name]);
    }
    server.run("pg_restore", &["--exit-on-error", "--jobs=2", "--dbname", "from_custom", &custom]);
    server.run("psql", &["-Xq", "-v", "ON_ERROR_STOP=1", "-d", "from_plain", "-f", &plain]);
    compare(&server, &original, "from_custom");
    compare(&server, &original, "from_plain");
}
