//! The outbox, the workflow database, and what is not used here.

use super::{examined, is_well, report, sees, types};
use crate::postgres_server::Database;
use crate::postgres_server::Way;
use crate::scene::{follower, with_skill};

#[test]
fn what_nobody_uses_is_not_used_here() {
    let project = with_skill("jwt", "domain", "dev");
    let found = examined(&project, &[]);
    for (area, name, why) in [
        ("delivery", "outbox", "nothing is queued"),
        ("delivery", "dead letters", "nothing is queued"),
        ("delivery", "followers", "follows no other"),
        ("postgres", "server", "the database is a file"),
        ("postgres", "workflow database", "no events are queued"),
        ("redis", "server", "no Redis server is named"),
        ("containers", "engine", "no agent was started in a container here"),
        ("agents", "runs", ".cfn-workspaces"),
        ("network", "Redis", "no Redis server"),
        ("network", "PostgreSQL", "the database is a file"),
    ] {
        sees(&found, area, name, "not_used", why);
    }
}

#[test]
fn events_that_wait_long_and_dead_letters_are_named_and_delivered() {
    let project = with_skill("jwt", "domain", "dev");
    let database = Database::empty();
    let url = database.url(Way::Direct);
    let run = |args: &[&str]| {
        let mut command = project.command(args);
        command.env("CFN_POSTGRES_URL", &url).env("ENABLE_PHASE4_LOGGING", "true").env("CFN_SYNC_BUDGET_MS", "0");
        crate::harness::Ran::from(command.output().expect("cfn runs"))
    };
    let examined = || report(&run(&["doctor", "--json"]));
    run(&["db", "postgres-schema", "--apply"]).ok();
    sees(&examined(), "postgres", "workflow database", "ok", "answers after");
    sees(&examined(), "delivery", "outbox", "ok", "0 events queued");
    project.sqlite3("UPDATE skills SET phase4_pattern_id = 7");
    run(&["log", "jwt", "--agent-id", "a", "--agent-type", "dev", "--exit-code", "0"]).ok();
    project.sqlite3("UPDATE outbox SET created_at = '2020-01-01 00:00:00'");
    let mend = sees(&examined(), "delivery", "outbox", "warn", "1 event queued, the oldest for ");
    assert_eq!(mend, "cfn sync");
    run(&["sync"]).ok();
    sees(&examined(), "delivery", "outbox", "ok", "0 events queued");
    run(&["log", "jwt", "--agent-id", "a", "--agent-type", "dev", "--exit-code", "0"]).ok();
    project.sqlite3("UPDATE outbox SET set_aside_at = '2026-01-01 00:00:00', reason = 'because'");
    let mend = sees(&examined(), "delivery", "dead letters", "warn", "1 dead letter");
    for command in super::commands(&mend) {
        let words: Vec<_> = command.split(' ').skip(1).collect();
        run(&words).ok();
    }
    sees(&examined(), "delivery", "dead letters", "ok", "0 dead letters");
}

#[test]
fn a_follower_that_pulled_long_ago_is_named_and_catches_up() {
    let (_primary, project) = follower("jwt", "domain", "dev");
    sees(&examined(&project, &[]), "delivery", "followers", "ok", " s old, 0 uses to be pushed");
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    let pulled = |at: &str| project.sqlite3(&format!("UPDATE follow SET pulled_at = {at}"));
    for (at, evidence) in [
        ("datetime('now', '-905 seconds')", " is 90"),
        ("datetime('now', '+1 day')", "which is later than now"),
        ("NULL", "not pulled yet"),
    ] {
        pulled(at);
        let found = examined(&project, &[]);
        assert_eq!(sees(&found, "delivery", "followers", "warn", evidence), "cfn sync", "{at}");
        sees(&found, "delivery", "followers", "warn", "1 use to be pushed");
    }
    types(&project, "cfn sync");
    sees(&examined(&project, &[]), "delivery", "followers", "ok", "0 uses to be pushed");
    // Somebody who wants it fresher hears of it earlier.
    pulled("datetime('now', '-60 seconds')");
    is_well(&project, &[], "delivery", "followers");
    let impatient = project.command(["doctor", "--json"]).env("CFN_MAX_STALENESS", "30").output().expect("cfn runs");
    sees(&report(&impatient.into()), "delivery", "followers", "warn", " is 6");
}

#[test]
fn a_workflow_database_that_does_not_answer_fails_and_nothing_else() {
    let project = with_skill("jwt", "domain", "dev");
    let mut command = project.command(["doctor", "--json"]);
    command.env("CFN_POSTGRES_URL", "postgresql://u@127.0.0.1:1/d").env("ENABLE_PHASE4_LOGGING", "true");
    let ran = command.output().expect("cfn runs").into();
    let found = report(&ran);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    sees(&found, "postgres", "workflow database", "fail", "cannot be reached");
    sees(&found, "database", "query plans", "ok", "");
    types(&project, "cfn load dev");
    is_well(&project, &[], "database", "schema");
}
