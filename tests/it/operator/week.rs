//! A team's week: an old project and a tree of strangers' skills go through everything that an operator does with them.
//! `CFN_LEGACY_PROJECT` and `CFN_CORPUS` name real ones; without them, a project of the same kind that is made here, and
//! the project's own skills.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::adoption::layouts;
use crate::harness::{Project, repository};
use crate::scene::{names, sha256, skill_text};
use crate::typing::Typist;

/// The end of the question of `skill review`.
const ASKED: &str = "quit (q)? ";

/// What must not be in a skill, and is purged.
const SECRET: &str = "hunter2-hunter2-hunter2";

#[test]
fn a_team_lives_with_its_skills_for_a_week() {
    let project = legacy();
    let imported = monday_imports(&project);
    tuesday_reviews(&project, &imported);
    wednesday_assigns_and_searches(&project, &imported);
    thursday_updates_and_escalates(&project);
    friday_ends(&project);
    saturday_promotes(&project);
    sunday_copies(&project);
    project.cfn(["db", "check"]).ok();
}

fn legacy() -> Project {
    if let Some(source) = env::var_os("CFN_LEGACY_PROJECT") {
        return Project::copy_of(&PathBuf::from(source));
    }
    let project = layouts::project(layouts::V2);
    for name in ["postgresql", "redis-basics"] {
        layouts::add(&project, name, &format!("{name}."));
        layouts::approve(&project, name);
    }
    project
}

fn corpus() -> String {
    let path = env::var_os("CFN_CORPUS").map_or_else(|| repository("tests/skills"), PathBuf::from);
    fs::canonicalize(path).expect("a path").to_str().expect("UTF-8").to_owned()
}

fn of_list(report: &Value, list: &str, field: &str) -> Vec<String> {
    let all = report[list].as_array().unwrap_or_else(|| panic!("{list} in {report}"));
    all.iter().map(|it| it[field].as_str().unwrap_or_else(|| panic!("{field} in {it}")).to_owned()).collect()
}

/// The skills that wait for a decision, longest first.
fn pending(project: &Project) -> Vec<String> {
    of_list(&project.cfn(["skill", "pending", "--json"]).json(), "pending", "name")
}

/// Imports everything for one agent type; the names that wait for a review.
fn monday_imports(project: &Project) -> Vec<String> {
    let old = names(project, &["backend-developer"]);
    let report = project.cfn(["init", "--from", &corpus(), "--agents", "week", "--json"]).json();
    let imported = report["imported"].as_u64().expect("a number");
    let waiting = pending(project);
    assert!(imported >= 5 && waiting.len() >= 2 && waiting.len() as u64 <= imported + 1, "{}: {report}", waiting.len());
    let served = names(project, &["week", "--max-skills", "1000"]);
    assert!(waiting.iter().all(|it| !served.contains(it)), "what waits is not served");
    assert_eq!(names(project, &["backend-developer"]), old, "the old ones are served as before");
    waiting
}

/// Looks at risks, decides about one after the other, and then about all that are left.
fn tuesday_reviews(project: &Project, imported: &[String]) {
    let [first, second, ..] = imported else { panic!("{imported:?}") };
    let assessed = project.cfn(["skill", "assess", first, "--json"]).json();
    assert!(assessed["assessments"][0]["risk"].as_f64().is_some_and(|it| (0.0..=1.0).contains(&it)), "{assessed}");
    // One waits for eight days, a day too long.
    project.sqlite3(&format!(
        "UPDATE skill_versions SET created_at = datetime('now', '-8 days')
           WHERE skill_id = (SELECT id FROM skills WHERE name = '{second}')"
    ));
    let overdue = project.cfn(["skill", "pending", "--overdue", "--json"]);
    assert_eq!(overdue.code, Some(7), "{}", overdue.stderr);
    assert_eq!(of_list(&serde_json::from_str(&overdue.stdout).expect("JSON"), "pending", "name"), [second.as_str()]);
    let review = format!("\"$CFN\" skill review {first} {second} --approver ann --color never");
    let mut reviewer = Typist::at(project, (80, 40), &review);
    reviewer.sees(ASKED);
    reviewer.types("a");
    assert!(reviewer.sees(ASKED).contains("approved"));
    reviewer.types("r");
    reviewer.sees("reason for the rejection: ");
    reviewer.types("not ours\r");
    assert!(reviewer.ends().stdout.ends_with("approved 1, rejected 1, escalated 0, skipped 0\n"));
    project.cfn(["skill", "approve", "--all-pending", "--approver", "ann"]).ok();
    assert!(pending(project).is_empty(), "{:?}", pending(project));
    let served = names(project, &["week", "--max-skills", "1000"]);
    assert!(served.contains(first) && !served.contains(second));
}

