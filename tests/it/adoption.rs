//! An older database is brought up to date in place: what it has stays, what it lacks comes, and a failure leaves it alone.

mod concurrency;
mod foreign;
pub(crate) mod layouts;
mod partial;
mod real;
mod refused;

use std::fs;

use crate::harness::Project;
use crate::scene::{SCHEMA, dump, names, sha256};
use layouts::{V1, V2, add, approve, shape};

/// The first command on an older database: what it says on stderr.
fn first_command(project: &Project) -> String {
    let ran = project.cfn(["skill", "list", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stderr
}

#[test]
fn the_second_layout_gets_the_shape_of_a_fresh_database() {
    let project = layouts::project(V2);
    first_command(&project);
    assert_eq!(shape(&project), shape(&Project::new()));
    assert_eq!(project.sqlite3("PRAGMA user_version; PRAGMA journal_mode"), format!("{}\nwal", SCHEMA.1));
    let recorded = project.sqlite3("SELECT version FROM schema_versions ORDER BY rowid");
    assert!(recorded.starts_with("v2.0.0\nv3.0.0") && recorded.ends_with(SCHEMA.0), "{recorded}");
    project.assert_whole();
}

#[test]
fn the_first_layout_gets_it_too_and_its_active_skills_are_carried_forward() {
    let project = layouts::project(V1);
    add(&project, "jwt", "Body.");
    add(&project, "old", "Old.");
    project.sqlite3(
        "UPDATE skills SET status = 'deprecated' WHERE name = 'old';
         INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('ghost', 99)",
    );
    let note = first_command(&project);
    assert!(
        note.starts_with("note: adopted ")
            && note.contains(&format!("schema v1 to {}, contents of 2 skills stored", SCHEMA.0)),
        "{note}"
    );
    assert_eq!(note.lines().count(), 1, "{note}");
    assert_eq!(shape(&project), shape(&Project::new()));
    let approvals = "SELECT skill_id, version, approver, decision, content_hash FROM approval_history";
    assert_eq!(project.sqlite3(approvals), format!("1|1.0.0|system-migration|approved|{}", sha256("Body.")));
    assert_eq!(
        project.sqlite3("SELECT last_approved_by, approval_level FROM skills WHERE id = 1"),
        "system-migration|human"
    );
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
    assert_eq!(
        project.sqlite3("SELECT agent_type FROM agent_skill_mappings WHERE skill_id = 99"),
        "ghost",
        "orphans stay"
    );
    let check = project.cfn(["db", "check"]).ok();
    assert!(check.contains("1 rows of agent_skill_mappings point to a skill that does not exist (3)"), "{check}");
    let missing = "SELECT count(*) FROM agent_skill_mappings WHERE updated_at IS NULL OR enabled IS NOT 1";
    assert_eq!(project.sqlite3(missing), "0");
}

#[test]
fn contents_are_taken_where_they_are_what_was_approved_and_the_rest_is_named() {
    let project = layouts::project(V2);
    for name in ["kept", "changed", "gone", "unapproved"] {
        add(&project, name, &format!("{name}."));
    }
    for name in ["kept", "changed", "gone"] {
        approve(&project, name);
    }
    project.file("files/changed.md", "Edited.");
    fs::remove_file(project.path().join("files/gone.md")).expect("removed");
    let note = first_command(&project);
    assert!(note.contains("contents of 2 skills stored; changed since approval: changed; missing: gone;"), "{note}");
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!(ran.stdout, "kept\n");
    for name in ["changed", "gone"] {
        assert!(
            ran.stderr.contains(&format!("left out {name}: its approved bytes are not in the database")),
            "{ran:?}"
        );
    }
    assert!(ran.stderr.contains("left out unapproved: no version of it is approved"), "{ran:?}");
    let verify = project.cfn(["skill", "verify"]);
    assert_eq!(verify.code, Some(7));
    for line in ["changed 1.0.0: its file changed since its approval", "gone 1.0.0: its file is missing"] {
        assert!(verify.stdout.contains(line), "{verify:?}");
    }
    for name in ["changed", "gone"] {
        project.file(&format!("files/{name}.md"), format!("{name}, corrected."));
        project.cfn(["deploy", "1", name, &format!("files/{name}.md")]).ok();
    }
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "4 skills checked, 0 differences\n");
    assert_eq!(names(&project, &["dev", "--quiet"]), ["changed", "gone", "kept"]);
}

#[test]
fn no_row_of_any_table_is_lost_or_changed() {
    let project = layouts::project(V2);
    add(&project, "jwt", "Body.");
    approve(&project, "jwt");
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, notes) VALUES ('a', 'dev', 1, 'x'), ('b', 'dev', 77, 'orphan');
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('boot', 'boot.md', 3, 'x');
         INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description) VALUES ('auto', 'x', '{}', 'x');
         INSERT INTO phase4_skill_generation (skill_id, pattern_name) VALUES (1, 'p');
         INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (1, 'e');",
    );
    let tables = [
        "skills",
        "approval_history",
        "agent_skill_mappings",
        "skill_usage_log",
        "bootstrap_skills",
        "approval_criteria_templates",
        "phase4_skill_generation",
        "edge_case_tracking",
    ];
    let columns: Vec<String> = tables
        .iter()
        .map(|table| project.sqlite3(&format!("SELECT group_concat(name) FROM pragma_table_info('{table}')")))
        .collect();
    let rows = || -> Vec<String> {
        let read =
            |(table, columns): (&&str, &String)| project.sqlite3(&format!("SELECT {columns} FROM {table} ORDER BY 1"));
        tables.iter().zip(&columns).map(read).collect()
    };
    let before = rows();
    first_command(&project);
    assert_eq!(rows(), before);
}

