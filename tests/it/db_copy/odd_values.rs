//! Values that SQLite allows and a column of PostgreSQL does not: they are kept beside the row, and come back.

use super::{copied, other, own, ran, rows};
use crate::harness::Project;
use crate::postgres_server::{Database, Way};
use crate::scene::with_skill;

/// A value of every class where another one is usual.
const ODD: &[&str] = &[
    "UPDATE skills SET team = x'ff00', tags = CAST(x'61ff' AS TEXT), owner = 'a' || char(0) || 'b', test_coverage = 'high',
       phase4_pattern_id = 'abc', is_auto_generated = 'true', pinned_version = 7, deprecation_note = x'', test_suite_path = ''",
    "UPDATE skill_versions SET front_matter = CAST(x'7b22ff227d' AS TEXT), folder_hash = 2.5",
    "UPDATE skill_contents SET bytes = CAST(bytes AS TEXT)",
    "UPDATE approval_history SET review_duration_minutes = 1.5, reasoning = x'00'",
    "UPDATE agent_skill_mappings SET priority = 'first', required = x'01', enabled = 70000, pinned_version = -1.5e300",
    "INSERT INTO cfn_events (skill_id, skill, event, version, detail, created_at) VALUES ('one', 5, x'6b', 1.0, 6, NULL)",
    "INSERT INTO outbox (pattern_id, kind, payload, not_before) VALUES (x'01', 3, x'7b7d', 9.5)",
    "INSERT INTO skill_files (version_id, path, mode, hash, size) VALUES (1, CAST(x'66ff2f00' AS TEXT), 100644, x'', 'large')",
    "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, notes, success_indicator, execution_time_ms,
       confidence_before, exit_code, cost_avoided_usd) VALUES
       (x'61', CAST(x'ff' AS TEXT), 1, x'323032352d30312d3032', 'a' || char(0), 'yes', 1.5, 'low', 'none', 9e999),
       ('b', 'tester', 1, '2025-01-02' || char(0), x'', -40000, x'00', x'00', 3.5, -9e999)",
    "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, enabled) VALUES ('boot', x'2f', 1, x'00', 'no')",
    "INSERT INTO schema_versions (version, description) VALUES ('v0.1.0', CAST(x'ff' AS TEXT))",
];

fn odd() -> Project {
    let project = with_skill("jwt", "testing", "tester");
    project.cfn(["skill", "approve", "jwt", "--approver", "me", "--reason", "fine"]).ok();
    for it in ODD {
        project.sqlite3(it);
    }
    project
}

#[test]
fn values_of_every_class_come_back() {
    let project = odd();
    let (one, two, back) = (Database::empty(), Database::empty(), other(&project, "back.db"));
    let (one, two) = (one.url(Way::Direct), two.url(Way::Bouncer));
    let there = copied(&project, &own(&project), &one);
    assert!(there["other_values"].as_u64() > Some(40), "{there}");
    let next = copied(&project, &one, &two);
    assert_eq!(next["other_values"], there["other_values"]);
    let back_again = copied(&project, &two, &back);
    assert_eq!((&back_again["sha256"], &back_again["other_values"]), (&there["sha256"], &0.into()));
    assert_eq!(rows(&own(&project)), rows(&back));
    assert_eq!(copied(&project, &own(&project), &other(&project, "same.db"))["sha256"], there["sha256"]);
}

#[test]
fn ids_that_are_too_long_for_an_index_come_back() {
    let project = with_skill("jwt", "testing", "tester");
    for (agent, task) in [("a", "hex(randomblob(4500))"), ("hex(randomblob(1500))", "hex(randomblob(1000))")] {
        let agent = if agent == "a" { "'a'" } else { agent };
        project.sqlite3(&format!(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, task_id, open_key) VALUES ({agent}, 'tester', 1, {task}, 'k')"
        ));
    }
    let (server, back) = (Database::empty(), other(&project, "back.db"));
    let there = copied(&project, &own(&project), &server.url(Way::Direct));
    assert_eq!(there["other_values"], 3, "{there}");
    let lengths = server.sql("SELECT max(octet_length(agent_id)), max(octet_length(task_id)) FROM cfn.skill_usage_log");
    assert_eq!(lengths, "1000|1000");
    assert_eq!(copied(&project, &server.url(Way::Direct), &back)["sha256"], there["sha256"]);
    assert_eq!(rows(&own(&project)), rows(&back));
}

