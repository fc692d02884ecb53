//! `cfn skill rename`: the old name goes on finding the skill, and no other skill can take it.

use crate::harness::{Project, Ran};
use crate::scene::{deploy, dump, names, path_of, skill_text, versions, with_skill};

/// A project whose skill `old` is called `new` now.
fn renamed() -> Project {
    let project = with_skill("old", "testing", "dev");
    let out = project.cfn(["skill", "rename", "old", "new", "--approver", "ann", "--reason", "clearer"]).ok();
    assert_eq!(out, "renamed old to new\nformer names: old\n");
    project
}

#[test]
fn it_keeps_everything_and_agents_get_it_by_its_new_name_at_once() {
    let project = with_skill("old", "testing", "dev");
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    let before = project.cfn(["analytics", "usage", "--json"]).ok();
    project.cfn(["skill", "rename", "old", "new"]).ok();
    assert_eq!(names(&project, &["dev"]), ["new"]);
    assert_eq!(versions(&project, "new"), "1.0.0 deploy");
    assert_eq!(project.cfn(["analytics", "usage", "--json"]).ok(), before.replace("\"old\"", "\"new\""));
    let history = project.cfn(["skill", "history", "new", "--json"]).json();
    assert_eq!(history["approvals"].as_array().map(Vec::len), Some(1));
    assert_eq!(history["events"][0]["event"], "renamed");
    assert_eq!(history["events"][0]["detail"], r#"{"from":"old","to":"new"}"#);
    project.cfn(["db", "check"]).ok();
}

#[test]
fn every_command_accepts_the_old_name_and_says_what_the_skill_is_called_now() {
    let project = renamed();
    let path = path_of("old");
    project.skill("old", "Second.");
    for args in [
        &["update", "old", "1.0.1", &path][..],
        &["deploy", "1", "old", &path, "testing", "tester"],
        &["skill", "show", "old"],
        &["skill", "history", "old"],
        &["skill", "diff", "old", "1.0.0", "1.0.1"],
        &["skill", "verify", "old"],
        &["skill", "assign", "old", "--agent", "ops"],
        &["skill", "unassign", "old", "--agent", "ops"],
        &["skill", "edit", "old", "--team", "core"],
        &["skill", "reject", "old", "--approver", "ann"],
        &["skill", "approve", "old", "--approver", "ann"],
        &["skill", "rollback", "old", "1.0.0"],
        &["skill", "deprecate", "old"],
        &["skill", "restore", "old"],
        &["log", "old", "--agent-type", "dev", "--agent-id", "a", "--exit-code", "0"],
    ] {
        let ran = project.cfn(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        assert_eq!(ran.stderr.matches("note: \"old\" is called \"new\" now\n").count(), 1, "{args:?}: {}", ran.stderr);
    }
    assert_eq!(project.sqlite3("SELECT name FROM skills"), "new");
    assert_eq!(project.sqlite3("SELECT skill_id FROM skill_usage_log"), "1");
    let new = project.cfn(["skill", "show", "new"]);
    assert_eq!((new.code, new.stderr.as_str()), (Some(0), ""));
}

#[test]
fn no_other_skill_takes_a_name_or_former_name_in_whatever_case() {
    let project = renamed();
    deploy(&project, "other", "Other.", &[]);
    let (file, before) = (project.file("file.md", skill_text("x", "Third.")), dump(&project));
    let file = file.to_str().expect("a path");
    for taken in ["old", "OLD", "new", "NEW"] {
        project.fails_as(["skill", "rename", "other", taken], 7, "name_taken");
    }
    for taken in ["OLD", "NEW"] {
        project.fails_as(["deploy", "1", taken, file], 7, "name_taken");
        project.fails_as(["skill", "add", file, "--name", taken], 7, "name_taken");
    }
    let message = project.cfn(["deploy", "1", "OLD", file]).fails(7);
    assert!(message.contains("\"old\", a former name of the skill \"new\""), "{message}");
    project.skill("OLD", "Another.");
    let tree = project.path().join(".claude/skills/OLD");
    let said = project.cfn(["init", "--from", tree.to_str().expect("a path"), "--json"]).json();
    assert_eq!(said["refused"][0]["kind"], "case_twin", "{said}");
    assert_eq!(dump(&project), before);
}

#[test]
fn a_skill_takes_its_own_names_back_in_whatever_case() {
    let project = renamed();
    for (to, former) in [("old", "new"), ("Old", "new, old"), ("OLD", "Old, new, old"), ("new", "OLD, Old, old")] {
        let out = project.cfn(["skill", "rename", "old", to]).ok();
        assert!(out.ends_with(&format!(" to {to}\nformer names: {former}\n")), "{out}");
    }
    project.fails_as(["skill", "rename", "new", "new"], 6, "name_unchanged");
    project.fails_as(["skill", "rename", "nwe", "x"], 4, "skill_not_found");
    assert!(project.cfn(["skill", "rename", "newer", "x"]).fails(4).contains("new"));
    project.cfn(["skill", "rename", "new", "a b"]).fails(1);
    let before = dump(&project);
    let dry = project.cfn(["skill", "rename", "new", "other", "--dry-run", "--json"]).json();
    assert_eq!((&dry["name"], &dry["previous_name"]), (&"other".into(), &"new".into()));
    assert_eq!(dump(&project), before);
}

#[test]
fn twins_by_case_that_are_there_already_are_repaired() {
    let project = with_skill("twin", "testing", "dev");
    project.sqlite3(
        "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('Twin', 'testing', 'x', 'h', '1.0.0')",
    );
    project.fails_as(["skill", "rename", "Twin", "TWIN"], 7, "name_taken");
    project.cfn(["skill", "rename", "Twin", "second"]).ok();
    let found = |name: &str| project.cfn(["skill", "show", name, "--json"]).json()["name"].clone();
    assert_eq!([found("Twin"), found("twin")], ["second", "twin"]);
}

#[test]
fn a_tree_whose_file_still_says_the_old_name_updates_the_skill() {
    let project = Project::new();
    project.skill("old", "First.");
    let tree = ".claude/skills";
    project.cfn(["init", "--from", tree, "--approve-as", "ann"]).ok();
    project.cfn(["skill", "rename", "old", "new"]).ok();
    let again = project.cfn(["init", "--from", tree, "--json"]).json();
    assert_eq!((&again["unchanged"], &again["imported"]), (&1.into(), &0.into()), "{again}");
    project.skill("old", "Second.");
    let updated = project.cfn(["init", "--from", tree, "--update", "--json"]).json();
    assert_eq!(updated["updates"][0]["name"], "new", "{updated}");
    assert_eq!(project.sqlite3("SELECT group_concat(name) FROM skills"), "new");
    assert_eq!(updated["warnings"].as_array().map_or(0, Vec::len), 0, "{updated}");
}

#[test]
fn the_bootstrap_row_of_the_skill_goes_with_it() {
    let project = with_skill("old", "testing", "dev");
    project.sqlite3(
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
           SELECT name, content_path, 1, '', content_hash FROM skills;
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('first', 'x', 2, '')",
    );
    project.fails_as(["skill", "rename", "old", "First"], 7, "name_taken");
    project.cfn(["skill", "rename", "old", "new"]).ok();
    assert_eq!(names(&project, &["dev"]), ["new"]);
    assert_eq!(project.sqlite3("SELECT group_concat(skill_name) FROM bootstrap_skills"), "first,new");
}

#[test]
fn what_was_unassigned_stays_in_the_history() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "assign", "jwt", "--agent", "dev", "--priority", "2", "--phase", "build"]).ok();
    let args = ["skill", "unassign", "jwt", "--agent", "dev,ops"];
    Ran::from(project.command(args).env("CFN_APPROVER", "ann").output().expect("cfn runs")).ok();
    let events = project.cfn(["skill", "history", "jwt", "--json"]).json()["events"].clone();
    assert_eq!(events.as_array().map(Vec::len), Some(1), "ops had none: {events}");
    assert_eq!((&events[0]["event"], &events[0]["actor"]), (&"unassigned".into(), &"ann".into()));
    let detail = events[0]["detail"].as_str().expect("text");
    assert!(detail.starts_with(r#"{"agent_type":"dev","priority":2,"#), "{detail}");
    let text = project.cfn(["skill", "history", "jwt"]).ok();
    let (event, decision) = (text.find("unassigned"), text.rfind("approved"));
    assert!(event.is_some() && event < decision, "newest first: {text}");
}