fn wednesday_assigns_and_searches(project: &Project, imported: &[String]) {
    let first = &imported[0];
    project.cfn(["skill", "assign", first, "--agent", "week-tester,dev", "--priority", "1", "--required"]).ok();
    assert_eq!(names(project, &["week-tester"]), [first.as_str()]);
    project.cfn(["skill", "assign", &imported[1], "--agent", "week-tester", "--required"]).fails(7);
    project.cfn(["skill", "unassign", first, "--agent", "dev"]).ok();
    let found = project.cfn(["skill", "search", first, "--json"]).json();
    assert_eq!(of_list(&found, "skills", "name")[0], *first, "{found}");
    let all = project.cfn(["skill", "search", &imported[1], "--json"]).json();
    assert!(!of_list(&all, "skills", "name").contains(&imported[1]), "it was rejected: {all}");
}

fn thursday_updates_and_escalates(project: &Project) {
    let add = ["skill", "add", "notes", "--agents", "week", "--category", "testing"];
    project.file("notes/SKILL.md", skill_text("release-notes", "Write them."));
    project.cfn(add).ok();
    project.file("notes/SKILL.md", skill_text("release-notes", "Write them before the release."));
    let updated = project.cfn(["update", "release-notes", "notes/SKILL.md", "--minor"]).ok();
    assert_eq!(updated, "1.1.0\n");
    let diff = project.cfn(["skill", "diff", "release-notes", "1.0.0", "1.1.0"]).ok();
    assert!(diff.contains("-Write them.") && diff.contains("+Write them before the release."), "{diff}");
    project.cfn(["skill", "pin", "release-notes", "1.0.0"]).ok();
    assert!(project.cfn(["load", "week", "--max-skills", "1000"]).ok().contains("Write them.\n"));
    project.cfn(["skill", "unpin", "release-notes"]).ok();
    let reason = ["--reason", "who may publish?", "--to", "bob", "--approver", "ann"];
    project.cfn([&["skill", "escalate", "release-notes"], &reason[..]].concat()).ok();
    assert_eq!(pending(project), ["release-notes"]);
    project.cfn(["skill", "approve", "release-notes", "--approver", "bob"]).ok();
    assert!(pending(project).is_empty());
}

