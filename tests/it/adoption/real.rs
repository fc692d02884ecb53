//! The databases that the old scripts really left, where `CFN_LEGACY_PROJECT` and `CFN_LEGACY_V1` name them; on copies. Without
//! them, ones of the same kind that are written here.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::layouts::{self, shape};
use crate::harness::Project;
use crate::scene::{SCHEMA, names};

const TABLES: [&str; 9] = [
    "skills",
    "approval_history",
    "agent_skill_mappings",
    "skill_usage_log",
    "bootstrap_skills",
    "approval_criteria_templates",
    "phase4_skill_generation",
    "edge_case_tracking",
    "schema_versions",
];

fn named(variable: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(variable)?);
    assert!(path.exists(), "{variable} names {}, which does not exist", path.display());
    Some(path)
}

/// A project of the second layout with eleven approved skills: the file of one changed since, that of another is gone.
fn second_layout() -> Project {
    if let Some(source) = named("CFN_LEGACY_PROJECT") {
        return Project::copy_of(&source);
    }
    let project = layouts::project(layouts::V2);
    let names = ["postgresql", "changed", "gone", "a", "b", "c", "d", "e", "f", "g", "h"];
    for name in names {
        layouts::add(&project, name, &format!("{name}."));
    }
    project.sqlite3(
        "UPDATE agent_skill_mappings SET agent_type = 'backend-developer', required = skill_id = 1, priority = 1 + skill_id % 3;
         UPDATE skills SET version = '1.0.1' WHERE name = 'postgresql'; UPDATE skills SET category = 'testing', approval_level = 'auto' WHERE id > 6",
    );
    for name in names {
        layouts::approve(&project, name);
    }
    project.file("files/changed.md", "Edited.");
    fs::remove_file(project.path().join("files/gone.md")).expect("removed");
    project
}

/// A database of the first layout with two skills without files, and a mapping of a skill that does not exist.
fn first_layout() -> Project {
    let Some(source) = named("CFN_LEGACY_V1") else {
        let project = layouts::project(layouts::V1);
        for name in ["one", "two"] {
            layouts::add(&project, name, "Body.");
        }
        project.sqlite3("INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('ghost-agent', 99)");
        return project;
    };
    let project = Project::empty();
    fs::create_dir_all(project.database().parent().unwrap_or(Path::new("."))).expect("folders");
    fs::copy(source, project.database()).expect("copied");
    project
}

fn still_open_to_other_programs(project: &Project) {
    for table in TABLES {
        project.sqlite3(&format!("SELECT * FROM {table}"));
    }
    for view in ["active_skills_with_approval", "approval_pending_skills", "approval_distribution", "migration_status"]
    {
        project.sqlite3(&format!("SELECT * FROM {view}"));
    }
    project.sqlite3(
        "UPDATE skills SET owner = 'other'; UPDATE agent_skill_mappings SET notes = 'other'; UPDATE bootstrap_skills SET description = 'x';
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, exit_code) VALUES ('a', 'dev', 1, 0);
         INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '0.0.1', 'auto', 'escalated');
         INSERT OR IGNORE INTO approval_criteria_templates (approval_level, category, criteria_json, description) VALUES ('auto', 'x', '{}', 'x');
         INSERT OR IGNORE INTO phase4_skill_generation (skill_id, pattern_name) VALUES (1, 'p');
         INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (1, 'e');
         INSERT INTO schema_versions (version, description) VALUES ('v2.9.0', 'theirs');",
    );
}

/// The skill whose file was changed, and the one whose file is gone.
fn changed_and_gone(project: &Project) -> ([String; 1], [String; 1]) {
    let verify = project.cfn(["skill", "verify", "--json"]);
    assert_eq!(verify.code, Some(7));
    let report: serde_json::Value = serde_json::from_str(&verify.stdout).expect("JSON");
    let problem = |word: &str| -> [String; 1] {
        let all = report["differences"].as_array().expect("a list").iter().filter(|it| it["version"] != "");
        let with = all.filter(|it| it["problem"].as_str().is_some_and(|it| it.contains(word)));
        let names: Vec<_> = with.filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
        names.try_into().unwrap_or_else(|names| panic!("one of each: {names:?} {report}"))
    };
    (problem("its file changed since"), problem("its file is missing"))
}

