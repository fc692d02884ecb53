//! Writes: by cfn, and in plain SQL.

use cfn::bench::Random;
use cfn::model::{Category, Decision, FolderLimits, Location, Outcome};
use cfn::ops::{self, Before, Deploy, Files, Load, NewUse, Review, Rollback, UsageOf};
use cfn::store::sqlite::SqliteStore;
use rusqlite::Connection;

use super::cast::{AGENTS, clock};
use crate::harness::Project;
use crate::scene::sha256;

/// Bodies that plain SQL puts under their hash.
const BODIES: usize = 4;

/// Another program's write; what the database refuses changes nothing.
pub(super) fn execute(writer: &Connection, sql: &str) {
    if writer.execute_batch(sql).is_err()
        && !writer.is_autocommit()
        && sql.starts_with("BEGIN")
        && sql.ends_with("COMMIT")
    {
        writer.execute_batch("ROLLBACK").expect("it was begun");
    }
}

pub(super) fn sql(random: &mut Random) -> String {
    let tables = [
        "skills",
        "agent_skill_mappings",
        "approval_history",
        "bootstrap_skills",
        "skill_contents",
        "skill_versions",
        "skill_files",
    ];
    let table = tables.get(random.below(10)).unwrap_or(&"skill_usage_log"); // a third are uses
    one_on(table, random)
}

/// Mostly on this table.
pub(super) fn sql_on(table: &str, random: &mut Random) -> String {
    if random.below(8) == 0 { sql(random) } else { one_on(table, random) }
}

