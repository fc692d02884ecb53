//! `cfn init`: a fresh database, and a folder of skills imported into it.

use std::fs;

use serde_json::Value;

use crate::harness::Project;
use crate::scene::{dump, sha256, skill_text, tokens, versions};

/// The counts of an import: found, imported, unchanged, updated, changed, refused, pending. Copies and nested files
/// only add up.
pub fn counts(report: &Value) -> Vec<u64> {
    let length = |field: &str| report[field].as_array().map(Vec::len).unwrap_or_default() as u64;
    let number = |field: &str| report[field].as_u64().unwrap_or(u64::MAX);
    let taken = number("imported") + number("unchanged") + number("copies") + number("updated");
    let sum = taken + length("changed") + length("nested") + length("refused");
    assert_eq!(number("found"), sum, "the numbers add up: {report}");
    vec![
        number("found"),
        number("imported"),
        number("unchanged"),
        number("updated"),
        length("changed"),
        length("refused"),
        number("pending"),
    ]
}

fn import(project: &Project, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", "tree", "--json"];
    args.extend(more);
    project.cfn(args).json()
}

#[test]
fn makes_the_database_and_its_folders_once() {
    let project = Project::empty();
    let ran = project.cfn(["init"]);
    assert_eq!(ran.stdout, format!("created {}\n", fs::canonicalize(project.database()).expect("made").display()));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
    let before = dump(&project);
    let again = project.cfn(["init"]);
    assert!(again.stdout.ends_with("exists already\n"), "{again:?}");
    assert_eq!(again.code, Some(0));
    assert_eq!(dump(&project), before);
    assert!(project.leftovers().is_empty());
}

/// A new database is filled before it gets indexes, triggers and its name; nothing of that can be seen afterwards.
#[test]
fn an_import_into_a_new_database_equals_one_into_an_empty_database() {
    let (fresh, empty) = (Project::empty(), Project::empty());
    empty.cfn(["init"]).ok();
    for project in [&fresh, &empty] {
        for name in ["one", "two", "three"] {
            project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, "Text."));
        }
        let report = import(project, &["--approve-as", "ann", "--agents", "dev"]);
        assert_eq!(counts(&report), [3, 3, 0, 0, 0, 0, 0]);
        project.cfn(["db", "check"]).ok();
        project.cfn(["analytics", "check"]).ok();
        assert!(project.leftovers().is_empty());
    }
    for sql in [
        "SELECT type, name, sql FROM sqlite_master ORDER BY type, name",
        "SELECT id, name, category, content_path, content_hash, tags, version, approval_level, last_approved_by FROM skills",
        "SELECT id, skill_id, version, content_hash, content_path, front_matter, approval_level, source FROM skill_versions",
        "SELECT skill_id, version, approver, decision, content_hash FROM approval_history",
        "SELECT agent_type, skill_id, priority, enabled FROM agent_skill_mappings",
        "SELECT hash, bytes FROM skill_contents ORDER BY hash",
        "SELECT name, typeof(value), length(value) FROM cfn_metadata WHERE name <> 'rolled_up_schema'",
        "PRAGMA user_version",
        "PRAGMA journal_mode",
    ] {
        assert_eq!(fresh.sqlite3(sql), empty.sqlite3(sql), "{sql}");
    }
}

