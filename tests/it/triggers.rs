//! What other programs write: every version is recorded, approvals are bound to bytes, and the tokens change with every write.

use crate::harness::Project;
use crate::scene::{deploy, sha256, skill_text, tokens, versions, with_skill};

const INSERT: &str = "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES";

#[test]
fn a_version_that_another_program_writes_is_recorded() {
    let project = Project::new();
    project.sqlite3(&format!("{INSERT} ('jwt', 'domain', 'a.md', 'h1', '1.0.0')"));
    project.sqlite3("UPDATE skills SET version = '1.1.0', content_hash = 'h2', content_path = 'b.md'");
    project.sqlite3("UPDATE skills SET owner = 'ann'");
    let rows = "SELECT version, content_hash, content_path, approval_level, source, created_at <> '' FROM skill_versions ORDER BY id";
    assert_eq!(project.sqlite3(rows), "1.0.0|h1|a.md|human|external|1\n1.1.0|h2|b.md|human|external|1");
}

#[test]
fn what_cfn_records_names_the_command_and_not_the_trigger() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("jwt", "Second.");
    project.cfn(["update", "jwt", "1.0.1", ".claude/skills/jwt/SKILL.md"]).ok();
    project.cfn(["skill", "rollback", "jwt", "1.0.0"]).ok();
    assert_eq!(versions(&project, "jwt"), "1.0.0 deploy, 1.0.1 update, 1.0.2 rollback");
}

#[test]
fn no_write_to_skills_changes_recorded_bytes() {
    let project = with_skill("jwt", "domain", "dev");
    let recorded =
        || project.sqlite3("SELECT id, skill_id, version, content_hash FROM skill_versions WHERE version = '1.0.0'");
    let before = recorded();
    for write in [
        "UPDATE skills SET content_hash = 'other'",
        "UPDATE OR REPLACE skills SET content_hash = 'another'",
        "INSERT OR REPLACE INTO skills (id, name, category, content_path, content_hash, version)
           VALUES (1, 'jwt', 'domain', 'x', 'third', '1.0.0')",
        "INSERT INTO skills (id, name, category, content_path, content_hash, version)
           VALUES (1, 'jwt', 'domain', 'x', 'fourth', '1.0.0') ON CONFLICT DO UPDATE SET content_hash = excluded.content_hash",
        "REPLACE INTO skills (name, category, content_path, content_hash, version) VALUES ('jwt', 'domain', 'x', 'fifth', '1.0.0')",
    ] {
        project.sqlite3(write);
        assert_eq!(recorded().lines().next(), before.lines().next(), "{write}");
    }
    assert_eq!(project.sqlite3("PRAGMA quick_check"), "ok");
}

#[test]
fn of_a_replaced_row_the_approved_bytes_are_served_and_nothing_else() {
    let project = with_skill("jwt", "testing", "dev");
    let other = sha256(skill_text("jwt", "Poisoned."));
    project.sqlite3(&format!(
        "INSERT OR REPLACE INTO skills (id, name, category, content_path, content_hash, version, approval_level)
           VALUES (1, 'jwt', 'testing', '.claude/skills/jwt/SKILL.md', '{other}', '1.0.0', 'auto');
         INSERT INTO skill_contents (hash, bytes) VALUES ('{other}', 'Poisoned.')"
    ));
    let served = project.cfn(["load", "dev"]).ok();
    assert!(served.contains("First.") && !served.contains("Poisoned."), "{served}");
    assert_eq!(project.cfn(["skill", "verify"]).code, Some(7));
    deploy(&project, "jwt", "First.", &[]);
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
}

#[test]
fn an_approval_by_number_binds_to_the_bytes_of_that_moment() {
    let project = Project::new();
    let (one, two) = (skill_text("jwt", "One."), skill_text("jwt", "Two."));
    project.file("jwt.md", &one);
    project.sqlite3(&format!(
        "{INSERT} ('jwt', 'domain', 'jwt.md', '{}', '1.0.0');
         INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('dev', 1);",
        sha256(&one)
    ));
    project.cfn(["db", "capture"]).ok();
    assert_eq!(project.cfn(["load", "dev"]).ok(), "", "nobody approved it");
    let approve = "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '1.0.0', 'human', 'approved')";
    project.sqlite3(approve);
    assert_eq!(project.sqlite3("SELECT content_hash FROM approval_history"), sha256(&one));
    assert!(project.cfn(["load", "dev"]).ok().contains("One."));
    project.file("jwt.md", &two);
    project.sqlite3(&format!("UPDATE skills SET version = '1.0.1', content_hash = '{}'", sha256(&two)));
    project.cfn(["db", "capture"]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("One."), "the approval is of the old bytes");
    project.sqlite3(&approve.replace("1.0.0", "9.9.9"));
    assert_eq!(project.sqlite3("SELECT content_hash IS NULL FROM approval_history WHERE version = '9.9.9'"), "1");
    assert!(project.cfn(["load", "dev"]).ok().contains("One."), "an approval of no version approves nothing");
    project.sqlite3(&approve.replace("1.0.0", "1.0.1"));
    assert!(project.cfn(["load", "dev"]).ok().contains("Two."));
}

