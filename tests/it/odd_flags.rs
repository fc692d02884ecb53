//! Flags that other programs wrote as words: SQLite takes `'true'` for 0, and `'false'` for something that is not 0.

use crate::harness::Project;
use crate::scene::{deploy, names};

/// Skills of one agent type, with these values in a column.
fn with(column: &str, values: &[&str]) -> Project {
    let project = Project::new();
    for (at, value) in values.iter().enumerate() {
        let id = deploy(&project, &format!("s{at}"), "First.", &["domain", "dev"]);
        project.sqlite3(&format!("UPDATE agent_skill_mappings SET {column} = {value} WHERE skill_id = {id}"));
    }
    project
}

#[test]
fn a_word_is_read_as_what_it_says() {
    let project = with("required", &["'false'", "'true'", "'TRUE '", "'no'", "0", "1", "'0'", "x'31'", "'other'"]);
    assert_eq!(names(&project, &["dev", "--max-skills", "0", "--quiet"]), ["s1", "s2", "s5", "s7"]);
    let shown = project.cfn(["skill", "show", "s0", "--json"]).json();
    assert_eq!(shown["mappings"][0]["required"], false, "{shown}");

    let project = with("enabled", &["'false'", "'true'", "'Yes'", "'off'", "0", "1"]);
    assert_eq!(names(&project, &["dev", "--quiet"]), ["s1", "s2", "s5"]);
    let listed = project.cfn(["skill", "list", "--agent", "dev", "--json"]).json();
    assert_eq!(listed["skills"].as_array().map(Vec::len), Some(3), "{listed}");
    assert_eq!(project.cfn(["agents", "--json"]).json()["agents"][0]["skills"], 3);
}

#[test]
fn a_word_is_a_warning_of_db_check() {
    let project = with("required", &["'false'", "1", "0"]);
    project.sqlite3("UPDATE agent_skill_mappings SET enabled = 'true' WHERE skill_id = 2");
    let checked = project.cfn(["db", "check"]).ok();
    let said = "2 rows of agent_skill_mappings have a value other than 0 and 1 in required or enabled (1,2)";
    assert!(checked.contains(said), "{checked}");
}

#[test]
fn a_bootstrap_skill_is_enabled_by_a_word_too() {
    let project = Project::new();
    for (name, order, enabled) in [("one", 1, "'true'"), ("two", 2, "'false'"), ("three", 3, "1")] {
        let hash = crate::scene::sha256(name);
        project.sqlite3(&format!(
            "INSERT INTO skill_contents (hash, bytes) VALUES ('{hash}', '{name}');
             INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, enabled)
             VALUES ('{name}', 'x', {order}, 'd', '{hash}', {enabled})"
        ));
    }
    deploy(&project, "jwt", "First.", &["domain", "dev"]);
    assert_eq!(names(&project, &["dev", "--quiet"]), ["one", "three", "jwt"]);
    let checked = project.cfn(["db", "check"]).ok();
    assert!(checked.contains("2 rows of bootstrap_skills have a value other than 0 and 1 in enabled"), "{checked}");
}
