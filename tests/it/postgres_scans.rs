//! What concerns one skill, or a page of them, reads no table as a whole, however many skills there are.

use crate::harness::Project;
use crate::patience;
use crate::postgres_server::{Database, Way};

/// Enough that reading all of them is never the better plan.
const SKILLS: i64 = 5_000;

const FILL: &str = "INSERT INTO cfn.skill_contents (hash, bytes) SELECT encode(sha256(convert_to(i::text, 'UTF8')), 'hex'),
       convert_to(i::text, 'UTF8') FROM generate_series(1, 5000) i;
     INSERT INTO cfn.skills (name, category, content_path, content_hash, version, approval_level, tags)
       SELECT 'skill-' || i, 'testing', 'skills/' || i || '/SKILL.md', encode(sha256(convert_to(i::text, 'UTF8')), 'hex'),
         '1.0.0', 'auto', '[]' FROM generate_series(1, 5000) i;
     INSERT INTO cfn.agent_skill_mappings (agent_type, skill_id, priority)
       SELECT 'agent-' || id / 20, id, 5 FROM cfn.skills;";

/// Each as its user types it, in this order: what a later one needs, an earlier one made.
const COMMANDS: [&str; 23] = [
    "deploy 7 fresh fresh/SKILL.md testing agent-1",
    "load agent-1",
    "load agent-1 --agent-id a --task-id t",
    "log fresh --agent-id a --agent-type agent-1 --task-id t",
    "log show --task t",
    "skill show fresh",
    "skill list --limit 20",
    "skill history fresh",
    "skill history fresh --usage",
    "skill edit fresh --owner me",
    "skill assign fresh --agent agent-2",
    "skill unassign fresh --agent agent-2",
    "skill verify fresh",
    "skill update fresh 1.0.1 fresh/SKILL.md",
    "skill diff fresh",
    "skill rollback fresh 1.0.0",
    "skill pin fresh 1.0.0",
    "skill reject fresh --reason no --approver me",
    "skill approve fresh --approver me",
    "skill revoke fresh --reason no --approver me",
    "skill deprecate fresh",
    "skill rename fresh old",
    "skill delete old --yes",
];

#[test]
fn what_concerns_one_skill_reads_no_table_as_a_whole() {
    let (project, database) = (Project::new(), Database::new());
    project.file("fresh/SKILL.md", "---\nname: fresh\ndescription: Something new.\n---\nRead it.\n");
    database.sql(FILL);
    database.administrator().run("VACUUM (ANALYZE)");
    let mut wasteful = Vec::new();
    let url = database.url(Way::Direct);
    for command in COMMANDS {
        if command.starts_with("skill update") {
            project.file("fresh/SKILL.md", "---\nname: fresh\ndescription: Something new.\n---\nRead it twice.\n");
        }
        let before = read_as_a_whole(&database);
        project.cfn(command.split(' ').chain(["--db", &url])).ok();
        let after = read_as_a_whole(&database);
        if after != before {
            wasteful.push(format!("{command}:\n{before}{after}"));
        }
    }
    assert!(wasteful.is_empty(), "tables, and how often all of their rows were read:\n{}", wasteful.join("\n"));
}

/// How many rows of each large table were read in order, once nobody counts any more.
fn read_as_a_whole(database: &Database) -> String {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cfn' AND pid <> pg_backend_pid()";
    patience::eventually("the program's connections end", || database.sql(others).trim() == "0");
    database.sql(&format!(
        "SELECT relname, seq_tup_read / {SKILLS} FROM pg_stat_user_tables
         WHERE relname IN ('skills', 'skill_versions', 'skill_contents', 'agent_skill_mappings') ORDER BY 1"
    ))
}
