//! What a new database holds already, and what an existing one keeps.

use serde_json::Value;

use crate::harness::{Project, repository};
use crate::scene::{deploy, dump, names};

const TEMPLATES: &str =
    "SELECT approval_level || ' ' || category || ' ' || criteria_json FROM approval_criteria_templates
    WHERE enabled AND description <> ''";

#[test]
fn a_new_database_has_nine_templates_and_the_version_that_old_programs_look_for() {
    let project = Project::new();
    let templates = project.sqlite3(TEMPLATES);
    assert_eq!(templates.lines().count(), 9, "{templates}");
    for line in templates.lines() {
        let criteria = line.splitn(3, ' ').nth(2).expect("criteria");
        let criteria: Value = serde_json::from_str(criteria).expect("JSON");
        let criteria = criteria.as_object().expect("an object");
        assert!(criteria.values().all(|it| it.as_f64().is_some_and(|it| (0.0..=1.0).contains(&it))), "{line}");
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM schema_versions WHERE version = 'v2.0.0'"), "1");
    assert_eq!(project.sqlite3("SELECT count(*) FROM bootstrap_skills"), "0");
}

#[test]
fn an_import_into_a_new_database_plants_the_same() {
    let project = Project::empty();
    project.file("tree/jwt/SKILL.md", "---\nname: jwt\ndescription: About tokens.\n---\n\nBody.\n");
    project.cfn(["init", "--from", "tree"]).ok();
    assert_eq!(project.sqlite3(TEMPLATES), Project::new().sqlite3(TEMPLATES));
}

#[test]
fn an_existing_database_keeps_what_it_has() {
    let project = Project::new();
    project.sqlite3("DELETE FROM approval_criteria_templates; DELETE FROM schema_versions WHERE version = 'v2.0.0'");
    let before = dump(&project);
    project.cfn(["init"]).ok();
    project.cfn(["skill", "list"]).ok();
    assert_eq!(dump(&project), before);
    let old = Project::empty();
    let sql = std::fs::read_to_string(repository("tests/it/upgrades/v3_5.sql")).expect("a dump");
    std::fs::create_dir_all(old.database().parent().expect("a folder")).expect("folders");
    old.sqlite3(&format!("\n{sql}"));
    let templates = old.sqlite3(TEMPLATES);
    old.cfn(["db", "migrate"]).ok();
    assert_eq!(old.sqlite3(TEMPLATES), templates);
}

#[test]
fn bootstrap_skills_are_added_where_they_are_asked_for() {
    let project = Project::empty();
    let json = project.cfn(["init", "--bootstrap", "--json"]).json();
    assert_eq!(json["bootstrap"].as_array().map(Vec::len), Some(5), "{json}");
    let rows = "SELECT load_order, skill_name, file_path, approval_level, enabled FROM bootstrap_skills ORDER BY 1";
    let added = project.sqlite3(rows);
    assert_eq!(added.lines().count(), 5, "{added}");
    assert!(
        added.starts_with("1|database-connection|.claude/skills/bootstrap/database-connection.md|auto|1"),
        "{added}"
    );
    // Again, and beside what is there.
    project.sqlite3("DELETE FROM bootstrap_skills WHERE load_order > 3; UPDATE bootstrap_skills SET skill_name = 'own' WHERE load_order = 2");
    assert!(project.cfn(["init", "--bootstrap"]).ok().contains("2 bootstrap skills added"));
    assert_eq!(
        project.sqlite3("SELECT group_concat(skill_name) FROM (SELECT * FROM bootstrap_skills ORDER BY load_order)"),
        "database-connection,own,file-operations,error-handling,skill-loader"
    );
    // Served once their bytes are stored.
    deploy(&project, "jwt", "Body.", &["testing", "dev"]);
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
    project.file(".claude/skills/bootstrap/skill-loader.md", "Load skills.");
    project.cfn(["db", "capture", "--bootstrap"]).ok();
    assert_eq!(names(&project, &["dev"]), ["skill-loader", "jwt"]);
}
