//! Another program writes another hash into a skill's row: what was approved stays served, and the other bytes wait for review.

use crate::harness::Project;
use crate::scene::{deploy, names, sha256, skill_text, versions};

/// Two required skills; the first one is the one that other programs touch.
fn project() -> Project {
    let project = Project::new();
    for name in ["jwt", "sql"] {
        deploy(&project, name, "First.", &["domain", "dev", "--required"]);
    }
    project
}

/// Writes a file and its hash into the row, as the old deploy of an existing skill does.
fn recalculate(project: &Project, body: &str) -> String {
    let hash = sha256(skill_text("jwt", body));
    project.skill("jwt", body);
    project.sqlite3(&format!("UPDATE skills SET content_hash = '{hash}' WHERE name = 'jwt'"));
    hash
}

/// The answers of each reader about the skill: the served text, whether it is pending, the number of differences.
#[track_caller]
fn readers(project: &Project) -> (String, bool, bool, bool) {
    let loaded = project.cfn(["load", "dev", "--json"]).json();
    let served =
        loaded["skills"].as_array().expect("skills").iter().find(|it| it["name"] == "jwt").expect("jwt").clone();
    let version = format!(
        "{} {}",
        served["version"].as_str().expect("text"),
        &served["content_hash"].as_str().expect("text")[..8]
    );
    let of =
        |report: &serde_json::Value| report["skills"].as_array().expect("skills").iter().any(|it| it["name"] == "jwt");
    let pending = of(&project.cfn(["skill", "list", "--pending", "--json"]).json());
    let shown = project.cfn(["skill", "show", "jwt", "--json"]).json()["approved"] == false;
    let verified = project.cfn(["skill", "verify", "jwt"]).code == Some(7);
    assert!(names(project, &["dev"]).contains(&"sql".to_owned()));
    (version, pending, shown, verified)
}

fn first() -> String {
    format!("1.0.0 {}", &sha256(skill_text("jwt", "First."))[..8])
}

#[test]
fn the_approved_version_stays_served_whatever_the_row_says() {
    let old = sha256(skill_text("jwt", "First."));
    for change in [
        format!("content_hash = '{}'", sha256("anything")),
        "content_hash = ''".to_owned(),
        "content_hash = 'no hash'".to_owned(),
        format!("content_hash = upper('{old}')"),
        format!("content_hash = '{}', approval_level = 'auto'", sha256("anything")),
        "content_hash = (SELECT content_hash FROM skills WHERE name = 'sql'), content_path = 'elsewhere.md'"
            .to_string(),
        format!("content_hash = '{}', version = '1.0.1'", sha256("anything")),
        format!("content_hash = '{}', version = ''", sha256("anything")),
    ] {
        let project = project();
        project.sqlite3(&format!("UPDATE skills SET {change} WHERE name = 'jwt'"));
        let (served, pending, shown, verified) = readers(&project);
        assert_eq!((served, pending, shown, verified), (first(), true, true, true), "{change}");
        assert_eq!(project.cfn(["db", "check"]).code, Some(0), "{change}");
    }
}

/// A version of its own, of level auto: nobody has to decide on it, but its bytes are not there.
#[test]
fn a_new_version_without_bytes_does_not_take_the_approved_one_away() {
    let project = project();
    let hash = sha256("not stored");
    project.sqlite3(&format!(
        "UPDATE skills SET content_hash = '{hash}', version = '9.9.9', approval_level = 'auto' WHERE name = 'jwt'"
    ));
    assert_eq!(readers(&project), (first(), false, true, true));
}

#[test]
fn the_old_hash_back_in_the_row_ends_it() {
    let project = project();
    recalculate(&project, "Second.");
    assert_eq!(readers(&project), (first(), true, true, true));
    recalculate(&project, "First.");
    assert_eq!(readers(&project), (first(), false, false, false));
}

#[test]
fn bytes_of_an_earlier_version_do_not_become_the_newer_one() {
    let project = project();
    deploy(&project, "jwt", "Second.", &[]);
    let second = format!("1.0.1 {}", &sha256(skill_text("jwt", "Second."))[..8]);
    recalculate(&project, "First.");
    assert_eq!(readers(&project), (second, true, true, true));
}