#[test]
fn a_column_that_was_written_since_keeps_what_was_written() {
    let project = odd();
    let (server, back) = (Database::empty(), other(&project, "back.db"));
    copied(&project, &own(&project), &server.url(Way::Direct));
    server.sql("UPDATE cfn.skills SET team = 'red', is_auto_generated = 1");
    copied(&project, &server.url(Way::Direct), &back);
    let output = std::process::Command::new("sqlite3")
        .args([&back, "SELECT team, is_auto_generated, hex(tags), typeof(pinned_version) FROM skills"])
        .output()
        .expect("sqlite3");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "red|1|61FF|integer\n");
}

#[test]
fn many_values_beside_rows_are_written_in_parts() {
    let project = with_skill("jwt", "testing", "tester");
    project.sqlite3(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, notes) SELECT 'a', 'tester', 1, zeroblob(100) || i FROM n",
    );
    project.sqlite3("UPDATE skill_usage_log SET notes = CAST(notes AS BLOB)");
    let (server, back) = (Database::empty(), other(&project, "back.db"));
    let there = copied(&project, &own(&project), &server.url(Way::Direct));
    assert_eq!(there["other_values"], 9000);
    assert_eq!(copied(&project, &server.url(Way::Direct), &back)["sha256"], there["sha256"]);
}

#[test]
fn what_was_purged_or_deleted_is_not_kept_beside_a_row() {
    let project = odd();
    project.sqlite3("DELETE FROM skill_files; UPDATE skill_versions SET folder_hash = NULL");
    let server = Database::empty();
    copied(&project, &own(&project), &server.url(Way::Direct));
    let beside =
        |column: &str| server.sql(&format!("SELECT count(*) FROM cfn.other_values WHERE column_name = '{column}'"));
    assert_eq!((beside("front_matter").as_str(), beside("bytes").as_str()), ("1", "1"));
    let url = server.url(Way::Direct);
    project.cfn(["skill", "purge", "jwt", "1.0.0", "--yes", "--reason", "secret", "--db", &url]).ok();
    assert_eq!((beside("front_matter").as_str(), beside("bytes").as_str()), ("0", "0"));
    project.cfn(["skill", "delete", "jwt", "--yes", "--db", &url]).ok();
    let left = server.sql("SELECT DISTINCT table_name FROM cfn.other_values ORDER BY 1");
    assert_eq!(left, "bootstrap_skills\ncfn_events\noutbox\nschema_versions");
}

#[test]
fn a_load_from_the_server_is_that_from_the_file() {
    let project = odd();
    project.sqlite3(
        "DELETE FROM skill_files; UPDATE skill_versions SET folder_hash = NULL; UPDATE skills SET pinned_version = NULL;
         UPDATE agent_skill_mappings SET pinned_version = NULL, required = 0",
    );
    let server = Database::empty();
    copied(&project, &own(&project), &server.url(Way::Direct));
    let load = |database: &str| project.cfn(["load", "tester", "--db", database]);
    let expected = load(&own(&project));
    assert!(expected.stdout.contains("First."), "{expected:?}");
    assert_eq!(load(&server.url(Way::Direct)).stdout, expected.stdout);
}

