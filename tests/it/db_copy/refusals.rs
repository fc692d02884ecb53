//! What is not overwritten, and what is.

use std::fs;

use super::{copied, legacy, other, own, ran, rows};
use crate::harness::Project;
use crate::postgres_server::{Database, Way};

#[test]
fn a_target_with_rows_is_left_alone_unless_it_is_to_be_replaced() {
    let (project, server) = (legacy(), Database::empty());
    let url = server.url(Way::Direct);
    let first = copied(&project, &own(&project), &url);
    let said = ran(&project, &own(&project), &url, &[]).fails_as(7, "database_occupied");
    assert!(said["message"].as_str().is_some_and(|it| it.contains("2 skills and 2 usage rows")), "{said}");
    ran(&project, &own(&project), &url, &["--replace"]).fails_as(1, "not_confirmed");
    server.sql("UPDATE cfn.skills SET owner = 'changed'; GRANT USAGE ON SCHEMA cfn TO other_program");
    let again = ran(&project, &own(&project), &url, &["--replace", "--yes"]).json();
    assert_eq!((&again["sha256"], &again["replaced"]), (&first["sha256"], &"2 skills and 2 usage rows".into()));
    assert_eq!(server.sql("SELECT count(*) FROM cfn.skills WHERE owner = 'changed'"), "0");
    assert_eq!(server.sql("SELECT has_schema_privilege('other_program', 'cfn', 'USAGE')"), "t", "grants stay");
    assert_eq!(project.cfn(["db", "check", "--db", &url, "--json"]).json()["damage"], serde_json::json!([]));
}

#[test]
fn a_file_that_is_replaced_is_saved() {
    let (project, target) = (legacy(), Project::new());
    let to = own(&target);
    let before = rows(&to);
    ran(&project, &own(&project), &to, &[]).fails_as(7, "database_occupied");
    let report = ran(&project, &own(&project), &to, &["--replace", "--yes"]).json();
    assert_eq!(rows(&to), rows(&own(&project)));
    let saved = report["previous"].as_str().expect("a path");
    assert!(saved.contains("skills.db.before-copy-"), "{saved}");
    assert_eq!(rows(saved), before);
    assert_eq!(target.leftovers().len(), 1, "{:?}", target.leftovers());
}

#[test]
fn a_schema_that_init_made_takes_a_copy_and_one_with_work_in_it_does_not() {
    let (project, server) = (legacy(), Database::new());
    server.sql("INSERT INTO cfn.edge_case_tracking (skill_id, edge_case_description) SELECT 1, 'x' WHERE false");
    copied(&project, &own(&project), &server.url(Way::Direct));
    let used = Database::new();
    used.sql("UPDATE cfn.approval_criteria_templates SET description = 'ours', updated_at = 'now' WHERE id = 1");
    ran(&project, &own(&project), &used.url(Way::Direct), &[]).fails_as(7, "database_occupied");
}

#[test]
fn what_is_not_cfns_is_refused_even_if_it_is_to_be_replaced() {
    let (project, server) = (legacy(), Database::empty());
    server.sql("CREATE SCHEMA cfn AUTHORIZATION cfn_owner; CREATE TABLE cfn.invoices (id int)");
    let said = ran(&project, &own(&project), &server.url(Way::Direct), &["--replace", "--yes"]);
    let said = said.fails_as(3, "not_a_skills_database");
    assert!(said["message"].as_str().is_some_and(|it| it.contains("invoices")), "{said}");
    let file = other(&project, "notes.txt");
    fs::write(&file, "notes").expect("a file");
    ran(&project, &own(&project), &file, &["--replace", "--yes"]).fails_as(3, "not_a_skills_database");
    assert_eq!(fs::read_to_string(&file).expect("a file"), "notes");
    ran(&project, &file, &server.url(Way::Direct), &[]).fails_as(3, "not_a_skills_database");
}

#[test]
fn a_database_is_not_copied_to_itself() {
    let (project, server) = (legacy(), Database::empty());
    let link = other(&project, "link.db");
    std::os::unix::fs::symlink(project.database(), &link).expect("a link");
    for to in [own(&project), link] {
        ran(&project, &own(&project), &to, &["--replace", "--yes"]).fails_as(1, "invalid_input");
    }
    copied(&project, &own(&project), &server.url(Way::Direct));
    let (one, same) = (server.url(Way::Direct), server.url(Way::Bouncer));
    ran(&project, &one, &same, &["--replace", "--yes"]).fails_as(1, "invalid_input");
}

#[test]
fn what_the_source_has_of_other_programs_is_named() {
    let (project, server) = (legacy(), Database::empty());
    project.sqlite3("CREATE TABLE notes (id INTEGER); ALTER TABLE skills ADD COLUMN colour TEXT");
    let report = ran(&project, &own(&project), &server.url(Way::Direct), &[]);
    assert!(report.stderr.contains("not copied, because it is not cfn's: the table notes"), "{report:?}");
    assert!(report.stderr.contains("the column skills.colour"), "{report:?}");
    server.sql("CREATE TABLE cfn.extra (id int); ALTER TABLE cfn.skills ADD COLUMN colour text");
    let report = ran(&project, &server.url(Way::Direct), &other(&project, "back.db"), &[]);
    assert!(
        report.stderr.contains("the table extra") && report.stderr.contains("the column skills.colour"),
        "{report:?}"
    );
}

#[test]
fn an_older_or_missing_source_is_refused_and_not_touched() {
    let (project, server) = (crate::adoption::layouts::project(crate::adoption::layouts::V2), Database::empty());
    let before = fs::read(project.database()).expect("a file");
    ran(&project, &own(&project), &server.url(Way::Direct), &[]).fails_as(3, "database_older");
    assert_eq!(fs::read(project.database()).expect("a file"), before);
    ran(&project, &other(&project, "none.db"), &server.url(Way::Direct), &[]).fails_as(3, "database_missing");
    ran(&project, &server.url(Way::Direct), &other(&project, "new.db"), &[]).fails_as(3, "database_missing");
    assert!(!project.path().join("new.db").exists());
}

#[test]
fn two_rows_with_the_same_key_are_refused_by_the_target() {
    let (project, server) = (legacy(), Database::empty());
    project.sqlite3(
        "CREATE TABLE copies AS SELECT * FROM phase4_skill_generation; PRAGMA writable_schema = ON;
         INSERT INTO phase4_skill_generation (skill_id) VALUES (1)",
    );
    project.sqlite3(
        "PRAGMA foreign_keys = OFF; DROP TABLE phase4_skill_generation;
         CREATE TABLE phase4_skill_generation (id INTEGER PRIMARY KEY AUTOINCREMENT, skill_id INTEGER NOT NULL,
           phase4_pattern_id INTEGER, pattern_name TEXT, generated_by TEXT, generated_at TEXT, source_reflection_ids TEXT,
           edge_cases_tracked INTEGER, generation_status TEXT, deployment_timestamp TEXT, skill_version TEXT, github_pr_id TEXT);
         INSERT INTO phase4_skill_generation (skill_id) VALUES (1), (1); DROP TABLE copies",
    );
    let said = ran(&project, &own(&project), &server.url(Way::Direct), &[]).fails_as(3, "database_failed");
    assert!(said["message"].as_str().is_some_and(|it| it.contains("Key (skill_id)=(1)")), "{said}");
    assert_eq!(server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cfn'"), "0");
}
