//! The statements of the old scripts, which ran each in a `sqlite3` process. They write the same rows as cfn, and
//! contain only generated data, with every value quoted.

use std::fmt::Write as _;

use super::workload::{skill_name, skill_text};
use crate::model::ContentHash;

/// The agent types of deployed skills.
pub(super) const AGENTS: [&str; 2] = ["backend-developer", "api-designer"];

/// Deploys a skill: existence check, content, skill, source of the version, approval, approver, a mapping for each
/// agent type.
#[must_use]
pub fn deploy(number: usize, path: &str) -> Vec<String> {
    let (name, text) = (skill_name(number), skill_text(number, 0));
    let (skill, path, hash) = (quoted(&name), quoted(path), quoted(&ContentHash::of(text.as_bytes()).to_string()));
    let id = format!("(SELECT id FROM skills WHERE name = {skill})");
    let mut statements = vec![
        format!("SELECT id FROM skills WHERE name = {skill};"),
        format!("INSERT INTO skill_contents (hash, bytes) VALUES ({hash}, {});", blob(&text)),
        format!(
            "INSERT INTO skills (name, category, content_path, content_hash, tags, version, approval_level, phase4_pattern_id,
               generated_by, is_auto_generated, owner)
             VALUES ({skill}, 'domain', {path}, {hash}, '[\"one\",\"two\"]', '1.0.0', 'human', 42, 'phase4', 1, 'team-1');"
        ),
        format!(
            "UPDATE skill_versions SET front_matter = '{{\"description\":\"Made up.\"}}', source = 'deploy'
             WHERE skill_id = {id} AND version = '1.0.0';"
        ),
        format!(
            "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning, content_hash)
             VALUES ({id}, '1.0.0', 'human', 'phase4-system', 'approved', 'Approved by expert review', {hash});"
        ),
        format!(
            "UPDATE skills SET last_approved_by = 'phase4-system', last_approval_date = datetime('now') WHERE name = {skill};"
        ),
    ];
    statements.extend(AGENTS.map(|agent| {
        format!("INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ({}, {id});", quoted(agent))
    }));
    statements
}

/// Updates a skill: current state, content, skill, source of the version, approval, approver.
#[must_use]
pub fn update(number: usize, revision: u64, path: &str) -> Vec<String> {
    let (name, text, version) = (skill_name(number), skill_text(number, revision), format!("1.0.{revision}"));
    let (skill, path, hash) = (quoted(&name), quoted(path), quoted(&ContentHash::of(text.as_bytes()).to_string()));
    let id = format!("(SELECT id FROM skills WHERE name = {skill})");
    let approver = "'phase4-edge-case-tracker'";
    vec![
        format!("SELECT id, version, content_hash, approval_level FROM skills WHERE name = {skill};"),
        format!("INSERT INTO skill_contents (hash, bytes) VALUES ({hash}, {});", blob(&text)),
        format!(
            "UPDATE skills SET version = '{version}', content_hash = {hash}, content_path = {path}, tags = '[\"one\",\"two\"]',
               updated_at = datetime('now') WHERE name = {skill};"
        ),
        format!(
            "UPDATE skill_versions SET front_matter = '{{\"description\":\"Made up.\"}}', source = 'update'
             WHERE skill_id = {id} AND version = '{version}';"
        ),
        format!(
            "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning,
               approval_criteria_check, content_hash)
             VALUES ({id}, '{version}', 'auto', {approver}, 'approved', 'Propagated', '{{\"change_type\":\"patch\"}}', {hash});"
        ),
        format!(
            "UPDATE skills SET last_approved_by = {approver}, last_approval_date = datetime('now') WHERE name = {skill};"
        ),
    ]
}

/// Combines statements into one transaction.
#[must_use]
pub fn batch(statements: &[String]) -> String {
    format!("BEGIN IMMEDIATE;\n{}\nCOMMIT;\n", statements.join("\n"))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn blob(text: &str) -> String {
    let mut hex = String::with_capacity(text.len() * 2 + 3);
    hex += "X'";
    for byte in text.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex + "'"
}
