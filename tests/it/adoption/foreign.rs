//! Files of other tools with a table of skills, what half of the old migration left, and indexes of the user's.

use std::fs;

use super::layouts::{self, V1, V2, add, approve, shape};
use crate::harness::Project;
use crate::scene::names;

/// Runs what would adopt it: exit 3, and not a byte of the file or a backup of it is made.
#[track_caller]
fn is_refused(sql: &str, why: &str) {
    let project = layouts::project(sql);
    project.file("s.md", "Body.");
    let before = fs::read(project.database()).expect("a file");
    for args in [&["skill", "list"][..], &["load", "dev"], &["db", "migrate"], &["deploy", "1", "x", "s.md"], &["init"]]
    {
        let message = project.cfn(args).fails(3);
        assert!(message.contains(why) && message.contains("hint: "), "{sql}: {message}");
        assert!(fs::read(project.database()).expect("a file") == before, "{sql}: {args:?} touched it");
    }
    assert!(project.leftovers().is_empty(), "{sql}: {:?}", project.leftovers());
}

#[test]
fn a_table_of_skills_of_another_layout_is_refused() {
    let rest = "name TEXT, content_path TEXT, content_hash TEXT";
    for (sql, why) in [
        (format!("CREATE TABLE skills (id TEXT PRIMARY KEY, {rest})"), "is not an integer \"id\""),
        (format!("CREATE TABLE skills (id INT PRIMARY KEY, {rest})"), "is not an integer \"id\""),
        (format!("CREATE TABLE skills (id INTEGER, {rest})"), "is not an integer \"id\""),
        (format!("CREATE TABLE skills (id INTEGER, {rest}, PRIMARY KEY (id, name))"), "is not an integer \"id\""),
        (format!("CREATE TABLE skills (id INTEGER PRIMARY KEY, {rest}) WITHOUT ROWID"), "is a table without row ids"),
        (
            "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT, file_path TEXT)".to_owned(),
            "no column \"content_path\"",
        ),
        (
            "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT, content_path TEXT)".to_owned(),
            "no column \"content_hash\"",
        ),
        (
            "CREATE TABLE skills (id INTEGER PRIMARY KEY, title TEXT, content_path TEXT, content_hash TEXT)".to_owned(),
            "no column \"name\"",
        ),
        (
            format!("CREATE TABLE s (id INTEGER PRIMARY KEY, {rest}); CREATE VIEW skills AS SELECT * FROM s"),
            "\"skills\" is a view",
        ),
        (format!("CREATE VIRTUAL TABLE skills USING fts4(id, {rest})"), "\"skills\" is a virtual table"),
    ] {
        is_refused(&sql, why);
        is_refused(
            &format!(
                "{sql}; CREATE TABLE schema_versions (version TEXT); INSERT INTO schema_versions VALUES ('v2.0.0')"
            ),
            why,
        );
    }
}

#[test]
fn something_else_in_place_of_another_old_table_is_refused() {
    for (table, stands) in [
        ("approval_history", "VIEW approval_history AS SELECT 1 AS id"),
        ("agent_skill_mappings", "VIRTUAL TABLE agent_skill_mappings USING fts4(agent_type, skill_id)"),
        ("skill_usage_log", "TABLE skill_usage_log (id INTEGER PRIMARY KEY, agent_id TEXT) WITHOUT ROWID"),
    ] {
        let sql = "CREATE TABLE skills (id INTEGER PRIMARY KEY, name TEXT, content_path TEXT, content_hash TEXT)";
        is_refused(&format!("{sql}; CREATE {stands}"), &format!("in place of the table {table}"));
    }
}

#[test]
fn an_old_database_with_a_table_that_has_the_name_of_one_of_ours_is_refused() {
    for own in
        ["TABLE outbox (x)", "TABLE skill_versions (x)", "VIEW usage_daily AS SELECT 1 AS x", "TABLE CFN_METADATA (x)"]
    {
        is_refused(&format!("{V2}; CREATE {own}"), "and no version that says which schema it has");
    }
    is_refused(
        &format!("{V2}; CREATE TRIGGER cfn_skills_insert AFTER INSERT ON skills BEGIN SELECT 1; END"),
        "has cfn's trigger",
    );
}

/// What `schema-v2.sql` leaves of the first layout: new tables, and old ones without their new columns.
fn halfway() -> Project {
    let new: Vec<&str> = V2.split_inclusive(";\n").filter(|it| !it.contains("CREATE TABLE skills ")).collect();
    let new = new.concat().replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ");
    let project = layouts::project(&format!("{V1}{new}"));
    add(&project, "jwt", "Jwt.");
    add(&project, "sql", "Sql.");
    add(&project, "old", "Old.");
    project.sqlite3("UPDATE skills SET status = 'deprecated' WHERE name = 'old'");
    project
}