fn one_on(table: &str, random: &mut Random) -> String {
    let (id, number) = (1 + random.below(4), random.below(5));
    let body = format!("Body {}.\n", random.below(BODIES));
    let hash = sha256(&body);
    let agent = AGENTS[random.below(3)];
    let served = format!("hash = (SELECT content_hash FROM skills WHERE id = {id})");
    let all: Vec<String> = match table {
        "skills" => vec![
            format!("INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('x{number}', 'domain', 'p', '{hash}', '1.0.0')"),
            format!("INSERT OR REPLACE INTO skills (id, name, category, content_path, content_hash, version, approval_level)
                       VALUES ({id}, 'y{number}', 'testing', 'p', '{hash}', '2.0.{number}', 'auto')"),
            format!("UPDATE skills SET owner = 'o{number}' WHERE id = {id}"),
            format!("UPDATE skills SET status = '{}' WHERE id = {id}", ["active", "deprecated"][number % 2]),
            format!("UPDATE skills SET name = 'jwt' WHERE id = {id}"),
            format!("UPDATE skills SET version = '3.{number}.0', content_hash = '{hash}' WHERE id = {id}"),
            format!("DELETE FROM skills WHERE id = {id}"),
        ],
        "agent_skill_mappings" => vec![
            format!("INSERT INTO agent_skill_mappings (agent_type, skill_id, priority) VALUES ('{agent}', {id}, {})", 1 + number),
            format!("INSERT OR REPLACE INTO agent_skill_mappings (agent_type, skill_id, required) VALUES ('{agent}', {id}, {})", number % 2),
            format!("UPDATE agent_skill_mappings SET priority = {} WHERE skill_id = {id}", 1 + number),
            format!("UPDATE agent_skill_mappings SET conditions = '{{\"taskContext\":\"auth\"}}' WHERE skill_id = {id}"),
            format!("UPDATE agent_skill_mappings SET tdd_condition = '{{\"min_pass_rate\":0.5}}' WHERE skill_id = {id} AND {number} = 0"),
            format!("DELETE FROM agent_skill_mappings WHERE agent_type = '{agent}' AND skill_id = {id}"),
        ],
        "approval_history" => vec![
            format!("INSERT INTO approval_history (skill_id, version, approval_level, decision)
                       SELECT id, version, 'human', '{}' FROM skills WHERE id = {id}", ["approved", "rejected"][number % 2]),
            format!("UPDATE approval_history SET reasoning = 'r{number}' WHERE skill_id = {id}"),
            format!("DELETE FROM approval_history WHERE id = (SELECT max(id) FROM approval_history WHERE skill_id = {id})"),
        ],
        "bootstrap_skills" => vec![
            format!("INSERT OR REPLACE INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash)
                       VALUES ('b{number}', 'p', {number}, 'd', '{hash}')"),
            format!("UPDATE bootstrap_skills SET enabled = NOT enabled WHERE skill_name = 'b{number}'"),
            format!("DELETE FROM bootstrap_skills WHERE skill_name = 'b{number}'"),
        ],
        "skill_contents" => vec![
            format!("INSERT OR IGNORE INTO skill_contents (hash, bytes) VALUES ('{hash}', '{body}')"),
            format!("UPDATE skill_contents SET bytes = bytes || 'x' WHERE {served}"),
            format!("UPDATE OR IGNORE skill_contents SET hash = 'gone-' || hash WHERE {served}"),
            "UPDATE OR IGNORE skill_contents SET hash = substr(hash, 6) WHERE hash GLOB 'gone-*'".to_owned(),
            format!("UPDATE skill_contents SET bytes = rtrim(bytes, 'x') WHERE {served}"),
            "DELETE FROM skill_contents WHERE hash IN (SELECT content_hash FROM skills WHERE id = 1)".to_owned(),
            format!("DELETE FROM skill_contents WHERE hash = '{hash}'"),
            format!("UPDATE skills SET content_hash = '{hash}', version = '4.0.{number}', approval_level = 'auto' WHERE id = 1"),
        ],
        "skill_versions" => vec![
            format!("INSERT OR IGNORE INTO skill_versions (skill_id, version, content_hash, content_path, approval_level, source)
                       VALUES ({id}, '0.{number}.0', '{hash}', 'p', 'human', 'x')"),
            format!("UPDATE skill_versions SET content_path = 'p{number}' WHERE skill_id = {id}"),
            format!("DELETE FROM skill_versions WHERE skill_id = {id} AND version = '0.{number}.0'"),
        ],
        "skill_files" => {
            let (file, folder) = (sha256("file"), folder_hash());
            vec![
                format!("UPDATE skill_versions SET folder_hash = '{folder}' WHERE skill_id = {id}"),
                format!("INSERT OR REPLACE INTO skill_files (version_id, path, mode, hash, size)
                           SELECT id, column1, '100644', '{file}', 4 FROM skill_versions, (VALUES ('SKILL.md'), ('run')) WHERE skill_id = {id}"),
                format!("UPDATE skill_files SET mode = '100755' WHERE path = 'run' AND version_id % 2 = {number} % 2"),
                format!("UPDATE skill_files SET mode = '100644' WHERE version_id % 2 = {number} % 2"),
                format!("DELETE FROM skill_files WHERE path = 'run' AND version_id % 2 = {number} % 2"),
            ]
        }
        _ => vec![
            format!("INSERT OR REPLACE INTO skill_usage_log (id, agent_id, agent_type, skill_id, loaded_at, execution_time_ms,
                         confidence_before, confidence_after)
                       VALUES ({}, 'a', '{agent}', {id}, '2026-03-1{number} 10:00:00', {number}, 0.5, 0.{})", random.below(40), 4 + number),
            format!("UPDATE skill_usage_log SET execution_time_ms = {number}, agent_type = '{agent}' WHERE id = {}", random.below(40)),
            format!("UPDATE skill_usage_log SET test_pass_rate = 0.{number} WHERE skill_id = {id}"),
            format!("DELETE FROM skill_usage_log WHERE id = {} OR id > 100", random.below(40)),
        ],
    };
    all[random.below(all.len())].clone()
}

/// The hash of the folder that plain SQL writes.
fn folder_hash() -> String {
    let hash = sha256("file");
    sha256(format!("100644 {hash} SKILL.md\n100644 {hash} run\n"))
}

/// Deploys one of a few texts; one that was refused changes nothing.
pub(super) fn deploy(store: &mut SqliteStore, project: &Project, name: &str, text: usize, agents: &[&str]) {
    let path = project.skill(name, &format!("Text {text}."));
    let agents: Vec<_> = agents.iter().map(|it| it.parse().expect("an agent type")).collect();
    let files = Files { most_bytes: 1 << 20, root: None, folder: FolderLimits::default(), database: None };
    let own = ops::Project::of(&Location::File(project.database()), project.path());
    let name = name.parse().expect("a name");
    let request = Deploy {
        category: Some(Category::Domain),
        agents: &agents,
        tags: Some(&["auth".to_owned()]),
        ..Deploy::new(1, &name, &path)
    };
    let _ = ops::deploy(store, &files, &own, clock(), &request);
}

pub(super) fn roll_back(store: &mut SqliteStore, name: &str) {
    let name = &name.parse().expect("a name");
    let request = Rollback::new(name, "1.0.0".parse().expect("a version"));
    let _ = ops::rollback(store, clock(), &request); // these bytes may be gone, or be the current ones
}

pub(super) fn review(store: &mut SqliteStore, name: &str, approves: bool) {
    let decision = if approves { Decision::Approved } else { Decision::Rejected };
    let name = &name.parse().expect("a name");
    let request = Review {
        name,
        version: None,
        expected: None,
        decision,
        approver: "model",
        reason: "r",
        escalated_to: None,
        experts: &[],
        before: Before::Any,
        also: cfn::ops::Also::default(),
        dry_run: false,
    };
    let _ = ops::review(store, clock(), &request); // the skill may be gone
}

pub(super) fn log(store: &mut SqliteStore, skill: &str, agent: &str, tenths: usize) {
    let rate = f64::from(u32::try_from(tenths).expect("small")) / 10.0;
    let execution = NewUse {
        skill: skill.parse().expect("a name"),
        agent_id: "a".to_owned(),
        agent_type: agent.parse().expect("an agent type"),
        task_id: None,
        phase: None,
        outcome: Outcome { confidence_before: Some(0.4), confidence_after: Some(rate), ..Outcome::default() },
    };
    let _ = ops::log(store, clock(), &execution); // the skill may be gone
}

pub(super) fn load_and_log(store: &mut SqliteStore, agent: &str) {
    let usage = UsageOf { agent_id: "a".to_owned(), task_id: None };
    let request = Load::usual(agent.parse().expect("an agent type"));
    let _ = ops::load_and_log(store, clock(), &request, &usage); // a required skill may have lost its bytes
}