fn friday_ends(project: &Project) {
    // The first version was a mistake: it is not served, and nothing brings it back.
    project.cfn(["skill", "revoke", "release-notes", "1.0.0", "--reason", "wrong", "--approver", "ann"]).ok();
    project.file("old.md", skill_text("release-notes", "Write them."));
    project.cfn(["deploy", "1", "release-notes", "old.md"]).fails(7);
    project.cfn(["deploy", "1", "another-name", "old.md"]).fails(7);

    project.cfn(["skill", "rename", "release-notes", "change-log"]).ok();
    let use_of = ["log", "release-notes", "--agent-id", "a1", "--agent-type", "week", "--exit-code", "0"];
    project.cfn(use_of).ok();
    let used = "SELECT s.name FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id ORDER BY u.id DESC LIMIT 1";
    assert_eq!(project.sqlite3(used), "change-log");
    project.cfn(["skill", "add", "notes", "--name", "Release-Notes"]).fails(7);

    project.file("summary/SKILL.md", skill_text("release-summary", "In three sentences."));
    project.cfn(["skill", "add", "summary", "--category", "testing"]).ok();
    project.cfn(["skill", "deprecate", "change-log", "--replacement", "release-summary", "--note", "shorter"]).ok();
    let served = names(project, &["week", "--max-skills", "1000"]);
    assert!(served.contains(&"release-summary".to_owned()) && !served.contains(&"change-log".to_owned()));

    project.file("leak/SKILL.md", skill_text("leak", &format!("The password is {SECRET}.")));
    project.cfn(["skill", "add", "leak", "--category", "testing", "--agents", "week"]).ok();
    project.cfn(["skill", "search", SECRET, "--json"]).ok();
    project.cfn(["skill", "purge", "leak", "1.0.0", "--yes"]).fails(7);
    project.cfn(["skill", "purge", "leak", "1.0.0", "--yes", "--reason", "a password", "--approver", "ann"]).ok();
    for entry in fs::read_dir(project.database().parent().expect("a folder")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).unwrap_or_default();
        let found = bytes.windows(SECRET.len()).any(|it| it == SECRET.as_bytes());
        assert!(!found, "the secret is in {}", path.display());
    }
    let leaked = skill_text("leak", &format!("The password is {SECRET}."));
    let kept =
        project.sqlite3("SELECT content_hash || ' ' || actor || ' ' || reason FROM cfn_events WHERE event = 'purged'");
    assert_eq!(kept, format!("{} ann a password", sha256(&leaked)));
    project.cfn(["skill", "delete", "leak", "--yes", "--reason", "nothing is left of it", "--approver", "ann"]).ok();
    project.file("leak.md", leaked);
    project.cfn(["deploy", "1", "no-leak", "leak.md"]).fails(7);
}

fn saturday_promotes(project: &Project) {
    let staged = project.file(".claude/skills/staging/standup/SKILL.md", skill_text("standup", "Three questions."));
    project.cfn(["skill", "promote"]).ok();
    assert!(staged.exists(), "it is too new");
    let three_days_ago = SystemTime::now() - Duration::from_secs(3 * 86400);
    let file = fs::File::options().write(true).open(&staged).expect("a file");
    file.set_modified(three_days_ago).expect("a time");
    project.cfn(["skill", "promote"]).ok();
    assert!(!staged.exists() && project.path().join(".claude/skills/standup/SKILL.md").exists());
    assert_eq!(pending(project), ["standup"]);
    project.cfn(["skill", "approve", "standup", "--approver", "ann"]).ok();
}

/// Everything goes into a file, and from there into an empty database with equal rows.
fn sunday_copies(project: &Project) {
    // Skills whose files were gone or changed before cfn saw them have no content, and nobody misses them.
    let lost = project.sqlite3("SELECT name FROM skills WHERE content_hash NOT IN (SELECT hash FROM skill_contents)");
    for name in lost.lines() {
        project.cfn(["skill", "delete", name, "--yes", "--reason", "its content is lost", "--approver", "ann"]).ok();
    }
    project.cfn(["skill", "export-yaml", "--output", "all.yaml", "--include-history"]).ok();
    let copy = Project::new();
    let from = project.path().join("all.yaml");
    let from = from.to_str().expect("UTF-8");
    copy.cfn(["skill", "import-yaml", from, "--mode", "validate-only"]).ok();
    copy.cfn(["skill", "import-yaml", from, "--mode", "merge", "--trust-approvals", "--approver", "ann"]).ok();
    for rows in [
        "SELECT name, category, team, content_hash, tags, version, status, approval_level, owner, generated_by
           FROM skills ORDER BY name",
        "SELECT agent_type, name, priority, required, conditions, enabled FROM agent_skill_mappings m
           JOIN skills s ON s.id = m.skill_id ORDER BY 1, 2",
        "SELECT name, h.version, decision, approver, h.content_hash, timestamp FROM approval_history h
           JOIN skills s ON s.id = h.skill_id ORDER BY name, h.id",
    ] {
        assert_eq!(copy.sqlite3(rows), project.sqlite3(rows), "{rows}");
    }
    let all = ["week", "--max-skills", "1000"];
    assert_eq!(names(&copy, &all), names(project, &all));
}
