//! Many skills and uses, or the files of strangers: `CFN_COPY_ROWS=1000000` and `CFN_CORPUS=DIR` are the full size.

use std::env;

use super::{copied, other, own};
use crate::harness::{Project, repository};
use crate::postgres_server::{Database, Way};

#[test]
fn a_corpus_with_its_folders_and_many_uses_comes_back() {
    let rows: u64 = env::var("CFN_COPY_ROWS").map_or(5000, |it| it.parse().expect("a number"));
    let from = env::var_os("CFN_CORPUS").map_or_else(|| repository("tests/skills"), Into::into);
    let project = Project::empty();
    project.cfn(["init", "--approve-as", "me", "--agents", "tester", "--from", &from.to_string_lossy()]).ok();
    project.sqlite3(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms, confidence_before,
           confidence_after, success_indicator, exit_code, notes)
         SELECT 'agent-' || (i % 50), 'tester', (SELECT min(id) FROM skills) + i % (SELECT count(*) FROM skills), 'task-' || (i / 20),
           datetime('now', '-' || (i % 400) || ' days'), i % 900, 0.5, 0.75, i % 2, i % 3, 'note ' || i FROM n"
    ));
    let (server, back) = (Database::empty(), other(&project, "back.db"));
    let there = copied(&project, &own(&project), &server.url(Way::Direct));
    assert!(there["rows"].as_u64() > Some(rows), "{there}");
    let again = copied(&project, &server.url(Way::Direct), &back);
    assert_eq!((&again["sha256"], &again["tables"]), (&there["sha256"], &there["tables"]));
    let report = |database: &str| {
        let text = project.cfn(["analytics", "effectiveness", "--json", "--db", database]).ok();
        let mut report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        report.as_object_mut().expect("an object").remove("generated_at");
        report
    };
    assert_eq!(report(&server.url(Way::Direct)), report(&own(&project)));
    assert_eq!(report(&back), report(&own(&project)));
}