#[test]
fn a_time_is_on_the_server_what_a_trigger_would_have_made_of_it() {
    let project = with_skill("jwt", "testing", "tester");
    let times = [
        "2025-11-14 23:59:59",
        "2025-11-16",
        "soon",
        "",
        "2025-11-16T00:30:00+09:00",
        "2025-11-14 22:00:00-05:00",
        "2025-11-15T23:59:59.5Z",
        "2025-11-31 00:00:00",
        "2025-11-30T23:30:00-01:00",
        "0000-02-29 12:00:00",
        "0000-01-01",
        "0000-01-01 00:00:00+01:00",
        "9999-12-30 22:00:00",
        "9999-12-30 22:00:01",
        "9999-12-31 23:59:59",
        "1999-12-31 23:59:60",
        "1969-12-31T23:59:59.9Z",
        "2024-02-29 00:00:00",
        "2025-02-29 00:00:00",
        "2026-01-01 00:00:00.999-15:00",
    ];
    for time in times {
        project.sqlite3(&format!(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('a', 'tester', 1, '{time}')"
        ));
    }
    let server = Database::empty();
    copied(&project, &own(&project), &server.url(Way::Direct));
    let others = server.sql(
        "SELECT loaded_at FROM cfn.skill_usage_log WHERE loaded_time IS DISTINCT FROM cfn.cfn_time(loaded_at)
           OR month <> cfn.cfn_month(loaded_time)",
    );
    assert_eq!(others, "");
    assert_eq!(server.sql("SELECT count(*) FROM cfn.skill_usage_log"), times.len().to_string());
    let month = "SELECT tableoid::regclass FROM cfn.skill_usage_log WHERE loaded_at = '2025-11-14 23:59:59'";
    assert_eq!(server.sql(month), "cfn.skill_usage_log_2025_11");
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_row_and_column() {
    let project = with_skill("jwt", "testing", "tester");
    let server = Database::empty();
    for sql in [
        "UPDATE skills SET name = 'a' || char(0) || 'b' WHERE id = 1",
        "PRAGMA foreign_keys = OFF; INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 'tester', 99)",
        "PRAGMA foreign_keys = OFF; UPDATE skills SET replacement_id = 77",
        "INSERT INTO skill_contents (hash, bytes) VALUES (CAST(x'ff' AS TEXT), x'00')",
        "PRAGMA ignore_check_constraints = ON; UPDATE skills SET status = 'gone'",
    ] {
        project.sqlite3(sql);
    }
    let url = server.url(Way::Direct);
    let said = ran(&project, &own(&project), &url, &[]).fails_as(7, "rows_refused");
    let message = said["message"].as_str().expect("a message");
    assert!(message.contains("skills 1, status: it is none of active, deprecated, archived"), "{message}");
    let listed = ran(&project, &own(&project), &url, &["--dry-run"]);
    assert_eq!(listed.code, Some(7), "{listed:?}");
    let report: serde_json::Value = serde_json::from_str(&listed.stdout).expect("a report");
    let refused: Vec<String> = report["refused"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| format!("{} {}", it["table"], it["column"]))
        .collect();
    assert_eq!(refused, ["\"skills\" \"status\"", "\"skill_contents\" \"hash\"", "\"skill_usage_log\" \"skill_id\""]);
    assert_eq!(server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cfn'"), "0");
    project.sqlite3("UPDATE skills SET status = 'active'");
    let report = ran(&project, &own(&project), &url, &["--dry-run"]);
    assert!(
        report.stdout.contains("PostgreSQL holds no NUL in text") && report.stdout.contains("not valid UTF-8"),
        "{report:?}"
    );
    assert!(
        report.stdout.contains("there is no 77 in skills") && report.stdout.contains("there is no 99 in skills"),
        "{report:?}"
    );
    // A file takes what points nowhere, and text as it is.
    copied(&project, &own(&project), &other(&project, "copy.db"));
    assert_eq!(rows(&own(&project)), rows(&other(&project, "copy.db")));
}

#[test]
fn what_sqlite_cannot_hold_is_refused() {
    let server = Database::new();
    server.sql(
        "INSERT INTO cfn.skills (name, category, content_path, content_hash, version, test_coverage)
           VALUES ('jwt', 'testing', 'x', 'y', '1.0.0', 'NaN')",
    );
    let project = Project::empty();
    let said = ran(&project, &server.url(Way::Direct), &other(&project, "copy.db"), &[]).fails_as(7, "rows_refused");
    assert!(
        said["message"].as_str().is_some_and(|it| it.contains("skills 1, test_coverage: SQLite has no NaN")),
        "{said}"
    );
    assert!(!project.path().join("copy.db").exists());
}
