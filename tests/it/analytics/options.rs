//! What narrows a report, and how it is written.

use serde_json::Value;

use super::{ROWS, project};
use crate::harness::Project;

fn rows(project: &Project, args: &[&str]) -> Vec<Value> {
    let report = project.cfn([&["analytics", "--json"], args].concat()).json();
    report["tables"][0]["rows"].as_array().expect("rows").clone()
}

fn uses(project: &Project, args: &[&str]) -> i64 {
    rows(project, &[&["usage"], args].concat()).iter().filter_map(|row| row["uses"].as_i64()).sum()
}

#[test]
fn days_begin_and_end_at_midnight_utc() {
    for rolled in [false, true] {
        let project = project();
        project.sqlite3(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('a', 't', 1, '2025-11-14 23:59:59'),
               ('a', 't', 1, '2025-11-15 00:00:00'), ('a', 't', 1, '2025-11-15 23:59:59'), ('a', 't', 1, '2025-11-16 00:00:00'),
               ('a', 't', 1, date('now')), ('a', 't', 1, datetime(date('now'), '-1 second')), ('a', 't', 1, 'some day')",
        );
        if rolled {
            project.cfn(["analytics", "rebuild"]).ok();
        }
        assert_eq!(uses(&project, &["--since", "2025-11-15", "--until", "2025-11-15"]), 2);
        assert_eq!(uses(&project, &["--until", "2025-11-14"]), 1);
        assert_eq!(uses(&project, &["--since", "2025-11-16"]), 3);
        assert_eq!(uses(&project, &[]), 7, "a row without a readable day is in the whole log");
        // Both sides of a midnight that may come between two of these commands.
        let (one, two) = (uses(&project, &["--days", "1"]), uses(&project, &["--days", "2"]));
        assert!(matches!((one, two), (1, 2) | (0, 1 | 2)), "{one} {two}");
    }
}

#[test]
fn a_period_that_ends_before_it_begins_is_refused() {
    project().fails_as(["analytics", "--since", "2025-11-16", "--until", "2025-11-15"], 1, "invalid_input");
    project().cfn(["analytics", "nothing"]).fails(1);
    project().cfn(["analytics", "--days", "0"]).fails(1);
}

#[test]
fn agent_category_and_limit_narrow_every_table() {
    let project = project();
    project.sqlite3(ROWS);
    let count = |sql: &str| project.sqlite3(sql).parse::<i64>().expect("a number");
    assert_eq!(
        uses(&project, &["--agent", "coder"]),
        count("SELECT count(*) FROM skill_usage_log WHERE agent_type = 'coder'")
    );
    assert_eq!(
        uses(&project, &["--category", "testing"]),
        count("SELECT count(*) FROM skill_usage_log WHERE skill_id = 1")
    );
    assert_eq!(rows(&project, &["usage", "--limit", "2"]).len(), 2);
    let unused = project.cfn(["analytics", "usage", "--category", "testing", "--json"]).json();
    assert_eq!(unused["tables"][1]["rows"], Value::Array(Vec::new()), "skills of other categories are not unused");
    assert_eq!(rows(&project, &["by-approval", "--category", "domain"]).len(), 1);
}

/// Fields of a record, where none has a line break in it.
fn width(line: &str) -> usize {
    let mut quoted = false;
    1 + line
        .chars()
        .filter(|it| {
            quoted ^= *it == '"';
            *it == ',' && !quoted
        })
        .count()
}

#[test]
fn csv_is_one_table_and_runs_nothing() {
    let project = project();
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', '=HYPERLINK(\"x\")', 1), ('a', '@t', 1),
           ('a', ' =1+1', 1), ('a', '＝1+1', 1), ('a', 'two' || char(10) || 'lines, here', 1), ('a', '-21', 1), ('a', char(9) || 'tab', 1)",
    );
    let ran = project.cfn(["analytics", "usage", "--csv"]);
    assert!(ran.stderr.contains("note: ") && ran.stderr.contains("--table \"unused skills\""), "{ran:?}");
    let said = ran.ok();
    for cell in [
        ",\"'=HYPERLINK(\"\"x\"\")\",1,",
        ",'@t,1,",
        ",' =1+1,1,",
        ",'＝1+1,1,",
        ",\"two\\nlines, here\",1,",
        ",-21,1,",
        ",'\\ttab,1,",
    ] {
        assert!(said.contains(cell), "{cell} in {said}");
    }
    assert!(said.lines().all(|it| width(it) == 5) && said.ends_with("\r\n"), "{said}");
    let quiet = project.cfn(["analytics", "usage", "--csv", "--table", "unused-skills", "-q"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("skill\r\nbeta\r\ngamma\r\n", ""));
    for report in ["overview", "effectiveness", "velocity", "cost", "phase4-performance", "bottlenecks", "by-approval"]
    {
        let said = project.cfn(["analytics", report, "--csv", "-q"]).ok();
        let widths: Vec<usize> = said.lines().map(width).collect();
        assert!(!widths.is_empty() && widths.iter().all(|it| *it == widths[0]), "{report}: {said}");
    }
    let wrong = project.cfn(["analytics", "cost", "--csv", "--table", "nothing"]).fails(1);
    assert!(wrong.contains("no table \"nothing\"") && wrong.contains("\"in all\", \"by skill\""), "{wrong}");
    project.cfn(["analytics", "usage", "--table", "unused skills"]).fails(1);
    project.cfn(["analytics", "check", "--csv"]).fails(1);
}

#[test]
fn reports_as_json() {
    let project = project();
    project.sqlite3(ROWS);
    for report in ["effectiveness", "effectiveness-by-approval", "phase4-performance", "by-approval", "usage", "cost"] {
        let said = project.cfn(["analytics", report, "--json"]).json();
        insta::assert_snapshot!(format!("json_{report}"), serde_json::to_string_pretty(&said).expect("JSON"));
    }
    insta::assert_snapshot!("overview", project.cfn(["analytics"]).ok());
}

#[test]
fn check_finds_what_somebody_wrote_into_a_rollup() {
    let project = project();
    project.sqlite3(ROWS);
    project.cfn(["analytics", "rebuild"]).ok();
    for tampered in [
        "UPDATE usage_daily SET uses = uses + 1 WHERE day = '2025-11-16' AND skill_id = 1 AND agent_type = 'coder'",
        "UPDATE usage_totals SET time_ms = time_ms + 1 WHERE skill_id = 2 AND agent_type = 'tester'",
        "DELETE FROM usage_totals WHERE skill_id = 2",
    ] {
        assert!(project.cfn(["analytics", "check"]).ok().contains("are equal: 200 rows"));
        project.sqlite3(tampered);
        let ran = project.cfn(["analytics", "check"]);
        assert_eq!(ran.code, Some(3), "{tampered}: {ran:?}");
        assert!(ran.stdout.contains("NOT equal") && ran.stdout.contains("cfn analytics rebuild"), "{ran:?}");
        project.cfn(["analytics", "rebuild"]).ok();
    }
}