#[test]
fn an_import_uses_the_front_matter() {
    let project = Project::empty();
    project.file(
        "tree/pdf/SKILL.md",
        "---\nname: pdf\ndescription: x\nversion: 2.1.0\ncategory: testing\ntags: [a, b]\nowner: ann\nextra: {kept: yes}\n---\nBody.\n",
    );
    project.file("tree/sql/SKILL.md", "---\nname: sql\ndescription: x\ncategory: domain\n---\nBody.\n");
    let ran = project.cfn(["init", "--from", "tree", "--category", "testing", "--agents", "dev, tester"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("created "), "{ran:?}");
    assert_eq!(lines[1], "2 files found: 2 imported, 0 unchanged, 0 updated, 0 changed, 0 refused");
    assert_eq!(lines[2], "4 mappings added");
    assert_eq!(lines[3], "1 wait for review: 'cfn skill list --pending'");
    let rows = project.sqlite3(
        "SELECT name, category, version, approval_level, tags, owner, content_path, generated_by, is_auto_generated,
           phase4_pattern_id IS NULL, last_approved_by IS NULL FROM skills ORDER BY name",
    );
    assert_eq!(
        rows,
        "pdf|testing|2.1.0|auto|[\"a\",\"b\"]|ann|tree/pdf/SKILL.md|imported|0|1|1\n\
         sql|domain|1.0.0|human|[]||tree/sql/SKILL.md|imported|0|1|1"
    );
    assert_eq!(project.sqlite3("SELECT count(*), count(DISTINCT agent_type) FROM agent_skill_mappings"), "4|2");
    let extra = "SELECT json_extract(front_matter, '$.extra.kept') FROM skill_versions WHERE version = '2.1.0'";
    assert_eq!(project.sqlite3(extra), "yes", "unknown fields are kept");
    assert_eq!(versions(&project, "pdf"), "2.1.0 import");
    let loaded = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!(loaded.stdout, "pdf\n");
    assert!(loaded.stderr.contains("left out sql: no version of it is approved"), "{loaded:?}");
    project.assert_whole();
}

#[test]
fn importing_again_changes_nothing_in_the_file() {
    let project = Project::empty();
    for name in ["a", "b", "c"] {
        project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, "Body."));
    }
    project.file("tree/d/SKILL.md", "");
    assert_eq!(counts(&import(&project, &[])), [4, 3, 0, 0, 0, 1, 3]);
    let state = || (dump(&project), tokens(&project), sha256(fs::read(project.database()).expect("a file")));
    let before = state();
    let other = ["--category", "testing", "--trust-levels", "--nested"];
    for more in [&[][..], &["--update"], &["--update", "--from-any"], &other, &["--namespace"]] {
        assert_eq!(counts(&import(&project, more)), [4, 0, 3, 0, 0, 1, 0], "{more:?}");
        assert_eq!(state(), before, "{more:?}");
    }
}

#[test]
fn a_changed_file_is_reported_and_updated_only_on_request() {
    let project = Project::empty();
    project.file("tree/a/SKILL.md", skill_text("a", "First."));
    import(&project, &["--approve-as", "me", "--agents", "dev"]);
    project.file("tree/a/SKILL.md", skill_text("a", "Second."));
    let report = import(&project, &[]);
    assert_eq!(counts(&report), [1, 0, 0, 0, 1, 0, 0]);
    assert_eq!(report["changed"][0]["path"], "a/SKILL.md");
    assert_eq!(versions(&project, "a"), "1.0.0 import");
    let text = project.cfn(["init", "--from", "tree"]).ok();
    assert!(text.contains("changed: a/SKILL.md: \"a\" 1.0.0 in the database has other bytes"), "{text}");

    assert_eq!(counts(&import(&project, &["--update"])), [1, 0, 0, 1, 0, 0, 1]);
    assert_eq!(versions(&project, "a"), "1.0.0 import, 1.0.1 import");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."), "the new version waits for review");
    project.file("tree/a/SKILL.md", skill_text("a", "Third."));
    assert_eq!(counts(&import(&project, &["--update", "--approve-as", "me"])), [1, 0, 0, 1, 0, 0, 0]);
    assert!(project.cfn(["load", "dev"]).ok().contains("Third."));
    project.assert_whole();
}

#[test]
fn an_update_never_lowers_the_level() {
    let project = Project::empty();
    project.file("tree/a/SKILL.md", skill_text("a", "First."));
    import(&project, &[]);
    project.file("tree/a/SKILL.md", "---\nname: a\ndescription: x\napproval_level: auto\n---\nSecond.\n");
    let report = import(&project, &["--update"]);
    assert_eq!(counts(&report), [1, 0, 0, 0, 0, 1, 0]);
    assert!(
        report["refused"][0]["reason"].as_str().is_some_and(|it| it.contains("would lower it to auto")),
        "{report}"
    );
}