#[test]
fn what_was_rejected_before_is_not_served_instead() {
    let project = project();
    deploy(&project, "jwt", "Second.", &[]);
    project.cfn(["skill", "reject", "jwt", "--approver", "me", "--reason", "no"]).ok();
    recalculate(&project, "Third.");
    assert_eq!(readers(&project).0, first());
}

#[test]
fn an_approval_makes_a_version_of_the_other_bytes() {
    let project = project();
    let hash = recalculate(&project, "Second.");
    let approve = ["skill", "approve", "jwt", "--approver", "me", "--reason", "read"];
    project.fails_as(approve, 7, "integrity");
    assert_eq!(project.cfn(["db", "capture"]).ok(), "contents stored: 1, not taken: 0\n");
    assert_eq!(readers(&project), (first(), true, true, true), "bytes that are stored still wait");
    assert!(project.cfn(["skill", "show", "jwt", "--content"]).ok().contains("Second."), "what is to be reviewed");
    assert!(project.cfn(["skill", "show", "jwt", "--content", "--version", "1.0.0"]).ok().contains("First."));
    let message = project.cfn(["skill", "approve", "jwt", "--approver", "me", "--hash", &sha256("other")]).fails(7);
    assert!(message.contains(&hash), "{message}");
    let approved = project.cfn(approve).ok();
    assert_eq!(approved, format!("approved jwt 1.0.1 ({})\n", &hash[..12]));
    assert_eq!(readers(&project), (format!("1.0.1 {}", &hash[..8]), false, false, false));
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 external");
    project.assert_whole();
}

#[test]
fn a_rejection_is_of_the_other_bytes() {
    let project = project();
    let hash = recalculate(&project, "Second.");
    project.cfn(["db", "capture"]).ok();
    let rejected = project.cfn(["skill", "reject", "jwt", "--approver", "me", "--reason", "no"]).ok();
    assert_eq!(rejected, format!("rejected jwt 1.0.0 ({})\n", &hash[..12]));
    assert_eq!(readers(&project), (first(), false, true, true), "what was rejected waits for nothing");
    let decided = "SELECT decision FROM approval_history WHERE content_hash = ";
    assert_eq!(project.sqlite3(&format!("{decided}'{hash}'")), "rejected");
    project.cfn(["skill", "reject", "jwt", "--version", "1.0.0", "--approver", "me", "--reason", "no"]).ok();
    project.fails_as(["load", "dev"], 7, "integrity");
}

#[test]
fn an_approval_by_another_program_is_of_the_recorded_bytes() {
    let project = project();
    recalculate(&project, "Second.");
    project.cfn(["db", "capture"]).ok();
    project.sqlite3("INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '1.0.0', 'human', 'approved')");
    assert_eq!(readers(&project), (first(), true, true, true));
}

#[test]
fn the_usage_log_remembers_what_was_served() {
    let project = project();
    recalculate(&project, "Second.");
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    project.cfn(["log", "jwt", "--agent-id", "b", "--agent-type", "dev", "--exit-code", "0"]).ok();
    let logged =
        project.sqlite3("SELECT DISTINCT version, substr(content_hash, 1, 8) FROM skill_usage_log WHERE skill_id = 1");
    assert_eq!(logged, first().replace(' ', "|"));
}

#[test]
fn deploying_again_or_rolling_back_puts_the_row_right() {
    for rollback in [false, true] {
        let project = project();
        recalculate(&project, "Second.");
        if rollback {
            project.cfn(["skill", "rollback", "jwt", "1.0.0"]).ok();
            project.skill("jwt", "First.");
        } else {
            deploy(&project, "jwt", "First.", &[]);
        }
        let (served, pending, shown, verified) = readers(&project);
        assert!(served.ends_with(&first()[6..]), "{served}");
        assert_eq!((pending, shown, verified), (false, false, false));
    }
}