#[test]
fn half_of_the_old_migration_keeps_what_was_active_served() {
    let level = "ALTER TABLE skills ADD COLUMN approval_level TEXT NOT NULL DEFAULT 'human';
         UPDATE skills SET approval_level = 'escalate' WHERE name = 'sql'";
    for more in ["SELECT 1", level] {
        let project = halfway();
        project.sqlite3(more);
        assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history"), "0");
        assert_eq!(names(&project, &["dev"]), ["jwt", "sql"], "{more}");
        let approved = project.sqlite3("SELECT DISTINCT approver, decision FROM approval_history");
        assert_eq!(
            (approved.as_str(), project.sqlite3("SELECT count(*) FROM approval_history")),
            ("system-migration|approved", "2".to_owned())
        );
        assert_eq!(shape(&project), shape(&Project::new()), "{more}");
    }
}

#[test]
fn what_somebody_decided_is_not_decided_again() {
    let project = halfway();
    approve(&project, "jwt");
    assert_eq!(names(&project, &["dev", "--quiet"]), ["jwt"], "the rest waits, as it did");
    let second = layouts::project(V2);
    add(&second, "jwt", "Jwt.");
    assert!(names(&second, &["dev", "--quiet"]).is_empty(), "a level of human without an approval is none");
}

#[test]
fn an_index_goes_only_where_another_one_serves_its_queries() {
    let project = layouts::project(V2);
    project.sqlite3(
        "CREATE INDEX idx_usage_agent_id ON skill_usage_log (agent_id);
         CREATE INDEX idx_usage_agent_type ON skill_usage_log (agent_type);
         CREATE INDEX mine ON skill_usage_log (agent_type, phase);
         CREATE INDEX idx_agent_skills_agent_type ON agent_skill_mappings (agent_type);
         CREATE INDEX idx_agent_skills_required ON agent_skill_mappings (required);
         CREATE INDEX idx_approval_history_timestamp ON approval_history (timestamp);
         CREATE INDEX idx_skills_team ON skills (team) WHERE team IS NOT NULL;
         CREATE INDEX idx_skills_owner ON skills (lower(owner));
         CREATE INDEX idx_skills_category ON skills (name COLLATE NOCASE);
         CREATE UNIQUE INDEX idx_phase4_pattern ON phase4_skill_generation (skill_id);
         CREATE INDEX idx_skills_name_hash ON skills (name, content_hash)",
    );
    let json = project.cfn(["db", "migrate", "--json"]).json();
    let mut dropped: Vec<String> = serde_json::from_value(json["dropped"].clone()).expect("names");
    dropped.sort();
    // Served by UNIQUE (name), (skill_id, timestamp), (skill_id, loaded_at), UNIQUE (load_order), mine, UNIQUE (agent_type, skill_id).
    let expected = [
        "idx_agent_skills_agent_type",
        "idx_approval_history_skill",
        "idx_bootstrap_load_order",
        "idx_skills_name",
        "idx_usage_agent_type",
        "idx_usage_skill",
    ];
    assert_eq!(dropped, expected);
    let plan = project.sqlite3("EXPLAIN QUERY PLAN SELECT * FROM skill_usage_log WHERE agent_id = 'a'");
    assert!(plan.contains("idx_usage_agent_id"), "{plan}");
    let checked = project.cfn(["db", "check"]).ok();
    assert!(
        checked.contains("the index mine on skill_usage_log is not cfn's") && !checked.contains("idx_"),
        "{checked}"
    );
}

#[test]
fn adoption_reads_no_file_outside_the_project() {
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.md");
    fs::write(&secret, "Secret.").expect("a file");
    let project = layouts::project(V2);
    add(&project, "inside", "Inside.");
    add(&project, "outside", "Secret.");
    project.sqlite3(&format!("UPDATE skills SET content_path = '{}' WHERE name = 'outside'", secret.display()));
    let listed = project.cfn(["skill", "list", "--json"]);
    assert!(
        listed.stderr.contains("contents of 1 skill stored") && listed.stderr.contains("outside the project: outside"),
        "{listed:?}"
    );
    assert_eq!(project.sqlite3("SELECT CAST(bytes AS TEXT) FROM skill_contents"), "Inside.");
}

#[test]
fn a_layout_whose_rows_a_trigger_skips_is_adopted_when_the_trigger_is_gone() {
    for (layout, table) in [(V1, "skills"), (V2, "approval_history")] {
        let project = layouts::project(layout);
        add(&project, "jwt", "Body.");
        if layout == V2 {
            approve(&project, "jwt");
        }
        let trigger = format!("CREATE TRIGGER audit BEFORE UPDATE ON {table} BEGIN SELECT RAISE(IGNORE); END");
        project.sqlite3(&trigger);
        let before = project.sqlite3(".dump");
        let message = project.cfn(["skill", "list"]).fails(3);
        assert!(message.contains(&format!("a write to the table {table} had no effect")), "{message}");
        assert_eq!(project.sqlite3(".dump"), before);
        project.sqlite3("DROP TRIGGER audit");
        assert_eq!(names(&project, &["dev", "--quiet"]), ["jwt"]);
    }
}
