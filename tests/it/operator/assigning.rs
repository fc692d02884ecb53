//! `cfn skill assign`, `cfn skill unassign` and `cfn agents`.

use crate::harness::Project;
use crate::scene::{deploy, dump, names, skill_text, tokens, with_skill};

fn mapping(project: &Project, agent: &str) -> String {
    project.sqlite3(&format!(
        "SELECT priority, required, coalesce(conditions, '-'), enabled FROM agent_skill_mappings WHERE agent_type = '{agent}'"
    ))
}

#[test]
fn assigning_adds_what_is_missing_and_changes_what_is_said() {
    let project = with_skill("jwt", "testing", "dev");
    let out = project.cfn(["skill", "assign", "jwt", "--agent", "dev,tester", "--priority", "2"]).ok();
    assert_eq!(out, "jwt for dev: changed\njwt for tester: added\n");
    assert_eq!(mapping(&project, "dev"), "2|0|-|1");
    assert_eq!(mapping(&project, "tester"), "2|0|-|1");
    let context =
        ["skill", "assign", "jwt", "--agent", "dev", "--context", "auth, api", "--phase", "build", "--required"];
    project.cfn(context).ok();
    assert_eq!(mapping(&project, "dev"), r#"2|1|{"taskContext":["auth","api"],"phase":"build"}|1"#);
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--context", "", "--optional"]).ok();
    assert_eq!(mapping(&project, "dev"), r#"2|0|{"phase":"build"}|1"#, "an empty text removes its own part");
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--condition", "{}"]).ok();
    assert_eq!(mapping(&project, "dev"), "2|0|-|1", "no condition is left");
}

#[test]
fn conditions_that_load_would_not_look_at_or_could_not_read_are_refused() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    let long = format!(r#"{{"{}": ["a"]}}"#, "x".repeat(5000));
    for condition in [
        r#"{"context": ["auth"]}"#,
        r#"{"taskcontext": ["a"]}"#,
        r#"{"x": 1}"#,
        r#"{"taskContext": ["a"], "Phase": "b"}"#,
        r#"{"taskContext": 1}"#,
        r#"{"taskContext": [1, 2]}"#,
        r#"{"taskContext": {}}"#,
        r#"{"phase": true}"#,
        "[]",
        "{",
        &long,
    ] {
        project.fails_as(
            ["skill", "assign", "jwt", "--agent", "dev", "--condition", condition],
            1,
            "invalid_arguments",
        );
    }
    assert_eq!(dump(&project), before);
    for condition in [r#"{"taskContext": "a", "phase": ["b", "c"]}"#, r#"{"phase": "b"}"#, "auth"] {
        project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--condition", condition]).ok();
        assert_eq!(names(&project, &["dev"]), ["jwt"], "{condition}");
    }
    project.sqlite3(r#"UPDATE agent_skill_mappings SET conditions = '{"other": 1}'"#);
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--phase", "b"]).ok();
    assert_eq!(mapping(&project, "dev"), r#"5|0|{"other":1,"phase":"b"}|1"#, "what others stored stays");
}

#[test]
fn a_disabled_mapping_hands_nothing_out_until_it_is_enabled() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--disable"]).ok();
    assert!(names(&project, &["dev"]).is_empty());
    let shown = project.cfn(["agents", "dev"]).ok();
    assert!(shown.contains("jwt: the mapping is disabled"), "{shown}");
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--priority", "1"]).ok();
    assert!(names(&project, &["dev"]).is_empty(), "only --enable enables it");
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--enable"]).ok();
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn several_skills_are_assigned_together_or_not_at_all() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "redis", "Second.", &["testing"]);
    let before = dump(&project);
    let message = project.cfn(["skill", "assign", "jwt", "redi", "--agent", "ops"]).fails(4);
    assert!(message.contains("redis"), "the nearest name: {message}");
    assert_eq!(dump(&project), before);
    let json = project.cfn(["skill", "assign", "jwt", "redis", "--agent", "ops", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["mappings"][1]["name"], "redis");
    assert_eq!(json["mappings"][1]["change"], "added");
    assert_eq!(names(&project, &["ops"]), ["jwt", "redis"]);
}

#[test]
fn what_changes_nothing_writes_nothing_and_a_dry_run_neither() {
    let project = with_skill("jwt", "testing", "dev");
    let (before, token) = (dump(&project), tokens(&project));
    let out = project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--priority", "5"]).ok();
    assert_eq!(out, "jwt for dev: unchanged\n");
    let out = project.cfn(["skill", "assign", "jwt", "--agent", "ops", "--dry-run"]).ok();
    assert_eq!(out, "dry run: jwt for ops: added\n");
    let out = project.cfn(["skill", "unassign", "jwt", "--agent", "dev", "--dry-run"]).ok();
    assert_eq!(out, "dry run: jwt for dev: removed\n");
    assert_eq!((dump(&project), tokens(&project)), (before, token));
}

#[test]
fn a_skill_that_may_not_be_served_gets_no_required_place() {
    let project = Project::new();
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Waits."));
    project.cfn(["init", "--from", "tree"]).ok();
    let require = ["skill", "assign", "jwt", "--agent", "dev", "--required"];
    assert!(project.cfn(require).fails(7).contains("none of its versions is approved"));
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    project.cfn(["skill", "archive", "jwt"]).ok();
    assert!(project.cfn(require).fails(7).contains("archived"));
    assert_eq!(project.sqlite3("SELECT count(*) FROM agent_skill_mappings"), "0");
    project.cfn(["skill", "restore", "jwt"]).ok();
    project.cfn(require).ok();
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn arguments_that_cannot_be_meant_change_nothing() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    for args in [
        &["skill", "assign", "jwt", "--agent", "dev", "--priority", "0"][..],
        &["skill", "assign", "jwt", "--agent", "dev", "--priority", "11"],
        &["skill", "assign", "jwt", "--agent", "de v"],
        &["skill", "assign", "jwt"],
        &["skill", "assign", "--agent", "dev"],
        &["skill", "assign", "jwt", "--agent", "dev", "--condition", "[1]"],
        &["skill", "assign", "jwt", "--agent", "dev", "--condition", "{"],
        &["skill", "assign", "jwt", "--agent", "dev", "--enable", "--disable"],
        &["skill", "assign", "j'; DROP TABLE skills; --", "--agent", "dev"],
    ] {
        project.cfn(args.iter().copied()).fails(1);
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn unassigning_removes_the_mapping_and_says_where_there_was_none() {
    let project = with_skill("jwt", "testing", "dev,ops");
    let out = project.cfn(["skill", "unassign", "jwt", "--agent", "dev,nobody"]).ok();
    assert_eq!(out, "jwt for dev: removed\njwt for nobody: not assigned\n");
    assert!(names(&project, &["dev"]).is_empty());
    assert_eq!(names(&project, &["ops"]), ["jwt"]);
}

#[test]
fn agent_types_are_listed_with_what_they_have_and_one_with_what_it_gets() {
    let project = with_skill("jwt", "testing", "dev,ops");
    project.file("tree/waits/SKILL.md", skill_text("waits", "Waits."));
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    project.cfn(["log", "jwt", "--agent-id", "a1", "--agent-type", "dev"]).ok();
    let json: serde_json::Value = serde_json::from_str(&project.cfn(["agents", "--json"]).ok()).expect("JSON");
    let expected = serde_json::json!([
        { "agent_type": "dev", "skills": 2, "pending": 1, "uses": 1 },
        { "agent_type": "ops", "skills": 1, "pending": 0, "uses": 0 }
    ]);
    assert_eq!(json["agents"], expected);
    let json: serde_json::Value = serde_json::from_str(&project.cfn(["agents", "dev", "--json"]).ok()).expect("JSON");
    assert_eq!(json["skills"][0]["name"], "jwt");
    assert_eq!(json["left_out"][0], serde_json::json!({ "name": "waits", "reason": "no version of it is approved" }));
    let nobody = project.cfn(["agents", "devv"]);
    assert!(nobody.stderr.contains("did you mean dev"), "{}", nobody.stderr);
}

#[test]
fn the_old_tools_words_are_taken() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "assign", "--agent", "ops", "--skill", "jwt", "--priority", "3", "--required"]).ok();
    assert_eq!(mapping(&project, "ops"), "3|1|-|1");
}
