//! Clients whose clocks differ: order is that of the rows, not of the times.

use std::process::Command;

use super::served::Served;
use crate::harness::Ran;
use crate::postgres_server::{Database, Way};

/// A command of a client whose clock is so far off.
fn at(served: &Served, offset: &str, arguments: &[&str]) -> Ran {
    let command = served.command(arguments);
    let mut faked = Command::new("faketime");
    faked.args(["-f", offset]).arg(command.get_program()).args(command.get_args()).current_dir(served.project.path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => faked.env(name, value),
            None => faked.env_remove(name),
        };
    }
    faked.output().expect("faketime must be installed").into()
}

#[test]
fn a_later_write_wins_although_its_clock_is_an_hour_behind() {
    let database = Database::new();
    let served = Served::at(&database.url(Way::Direct));
    let (ahead, behind) = ("+1h", "-1h");
    let path = served.skill("alpha", "Text 1.");
    at(&served, ahead, &["deploy", "7", "alpha", &path, "domain", "tester"]).ok();
    let path = served.skill("alpha", "Text 2.");
    at(&served, behind, &["update", "alpha", &path, "--patch"]).ok();
    let times = "SELECT (max(created_at::timestamp) FILTER (WHERE version = '1.0.0')
        - max(created_at::timestamp) FILTER (WHERE version = '1.0.1')) > interval '1 hour' FROM cfn.skill_versions";
    assert_eq!(database.sql(times), "t", "the clocks really differ");
    at(&served, ahead, &["skill", "approve", "alpha", "--approver", "one"]).ok();
    at(&served, behind, &["skill", "reject", "alpha", "--approver", "two"]).ok();
    at(&served, ahead, &["log", "alpha", "--agent-id", "a", "--agent-type", "tester", "--test-pass-rate", "0.9"]).ok();
    at(&served, behind, &["log", "alpha", "--agent-id", "b", "--agent-type", "tester", "--test-pass-rate", "0.1"]).ok();
    for offset in [ahead, "+0", behind] {
        assert!(!at(&served, offset, &["load", "tester"]).ok().contains("Text 2."), "{offset}: it was rejected");
        let history = at(&served, offset, &["skill", "history", "alpha", "--json"]).json();
        assert_eq!(history["versions"][0]["version"], "1.0.1", "{offset}: {history}");
        assert_eq!(history["approvals"][0]["approver"], "two", "{offset}: {history}");
    }
    at(&served, behind, &["skill", "approve", "alpha", "--approver", "three"]).ok();
    assert!(at(&served, ahead, &["load", "tester"]).ok().contains("Text 2."));
    let rate = "SELECT test_pass_rate FROM cfn.skill_usage_log ORDER BY id DESC LIMIT 1";
    assert_eq!(database.sql(rate), "0.1");
    database.sql("UPDATE cfn.agent_skill_mappings SET tdd_condition = '{\"min_pass_rate\":0.5}'");
    assert_eq!(served.cfn(&["load", "tester", "--format", "names"]).ok(), "", "the latest row decides");
}