#[test]
fn a_project_of_the_old_scripts_is_adopted_and_healed() {
    let project = second_layout();
    let listed = project.cfn(["skill", "list", "--json"]);
    assert!(listed.stderr.starts_with("note: adopted ") && listed.stderr.lines().count() == 1, "{listed:?}");
    let skills = listed.json()["skills"].as_array().expect("a list").clone();
    assert_eq!(skills.len(), 11);
    assert!(skills.iter().all(|it| it["version"].as_str().is_some_and(|it| !it.is_empty())), "{skills:?}");
    assert_eq!(shape(&project), shape(&Project::new()));

    let ([changed], [gone]) = changed_and_gone(&project);
    let loaded = project.cfn(["load", "backend-developer", "--format", "names"]);
    let mapped = project.sqlite3(
        "SELECT s.name FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id WHERE m.agent_type = 'backend-developer'
         ORDER BY m.required DESC, m.priority, s.name",
    );
    let expected: Vec<&str> = mapped.lines().filter(|it| *it != changed && *it != gone).collect();
    assert_eq!(loaded.stdout.lines().collect::<Vec<_>>(), expected, "{loaded:?}");
    if mapped.lines().any(|it| it == changed) {
        assert!(loaded.stderr.contains(&format!("left out {changed}: ")), "{loaded:?}");
    }

    for name in [&changed, &gone] {
        let path = project.sqlite3(&format!("SELECT content_path FROM skills WHERE name = '{name}'"));
        project.file(&path, format!("---\nname: {name}\ndescription: Corrected.\n---\nCorrected.\n"));
        project.cfn(["deploy", "1", name, &path]).ok();
    }
    // Those of the old scripts have neither a hash nor a file.
    let bootstrap: usize = project.sqlite3("SELECT count(*) FROM bootstrap_skills").parse().expect("a number");
    let verified = project.cfn(["skill", "verify"]).stdout;
    let last = format!("{} skills checked, {bootstrap} difference", 11 + bootstrap);
    assert!(verified.lines().last().is_some_and(|it| it.starts_with(&last)), "{verified}");
    assert_eq!(
        verified.matches(": bootstrap skill: no hash of its bytes is recorded, and its file is missing").count(),
        bootstrap
    );
    project.file("pg.md", "---\nname: postgresql\ndescription: Newer.\n---\nNewer.\n");
    assert_eq!(project.cfn(["update", "postgresql", "1.0.2", "pg.md"]).ok(), "1.0.2\n");
    assert!(names(&project, &["backend-developer", "--quiet"]).contains(&changed));
    let check = project.cfn(["db", "check"]).ok();
    assert!(check.contains(&format!("0 damaged, {bootstrap} warning")), "{check}");
    still_open_to_other_programs(&project);
    project.cfn(["db", "check"]).ok();
}

#[test]
fn a_database_of_the_first_scripts_is_adopted_with_its_orphan() {
    let project = first_layout();
    let listed = project.cfn(["skill", "list", "--json"]);
    assert!(listed.stderr.contains(&format!("schema v1 to {}", SCHEMA.0)), "{listed:?}");
    assert_eq!(listed.json()["skills"].as_array().map(Vec::len), Some(2));
    assert_eq!(shape(&project), shape(&Project::new()));
    let carried = "SELECT count(*) FROM approval_history WHERE approver = 'system-migration' AND decision = 'approved'";
    assert_eq!(project.sqlite3(carried), "2");
    let check = project.cfn(["db", "check"]).ok();
    assert!(check.contains("1 rows of agent_skill_mappings point to a skill that does not exist"), "{check}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM agent_skill_mappings WHERE agent_type = 'ghost-agent'"), "1");
    still_open_to_other_programs(&project);
}