#[test]
fn the_state_before_is_kept_beside_the_file() {
    let project = layouts::project(V2);
    add(&project, "jwt", "Body.");
    let before = dump(&project);
    let json = project.cfn(["db", "migrate", "--json"]).json();
    assert_eq!((&json["from"], &json["to"]), (&"v2.0.0".into(), &SCHEMA.0.into()));
    let kept = project.leftovers();
    assert!(kept.len() == 1 && kept[0].starts_with(&format!("skills.db.before-{}-", SCHEMA.0)), "{kept:?}");
    let backup = project.database().with_file_name(&kept[0]);
    assert_eq!(json["backup"].as_str(), fs::canonicalize(&backup).expect("a file").to_str());
    let copy = std::process::Command::new("sqlite3").arg(&backup).arg(".dump").output().expect("sqlite3");
    assert_eq!(String::from_utf8_lossy(&copy.stdout).trim_end(), before);
    let added = json["added"].as_array().expect("a list");
    assert!(
        added.contains(&"column skill_usage_log.exit_code".into()) && added.contains(&"table skill_versions".into()),
        "{json}"
    );
    assert!(json["dropped"].as_array().is_some_and(|it| it.contains(&"idx_skills_name".into())), "{json}");
}

#[test]
fn a_database_of_an_earlier_cfn_gets_the_steps_since() {
    let first = include_str!("../../migrations/sqlite/0001_skills_database.sql");
    let project = layouts::project(&format!("{first}; PRAGMA user_version = 3000;"));
    add(&project, "jwt", "Body.");
    approve(&project, "jwt");
    let id = project.sqlite3("SELECT hex(value) FROM cfn_metadata WHERE name = 'database_id'");
    first_command(&project);
    assert_eq!(shape(&project), shape(&Project::new()));
    assert_eq!(project.sqlite3("PRAGMA user_version"), SCHEMA.1);
    assert_eq!(project.sqlite3("SELECT hex(value) FROM cfn_metadata WHERE name = 'database_id'"), id);
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn it_happens_once() {
    let project = layouts::project(V2);
    add(&project, "jwt", "Body.");
    first_command(&project);
    let before = dump(&project);
    assert_eq!(first_command(&project), "");
    assert_eq!(project.cfn(["db", "migrate"]).ok(), format!("the schema is {} already\n", SCHEMA.0));
    assert_eq!(dump(&project), before);
    assert_eq!(project.leftovers().len(), 1);
}

#[test]
fn other_programs_go_on_with_all_nine_tables_and_four_views() {
    let project = layouts::project(V2);
    add(&project, "jwt", "Body.");
    approve(&project, "jwt");
    first_command(&project);
    add(&project, "sql", "Later.");
    approve(&project, "sql");
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, exit_code) VALUES ('a', 'dev', 1, 0);
         INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('boot', 'boot.md', 3, 'x');
         INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description) VALUES ('auto', 'x', '{}', 'x');
         INSERT INTO phase4_skill_generation (skill_id, pattern_name) VALUES (1, 'p');
         INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (1, 'e');
         INSERT INTO schema_versions (version, description) VALUES ('v2.1.0', 'theirs');",
    );
    for view in ["active_skills_with_approval", "approval_pending_skills", "approval_distribution", "migration_status"]
    {
        project.sqlite3(&format!("SELECT * FROM {view}"));
    }
    assert_eq!(project.cfn(["db", "capture"]).ok().lines().last(), Some("contents stored: 1, not taken: 1"));
    assert_eq!(names(&project, &["dev", "--quiet"]), ["jwt", "sql"]);
}

#[test]
fn what_the_user_added_to_the_file_stays() {
    let project = layouts::project(V2);
    project.sqlite3(
        "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1); CREATE INDEX their_index ON skills (owner, team);
         CREATE VIEW their_view AS SELECT name FROM skills; ALTER TABLE skills ADD COLUMN their_column TEXT;
         CREATE TRIGGER their_trigger AFTER UPDATE ON skills BEGIN SELECT 1; END;",
    );
    first_command(&project);
    let kept = project.sqlite3(
        "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE name LIKE 'their%' ORDER BY name)",
    );
    assert_eq!(kept, "their_index,their_trigger,their_view,theirs");
    project.sqlite3("SELECT their_column FROM skills");
}

#[test]
fn a_dump_that_was_loaded_again_is_completed() {
    let project = crate::scene::with_skill("jwt", "domain", "dev");
    let copy = layouts::project(&dump(&project));
    assert_eq!(copy.sqlite3("PRAGMA user_version"), "0");
    let note = first_command(&copy);
    assert!(note.contains(&format!("schema {0} to {0}", SCHEMA.0)), "{note}");
    assert_eq!(shape(&copy), shape(&project));
    assert_eq!(copy.sqlite3("SELECT count(*), count(DISTINCT version) FROM skill_versions"), "1|1");
    assert!(copy.cfn(["load", "dev"]).ok().contains("First."));
    copy.sqlite3("UPDATE skills SET owner = 'x'");
    assert_ne!(crate::scene::tokens(&copy).0, crate::scene::tokens(&project).0);
}