#[test]
fn approve_as_records_an_approval_of_each() {
    let project = Project::empty();
    project.file("tree/a/SKILL.md", skill_text("a", "Body."));
    project.file("tree/b/SKILL.md", skill_text("b", "Body."));
    assert_eq!(
        counts(&import(&project, &["--approve-as", "lead@x", "--category", "infrastructure"])),
        [2, 2, 0, 0, 0, 0, 0]
    );
    let rows = project.sqlite3(
        "SELECT s.name, a.approver, a.decision, a.approval_level, a.content_hash = s.content_hash, s.last_approved_by
         FROM approval_history a JOIN skills s ON s.id = a.skill_id ORDER BY s.name",
    );
    assert_eq!(rows, "a|lead@x|approved|escalate|1|lead@x\nb|lead@x|approved|escalate|1|lead@x");
    assert_eq!(project.cfn(["skill", "list", "--pending"]).ok(), "no skills\n");
}

#[test]
fn a_bad_file_does_not_stop_the_others_and_fails_with_strict() {
    let project = Project::empty();
    project.file("tree/empty/SKILL.md", "");
    project.file("tree/latin/SKILL.md", b"---\nname: latin\n---\ncaf\xe9\n");
    project.file("tree/large/SKILL.md", vec![b'x'; 1024 * 1024 + 1]);
    project.file("tree/good/SKILL.md", skill_text("good", "Body."));
    let deep = format!("---\nname: deep\nx: {}1{}\n---\nBody.\n", "[".repeat(100), "]".repeat(100));
    project.file("tree/deep/SKILL.md", deep);
    let ran = project.cfn(["init", "--from", "tree", "--strict"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran:?}");
    for line in [
        "refused: empty/SKILL.md:1: ",
        "refused: latin/SKILL.md:4: ",
        "refused: large/SKILL.md",
        "refused: deep/SKILL.md:3: ",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("5 files found: 1 imported, 0 unchanged, 0 updated, 0 changed, 4 refused"), "{ran:?}");
    assert_eq!(project.cfn(["init", "--from", "tree"]).code, Some(0));
    assert_eq!(project.sqlite3("SELECT name FROM skills"), "good");
}

#[test]
fn a_failed_import_creates_no_database() {
    let project = Project::empty();
    project.file("file.md", "Body.");
    for from in ["missing", "file.md"] {
        project.fails_as(["init", "--from", from], 2, "file_unreadable");
    }
    for args in [
        &["init", "--from", ".", "--category", "sports"][..],
        &["init", "--from", ".", "--agents", "a b"],
        &["init", "--update"],
        &["init", "--strict"],
        &["init", "--approve-as", "me"],
    ] {
        project.cfn(args).fails(1);
    }
    assert!(!project.path().join(".claude").exists());
    let empty = Project::empty();
    fs::create_dir(empty.path().join("tree")).expect("a folder");
    assert_eq!(counts(&import(&empty, &["--strict"])), [0; 7]);
}

#[test]
fn many_files_take_few_transactions() {
    let project = Project::empty();
    for number in 0..1100 {
        project.file(&format!("tree/s{number}/SKILL.md"), skill_text(&format!("s{number}"), "Body."));
    }
    let report = import(&project, &[]);
    assert_eq!(counts(&report)[..2], [1100, 1100]);
    assert!(report["transactions"].as_u64().is_some_and(|it| it <= 10), "{report}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "1100");
}

#[test]
fn a_skill_of_the_repository_is_imported_and_loaded() {
    let project = Project::empty();
    let from = crate::harness::repository("tests/skills");
    let from = from.to_str().expect("UTF-8");
    let report = project.cfn(["init", "--from", from, "--approve-as", "me", "--agents", "dev", "--json"]).json();
    assert_eq!(counts(&report)[5..], [0, 0], "{report}");
    let loaded = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!(loaded["skills"].as_array().map(|it| it.len() as u64), report["imported"].as_u64());
}
