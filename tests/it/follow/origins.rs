//! The labels of followers, and the uses of each on the primary.

use serde_json::{Value, json};

use super::fleet::{Fleet, Follower};
use crate::harness::Project;

fn log(follower: &Follower, exit_code: &str) {
    let skill = ["log", "gamma", "--agent-id", "a1", "--agent-type", "tester", "--exit-code", exit_code];
    follower.cfn(&skill).ok();
}

/// Origin, uses and success rate of each row.
fn uses(report: &Value) -> Vec<Value> {
    let rows = report["tables"][0]["rows"].as_array().expect("rows").iter();
    rows.map(|it| json!([it["origin"], it["uses"], it["success_rate"]])).collect()
}

#[test]
fn a_primary_reports_the_uses_of_each_follower_by_its_label() {
    let fleet = Fleet::start();
    let (one, two) = (fleet.follower(&["--origin", "build-1"]), fleet.follower(&["--origin", "build.two"]));
    for exit_code in ["0", "0", "1", "1"] {
        log(&one, exit_code);
    }
    log(&two, "0");
    one.sync();
    two.sync();
    fleet.cfn(&["log", "alpha", "--agent-id", "a2", "--agent-type", "writer", "--exit-code", "1"]).ok();
    fleet.cfn(&["log", "alpha", "--agent-id", "a3", "--agent-type", "writer"]).ok();
    let report = |more: &[&str]| uses(&fleet.cfn(&[&["analytics", "origins", "--json"], more].concat()).json());
    let all = [json!(["build-1", 4, 0.5]), json!(["this database", 2, 0.0]), json!(["build.two", 1, 1.0])];
    assert_eq!(report(&[]), all);
    assert_eq!(report(&["--days", "92"]), all);
    assert_eq!(report(&["--agent", "writer"]), all[1..2]);
    assert_eq!(report(&["--limit", "1"]), all[..1]);
    assert_eq!(report(&["--until", "2001-01-02", "--since", "2001-01-01"]), [Value::Null; 0]);
    for too_long in [["--days", "93"], ["--since", "2001-01-01"], ["--until", "2999-01-01"]] {
        fleet.cfn(&[&["analytics", "origins"], &too_long[..]].concat()).fails(1);
    }
}

#[test]
fn a_label_is_kept_until_another_is_given() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let label = |follower: &Follower| follower.cfn(&["db", "status", "--json"]).json()["follows"]["origin"].clone();
    let host = String::from_utf8(std::process::Command::new("uname").arg("-n").output().expect("uname").stdout);
    let host = host.expect("text").trim().to_owned();
    assert_eq!(label(&follower), host.as_str());
    let report = follower.cfn(&["db", "follow", &fleet.url(), "--origin", "desk_7", "--json"]).json();
    assert_eq!((&report["origin"], label(&follower)), (&"desk_7".into(), "desk_7".into()));
    follower.follow(&fleet.url(), &[]).ok();
    assert_eq!(label(&follower), "desk_7");
    assert!(follower.cfn(&["db", "status"]).ok().contains("desk_7"));
    for bad in ["", "two words", &"x".repeat(65)] {
        follower.follow(&fleet.url(), &["--origin", bad]).fails(1);
    }
    assert_eq!(label(&follower), "desk_7");
}

#[test]
fn a_database_without_followers_is_its_only_origin() {
    let project = Project::new();
    project.skill("jwt", "Read the token.");
    project.cfn(["deploy", "1", "jwt", ".claude/skills/jwt/SKILL.md", "testing", "tester"]).ok();
    assert_eq!(uses(&project.cfn(["analytics", "origins", "--json"]).json()), [Value::Null; 0]);
    for _ in 0..2 {
        project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "tester", "--exit-code", "0"]).ok();
    }
    assert_eq!(uses(&project.cfn(["analytics", "origins", "--json"]).json()), [json!(["this database", 2, 1.0])]);
    assert!(project.cfn(["analytics", "origins", "--csv"]).ok().starts_with("origin,uses,agents,"));
}
