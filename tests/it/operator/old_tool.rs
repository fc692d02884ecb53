//! The old tool's command lines: `npx cfn skill …` with its options, its rows and its exit codes. The rows are literal: that
//! tool, written in Node, is not here to be asked.

use std::process::Command;

use crate::harness::{Project, binary, repository};
use crate::scene::{deploy, dump, names, skill_text, with_skill};

/// Five skills: one of each level, one that waits, one that is deprecated.
fn fleet() -> Project {
    let project = with_skill("tdd", "testing", "tester");
    deploy(&project, "ops", "Run it.", &["infrastructure", "devops", "--team", "core"]);
    deploy(&project, "sql", "Query it.", &["domain", "backend"]);
    deploy(&project, "old", "Was it.", &["domain", "backend"]);
    project.file("tree/new/SKILL.md", skill_text("new", "Waits."));
    project.cfn(["init", "--from", "tree", "--agents", "backend"]).ok();
    project.cfn(["skill", "deprecate", "old"]).ok();
    project
}

#[track_caller]
fn listed(project: &Project, args: &[&str]) -> Vec<String> {
    let all = ["skill", "list", "--json"].iter().chain(args);
    let json = project.cfn(all.copied()).json();
    json["skills"].as_array().expect("a list").iter().map(|it| it["name"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn list_takes_the_old_filters() {
    let project = fleet();
    assert_eq!(listed(&project, &["--approval", "human"]), ["new", "sql"], "active ones, as the old tool");
    assert_eq!(listed(&project, &["--approval=human", "--status=deprecated"]), ["old"]);
    assert_eq!(listed(&project, &["--approval", "auto"]), ["tdd"]);
    assert_eq!(listed(&project, &["--category", "infrastructure"]), ["ops"]);
    assert_eq!(listed(&project, &["--team", "core"]), ["ops"]);
    assert_eq!(listed(&project, &["--status", "deprecated"]), ["old"]);
    assert_eq!(listed(&project, &["--pending-approval"]), ["new"]);
    assert_eq!(listed(&project, &["--agent", "backend", "--status", "active"]), ["new", "sql"]);
    project.cfn(["skill", "reject", "new", "--approver", "me"]).ok();
    assert!(listed(&project, &["--pending-approval"]).is_empty(), "what is rejected does not wait");
    project.cfn(["skill", "list", "--approval", "nobody"]).fails(1);
}

#[test]
fn assign_adds_a_mapping_and_keeps_one_that_is_there() {
    let project = fleet();
    let row = |agent: &str| {
        project.sqlite3(&format!(
            "SELECT s.name, priority, required, conditions FROM agent_skill_mappings JOIN skills s ON s.id = skill_id
             WHERE agent_type = '{agent}'"
        ))
    };
    let assign = ["skill", "assign", "--agent", "auditor", "--skill", "sql"];
    project.cfn(assign.into_iter().chain(["--priority=3", "--required", "--condition", "billing"])).ok();
    assert_eq!(row("auditor"), r#"sql|3|1|{"taskContext":["billing"]}"#);
    let again = project.cfn(assign.into_iter().chain(["--priority=9"])).ok();
    assert_eq!(again, "sql for auditor: exists already, and was not changed\n");
    assert_eq!(row("auditor"), r#"sql|3|1|{"taskContext":["billing"]}"#);
    project.cfn(["skill", "assign", "--agent=writer", "--skill=tdd"]).ok();
    assert_eq!(row("writer"), "tdd|5|0|");
    project.cfn(["skill", "assign", "--agent", "writer", "--skill", "nobody"]).fails(4);
    project.cfn(["skill", "assign", "--agent", "writer"]).fails(1);
}

#[test]
fn create_adds_a_skill_of_level_human() {
    let project = fleet();
    project.file("jwt.md", skill_text("jwt", "Sign it."));
    let row = "SELECT name, category, team, content_path, tags, version, status, approval_level, owner, generated_by
        FROM skills WHERE name = 'jwt'";
    let create = ["skill", "create", "--name", "jwt", "--category", "testing", "--content-path", "jwt.md"];
    project.cfn(create).ok();
    assert_eq!(project.sqlite3(row), "jwt|testing|default|jwt.md|[]|1.0.0|active|human|unknown|manual");
    let before = dump(&project);
    assert!(project.cfn(create).fails(7).contains("already exists"));
    project.cfn(["skill", "create", "--name", "other", "--category", "testing"]).fails(1);
    project.cfn(["skill", "create", "--name", "other", "--category", "testing", "--content-path", "none.md"]).fails(2);
    let lower = ["--name", "other", "--category", "domain", "--content-path", "jwt.md", "--approval-level", "auto"];
    project.cfn(["skill", "create"].into_iter().chain(lower)).fails(7);
    assert_eq!(dump(&project), before);
    let all = ["--name=full", "--category=domain", "--content-path=jwt.md", "--team=core", "--tags=a, b"];
    let more = ["--version=2.1.0", "--approval-level=human", "--owner=ann"];
    project.cfn(["skill", "create"].into_iter().chain(all).chain(more)).ok();
    let full = row.replace("'jwt'", "'full'");
    assert_eq!(project.sqlite3(&full), r#"full|domain|core|jwt.md|["a","b"]|2.1.0|active|human|ann|manual"#);
}

#[test]
fn update_changes_the_row_and_other_bytes_are_a_new_version() {
    let project = fleet();
    let row = "SELECT version, tags, approval_level FROM skills WHERE name = 'ops'";
    project.cfn(["skill", "update", "--skill", "ops", "--tags", "x, y", "--approval-level=human"]).ok();
    assert_eq!(project.sqlite3(row), r#"1.0.0|["x","y"]|human"#);
    let out = project.cfn(["skill", "update", "--skill=ops", "--version=2.0.0"]).ok();
    assert_eq!(out, "ops 2.0.0: version\n");
    assert_eq!(project.sqlite3(row), r#"2.0.0|["x","y"]|human"#);
    assert_eq!(names(&project, &["devops"]), ["ops"], "the approval is about the bytes");
    assert_eq!(project.cfn(["skill", "update", "--skill", "ops"]).ok(), "ops 2.0.0: unchanged\n");
    for decides in [&["--approver", "ann"][..], &["--reason", "r", "--override-rejection"], &["--resolves", "1"]] {
        let message =
            project.cfn(["skill", "update", "--skill", "ops"].into_iter().chain(decides.iter().copied())).fails(1);
        assert!(message.contains("decides nothing") && message.contains("skill approve ops"), "{message}");
    }
    let same = project.cfn(["skill", "update", "--skill", "ops", "--recalculate-hash"]).ok();
    assert_eq!(same, "ops 2.0.0: unchanged\n");
    project.skill("ops", "Run it twice.");
    let out = project.cfn(["skill", "update", "--skill", "ops", "--recalculate-hash"]).ok();
    assert_eq!(out, "ops 2.0.1: version, content_hash\n");
    assert_eq!(listed(&project, &["--pending-approval"]), ["new", "ops"]);
    assert!(project.cfn(["load", "devops"]).ok().contains("Run it."), "what was approved is served meanwhile");
}

#[test]
fn update_refuses_what_would_weaken_a_review_or_change_a_version() {
    let project = fleet();
    let before = dump(&project);
    let update = |more: &[&'static str]| project.cfn(["skill", "update", "--skill"].iter().chain(more).copied());
    update(&["sql", "--approval-level", "auto", "--tags", "x"]).fails(7);
    update(&["sql", "--version", "0.9.0"]).fails(5);
    update(&["sql", "--version", "two"]).fails(1);
    update(&["nobody", "--tags", "x"]).fails(4);
    project.cfn(["skill", "update", "sql", "--tags", "x"]).fails(1);
    update(&["sql", "--tags", "x", "--dry-run"]).ok();
    assert_eq!(dump(&project), before);
    std::fs::remove_file(project.path().join(".claude/skills/sql/SKILL.md")).expect("it is there");
    update(&["sql", "--recalculate-hash"]).fails(2);
}

#[test]
fn deprecate_leaves_a_note_and_a_replacement() {
    let project = fleet();
    let row = "SELECT status, deprecation_note, replacement_id FROM skills WHERE name = ";
    project.cfn(["skill", "deprecate", "--skill", "tdd"]).ok();
    assert_eq!(project.sqlite3(&format!("{row}'tdd'")), "deprecated|Deprecated|");
    project.cfn(["skill", "deprecate", "--skill=ops", "--replacement=sql", "--note=moved"]).ok();
    assert_eq!(project.sqlite3(&format!("{row}'ops'")), "deprecated|moved|3");
    project.cfn(["skill", "deprecate", "--skill", "nobody"]).fails(4);
    project.cfn(["skill", "deprecate"]).fails(1);
}

#[test]
fn approve_decides_either_way_and_sets_the_status() {
    let project = fleet();
    let row =
        "SELECT s.status, a.version, a.approval_level, a.approver, a.decision, a.reasoning FROM approval_history a
        JOIN skills s ON s.id = a.skill_id WHERE s.name = 'new' ORDER BY a.id DESC LIMIT 1";
    let approve = ["skill", "approve", "--skill", "new"];
    let rejected = ["--decision=rejected", "--approver", "ann", "--reasoning", "too short"];
    project.cfn(approve.into_iter().chain(rejected)).ok();
    assert_eq!(project.sqlite3(row), "archived|1.0.0|human|ann|rejected|too short");
    assert!(names(&project, &["backend"]).iter().all(|it| it != "new"));
    let approved = ["--decision", "approved", "--version", "1.0.0", "--approver=ann", "--reasoning=read again"];
    project.cfn(approve.into_iter().chain(approved)).ok();
    assert_eq!(project.sqlite3(row), "active|1.0.0|human|ann|approved|read again");
    assert_eq!(names(&project, &["backend"]), ["new", "sql"]);
    let before = dump(&project);
    project.cfn(approve.into_iter().chain(["--decision=maybe"])).fails(1);
    project.cfn(approve.into_iter().chain(["--decision=rejected", "--approver=ann", "--dry-run"])).ok();
    project.cfn(["skill", "approve", "--skill=nobody", "--decision=approved", "--approver=ann"]).fails(4);
    project.cfn(approve.into_iter().chain(["--decision=approved", "--version=9.0.0", "--approver=ann"])).fails(4);
    assert_eq!(dump(&project), before);
}

#[test]
fn bytes_that_nobody_can_have_read_are_not_approved_by_the_old_line_either() {
    let project = fleet();
    project.sqlite3("DELETE FROM skill_contents WHERE hash = (SELECT content_hash FROM skills WHERE name = 'new')");
    project.cfn(["skill", "approve", "--skill=new", "--decision=approved", "--approver=ann"]).fails(7);
}

#[test]
fn escalate_raises_the_level_and_never_lowers_it() {
    let project = fleet();
    let row = |name: &str| {
        project.sqlite3(&format!(
            "SELECT s.approval_level, a.version, a.approval_level, a.decision, a.reasoning FROM approval_history a
             JOIN skills s ON s.id = a.skill_id WHERE s.name = '{name}' ORDER BY a.id DESC LIMIT 1"
        ))
    };
    project.cfn(["skill", "escalate", "--skill", "tdd", "--reason", "touches CI", "--version", "1.0.0"]).ok();
    assert_eq!(row("tdd"), "escalate|1.0.0|escalate|escalated|touches CI");
    project.cfn(["skill", "escalate", "--skill=sql", "--reason=drops tables"]).ok();
    assert_eq!(row("sql"), "human|1.0.0|human|escalated|drops tables", "the old tool lowered it to escalate");
    project.cfn(["skill", "escalate", "--skill", "sql"]).fails(1);
    project.cfn(["skill", "escalate", "--skill", "nobody", "--reason", "why"]).fails(4);
}

#[test]
fn pending_lists_what_waits_by_level() {
    let project = fleet();
    project.file("more/deep/SKILL.md", skill_text("deep", "Waits too."));
    project.cfn(["init", "--from", "more", "--category", "infrastructure"]).ok();
    let pending = |more: &[&'static str]| {
        let json = project.cfn(["skill", "pending", "--json"].iter().chain(more).copied()).json();
        let names = json["pending"].as_array().expect("a list").iter();
        names.map(|it| it["name"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(pending(&[]), ["new", "deep"]);
    assert_eq!(pending(&["--approval-level", "human"]), ["new"]);
    assert_eq!(pending(&["--approval-level=escalate"]), ["deep"]);
}

#[test]
fn approval_status_shows_level_status_and_decisions() {
    let project = fleet();
    project.cfn(["skill", "approve", "--skill=new", "--decision=rejected", "--approver=ann", "--reasoning=no"]).ok();
    let json = project.cfn(["skill", "approval-status", "--skill", "new", "--json"]).json();
    let decision = &json["approvals"][0];
    let row = [&json["approval_level"], &json["status"], &decision["decision"], &decision["version"]];
    assert_eq!(row, ["human", "archived", "rejected", "1.0.0"]);
    assert_eq!([&decision["approver"], &decision["reasoning"]], ["ann", "no"]);
    let text = project.cfn(["skill", "approval-status", "--skill=new"]).ok();
    assert!(text.starts_with("status archived, approval level human\n"), "{text}");
    project.cfn(["skill", "approval-status", "--skill", "nobody"]).fails(4);
    project.cfn(["skill", "approval-status"]).fails(1);
}

#[test]
fn analytics_takes_the_old_names_and_days() {
    let project = fleet();
    let log = ["log", "tdd", "--agent-id", "a1", "--agent-type", "tester", "--execution-ms", "100"];
    project.cfn(log.into_iter().chain(["--confidence-before", "0.5", "--confidence-after", "0.75"])).ok();
    let names = [
        "effectiveness",
        "velocity",
        "bottlenecks",
        "by-approval",
        "effectiveness-by-approval",
        "phase4-performance",
        "approval-efficiency",
    ];
    for name in names {
        project.cfn(["skill", "analytics", name, "--days=30"]).ok();
    }
    let table = |name: &str| project.cfn(["skill", "analytics", name, "--days=30", "--csv"]).ok();
    let by_approval = table("by-approval");
    assert!(by_approval.lines().any(|it| it == "human,active,2"), "{by_approval}");
    let effectiveness = table("effectiveness-by-approval");
    assert!(effectiveness.lines().any(|it| it.starts_with("auto,")), "{effectiveness}");
    let bottlenecks = table("bottlenecks");
    assert!(bottlenecks.lines().nth(1).is_some_and(|it| it.starts_with("new,")), "{bottlenecks}");
    project.cfn(["skill", "analytics", "nonsense"]).fails(1);
}

/// The wrapper scripts of `docs/old-scripts.md`, run as they stand there, with the exit codes of the scripts that they replace.
#[test]
fn the_wrappers_in_the_documentation_have_the_old_exit_codes() {
    let page = std::fs::read_to_string(repository("docs/old-scripts.md")).expect("a page");
    let wrappers: Vec<&str> = page.split("```sh\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    let [deploy, update, tool, approval] = wrappers[..] else { panic!("{} wrappers", wrappers.len()) };
    let project = fleet();
    project.file("b.md", skill_text("b", "New."));
    let run = |script: &str, args: &[&str]| {
        let programs = binary().parent().expect("a folder").display().to_string();
        let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "wrapper"]).args(args).env("PATH", path).current_dir(project.path());
        shell.output().expect("sh runs").status.code()
    };
    assert_eq!(run(deploy, &["1", "b", "b.md", "domain", "dev"]), Some(0));
    assert_eq!(run(deploy, &["1", "b", "none.md"]), Some(2));
    assert_eq!(run(update, &["b", "1.0.1", "b.md"]), Some(5), "unchanged");
    assert_eq!(run(update, &["nobody", "1.0.1", "b.md"]), Some(4));
    assert_eq!(run(update, &["b", "0.9.0", "b.md"]), Some(4), "an invalid version");
    assert_eq!(run(tool, &["list", "--approval", "human"]), Some(0));
    assert_eq!(run(tool, &["approval-status", "--skill", "nobody"]), Some(1));
    assert_eq!(run(approval, &["reject", "1", "ann", "no good"]), Some(0));
    assert_eq!(run(approval, &["accept", "1", "ann", "read again"]), Some(0));
    assert_eq!(run(approval, &["list-pending", "human"]), Some(0));
    assert_eq!(run(approval, &["check-sla"]), Some(0));
    assert_eq!(run(approval, &["reject", "99", "ann", "no such id"]), Some(1));
}