#[test]
fn every_write_to_the_catalogue_changes_its_token_and_no_other() {
    let project = with_skill("jwt", "domain", "dev");
    for write in [
        "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('sql', 'domain', 'x', 'h', '1.0.0')",
        "INSERT OR REPLACE INTO skills (name, category, content_path, content_hash, version) VALUES ('sql', 'd', 'x', 'h', '1.0.0')",
        "UPDATE skills SET owner = 'x' WHERE name = 'sql'",
        "DELETE FROM skills WHERE name = 'sql'",
        "INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('tester', 1)",
        "INSERT OR REPLACE INTO agent_skill_mappings (agent_type, skill_id) VALUES ('tester', 1)",
        "UPDATE agent_skill_mappings SET priority = 1",
        "DELETE FROM agent_skill_mappings",
        "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (1, '1.0.0', 'human', 'rejected')",
        "UPDATE approval_history SET reasoning = 'x'",
        "DELETE FROM approval_history",
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description) VALUES ('a', 'a', 1, 'a')",
        "UPDATE bootstrap_skills SET enabled = 0",
        "DELETE FROM bootstrap_skills",
        "INSERT INTO skill_contents (hash, bytes) VALUES ('h', 'x')",
        "UPDATE skill_contents SET bytes = 'y' WHERE hash = 'h'",
        "DELETE FROM skill_contents WHERE hash = 'h'",
        "INSERT INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source)
           VALUES (1, '0.1.0', 'h', 'x', 'human', 'x')",
        "UPDATE skill_versions SET content_path = 'y' WHERE version = '0.1.0'",
        "DELETE FROM skill_versions WHERE version = '0.1.0'",
    ] {
        let before = tokens(&project);
        project.sqlite3(write);
        let after = tokens(&project);
        assert_ne!(before.0, after.0, "{write}");
        assert_eq!(before.1, after.1, "{write}");
        assert!(after.0.parse::<i64>().is_ok(), "{write}: {after:?}");
    }
}

#[test]
fn every_write_to_the_usage_log_changes_its_token_and_no_other() {
    let project = with_skill("jwt", "domain", "dev");
    for write in [
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 'dev', 1)",
        "INSERT OR REPLACE INTO skill_usage_log (id, agent_id, agent_type, skill_id) VALUES (1, 'b', 'dev', 1)",
        "UPDATE skill_usage_log SET exit_code = 1",
        "DELETE FROM skill_usage_log",
    ] {
        let before = tokens(&project);
        project.sqlite3(write);
        let after = tokens(&project);
        assert_eq!(before.0, after.0, "{write}");
        assert_ne!(before.1, after.1, "{write}");
    }
}

#[test]
fn a_write_that_is_rolled_back_leaves_the_tokens() {
    let project = with_skill("jwt", "domain", "dev");
    let before = tokens(&project);
    project.sqlite3("BEGIN; UPDATE skills SET owner = 'x'; DELETE FROM agent_skill_mappings; ROLLBACK;");
    assert_eq!(tokens(&project), before);
}

#[test]
fn deleting_a_skill_takes_what_belongs_to_it_where_foreign_keys_are_on() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["load", "dev", "--agent-id", "a"]).ok();
    project.sqlite3("PRAGMA foreign_keys = ON; DELETE FROM skills");
    let left = project.sqlite3(
        "SELECT (SELECT count(*) FROM skill_versions) + (SELECT count(*) FROM approval_history)
           + (SELECT count(*) FROM agent_skill_mappings) + (SELECT count(*) FROM skill_usage_log)",
    );
    assert_eq!(left, "0");
}

#[test]
fn rows_that_the_old_tables_take_are_taken() {
    let project = Project::new();
    project.sqlite3(&format!("{INSERT} ('jwt', '', '', '', '')"));
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, exit_code) VALUES ('a', 'dev', 99, 0);
         INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (1, 'x');
         INSERT INTO phase4_skill_generation (skill_id, generation_status) VALUES (1, 'deployed');
         INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description) VALUES ('auto', 'x', '{}', '')",
    );
    assert_eq!(project.cfn(["skill", "list", "--json"]).json()["skills"][0]["version"], "");
    for view in ["active_skills_with_approval", "approval_pending_skills", "approval_distribution", "migration_status"]
    {
        assert_ne!(project.sqlite3(&format!("SELECT count(*) FROM {view}")), "0", "{view}");
    }
}
