//! Columns of other programs that keep cfn from writing: `db check` says so before a write fails, and no such failure
//! speaks of damage.

use std::fs;

use crate::adoption::layouts;
use crate::harness::Project;
use crate::scene::{path_of, with_skill};

/// Fails to write the table with exit 3, without a word about damage or restoring.
#[track_caller]
fn fails_without_damage(project: &Project, args: &[&str], named: &str) {
    let error = project.fails_as(args, 3, "database_failed");
    let (message, hint) = (error["message"].as_str().unwrap_or_default(), error["hint"].as_str().unwrap_or_default());
    assert!(message.contains(named) && !message.contains("damaged"), "{args:?}: {error}");
    assert!(hint.contains("cfn db check") && !hint.contains("restore"), "{args:?}: {error}");
}

#[test]
fn a_reference_to_a_table_that_is_not_there_is_no_damage() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3(
        "ALTER TABLE skills ADD COLUMN team_id INTEGER REFERENCES teams (id);
         ALTER TABLE approval_history ADD COLUMN ticket TEXT REFERENCES \"the tickets\" (id)",
    );
    project.skill("sql", "First.");
    fails_without_damage(
        &project,
        &["deploy", "7", "sql", &path_of("sql"), "domain"],
        "main.teams, which a foreign key",
    );
    fails_without_damage(&project, &["skill", "delete", "jwt", "--yes", "--reason", "x"], "which a foreign key");
    let checked = project.cfn(["db", "check"]).ok();
    for said in [
        "the column team_id of skills refers to the table teams, which does not exist: writes to skills fail",
        "the column ticket of approval_history refers to the table the tickets, which does not exist",
    ] {
        assert!(checked.contains(said), "{checked}");
    }
    project.sqlite3("CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE TABLE \"the tickets\" (id TEXT PRIMARY KEY)");
    project.cfn(["deploy", "7", "sql", &path_of("sql"), "domain"]).ok();
    let checked = project.cfn(["db", "check"]).ok();
    assert!(!checked.contains("does not exist"), "{checked}");
}

#[test]
fn a_table_of_cfns_that_is_missing_is_still_damage() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("PRAGMA foreign_keys = OFF; DROP TABLE skill_contents");
    project.skill("jwt", "Second.");
    project.fails_as(["update", "jwt", "1.0.1", &path_of("jwt")], 3, "database_corrupt");
}

#[test]
fn a_column_that_every_row_must_have_is_named_before_a_write_fails() {
    let project = layouts::project(
        "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category TEXT, content_path TEXT,
           content_hash TEXT, version TEXT, slug TEXT NOT NULL, shelf TEXT NOT NULL DEFAULT 'top', note TEXT);",
    );
    project.skill("jwt", "First.");
    project.cfn(["skill", "list"]).ok(); // adopts it
    fails_without_damage(&project, &["deploy", "7", "jwt", &path_of("jwt"), "domain"], "skills.slug");
    let checked = project.cfn(["db", "check"]).ok();
    assert!(
        checked.contains("the column slug of skills is not cfn's, and every row must have a value in it"),
        "{checked}"
    );
    assert!(!checked.contains("shelf") && !checked.contains("note"), "{checked}");
}

#[test]
fn a_generated_column_in_place_of_cfns_is_refused_by_its_name() {
    for (columns, named) in [
        ("content_hash TEXT, status TEXT AS ('active')", "status"),
        ("content_hash TEXT AS (name)", "content_hash"),
        ("content_hash TEXT, pinned_version TEXT AS (name) STORED", "pinned_version"),
    ] {
        let project = layouts::project(&format!(
            "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, content_path TEXT, {columns});"
        ));
        let before = fs::read(project.database()).expect("a file");
        for args in [&["skill", "list"][..], &["load", "dev"], &["db", "check"], &["db", "migrate"], &["init"]] {
            let stderr = project.cfn(args).fails(3);
            let said = format!("it has a generated column in place of the column {named} of the table skills");
            assert!(stderr.contains(&said), "{args:?}: {stderr}");
            assert!(fs::read(project.database()).expect("a file") == before, "{args:?} touched it");
        }
    }
}

#[test]
fn a_generated_column_of_ones_own_is_kept_and_named_by_a_copy() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("ALTER TABLE skills ADD COLUMN label TEXT AS (name || ' ' || version)");
    project.skill("jwt", "Second.");
    project.cfn(["update", "jwt", "1.0.1", &path_of("jwt")]).ok();
    assert_eq!(project.sqlite3("SELECT label FROM skills"), "jwt 1.0.1");
    assert!(project.cfn(["db", "check"]).ok().starts_with("0 damaged, 0 warnings"));
    let copied = project.cfn(["db", "copy", "--from", &project.database().to_string_lossy(), "--to", "copy.db"]);
    assert!(format!("{copied:?}").contains("the column skills.label"), "{copied:?}");
}
