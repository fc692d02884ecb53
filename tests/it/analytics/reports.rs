//! Every report beside its definition, written by hand as SQL over the rows. `CFN_LEGACY_PROJECT` names a project of the old
//! scripts, on a copy of which the same is asked.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value as Json;

use super::{ROWS, project};
use crate::harness::Project;

/// Projects with rows: as tail, as rollups, and the old one where it is given.
fn projects() -> Vec<Project> {
    let tail = project();
    tail.sqlite3(ROWS);
    let rolled = project();
    rolled.sqlite3(ROWS);
    rolled.sqlite3(
        "UPDATE skills SET status = 'deprecated' WHERE name = 'alpha';
         INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp, review_duration_minutes)
           VALUES (2, '1.0.0', 'human', 'rejected', datetime('now', '+3 days'), 90),
             (3, '1.0.0', 'escalate', 'escalated', datetime('now', '+30 days'), NULL)",
    );
    rolled.cfn(["analytics", "rebuild"]).ok();
    let mut all = vec![tail, rolled];
    if let Some(folder) = std::env::var_os("CFN_LEGACY_PROJECT") {
        let legacy = Project::copy_of(Path::new(&folder));
        legacy.cfn(["db", "migrate"]).ok();
        all.push(legacy);
    }
    all
}

/// A table of a report, as rows of cells.
fn table(project: &Project, args: &[&str], number: usize) -> Vec<Vec<Json>> {
    let report = project.cfn([&["analytics", "--json"], args].concat()).json();
    let rows = report["tables"][number]["rows"].as_array().expect("rows").clone();
    rows.iter().map(|row| row.as_object().expect("an object").values().cloned().collect()).collect()
}

/// The definition.
fn by_hand(project: &Project, sql: &str) -> Vec<Vec<Json>> {
    let connection = Connection::open(project.database()).expect("opens");
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..columns)
            .map(|index| {
                Ok(match row.get(index)? {
                    Sql::Null => Json::Null,
                    Sql::Integer(number) => number.into(),
                    Sql::Real(number) => number.into(),
                    Sql::Text(text) => text.into(),
                    Sql::Blob(bytes) => panic!("{bytes:?}"),
                })
            })
            .collect()
    });
    rows.expect("runs").collect::<rusqlite::Result<_>>().expect("rows")
}

fn equal(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9 * one.abs().max(1.0),
        _ => one == other || one.as_bool().is_some_and(|flag| other.as_i64() == Some(i64::from(flag))),
    }
}

#[track_caller]
fn assert_same(args: &[&str], number: usize, sql: &str) {
    for (which, project) in projects().iter().enumerate() {
        let (said, wanted) = (table(project, args, number), by_hand(project, sql));
        let same = said.len() == wanted.len()
            && said.iter().zip(&wanted).all(|(said, wanted)| {
                said.len() == wanted.len() && said.iter().zip(wanted).all(|(one, other)| equal(one, other))
            });
        assert!(same, "{args:?} of project {which}\n said: {said:?}\nby hand: {wanted:?}");
    }
}

/// Rows that have both confidences: uses, mean gain, mean time, share with a gain over 0.05, share of exit code 0.
const MEASURES: &str = "count(*), avg(confidence_after - confidence_before), avg(execution_time_ms),
    avg(round((confidence_after - confidence_before) * 1000000) > 50000), avg(CASE WHEN exit_code IS NOT NULL THEN exit_code = 0 END)";
const MEASURED: &str = "confidence_before IS NOT NULL AND confidence_after IS NOT NULL";

#[test]
fn effectiveness() {
    let all = format!("SELECT count(DISTINCT skill_id), {MEASURES} FROM skill_usage_log WHERE {MEASURED}");
    assert_same(&["effectiveness"], 0, &all);
    let by_skill = format!(
        "SELECT s.name, {MEASURES} FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id WHERE {MEASURED}
         GROUP BY s.name ORDER BY round(avg(confidence_after - confidence_before), 9) DESC, s.name"
    );
    assert_same(&["effectiveness"], 1, &by_skill);
}

#[test]
fn effectiveness_by_approval() {
    let sql = format!(
        "SELECT approval_level, count(DISTINCT skill_id), {MEASURES} FROM skill_usage_log WHERE {MEASURED}
         GROUP BY approval_level ORDER BY approval_level"
    );
    assert_same(&["effectiveness-by-approval"], 0, &sql);
}

#[test]
fn phase4_performance() {
    let from = "FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id WHERE s.generated_by = 'phase4'";
    let all = format!("SELECT count(DISTINCT skill_id), {MEASURES} {from} AND {MEASURED}");
    assert_same(&["phase4-performance"], 0, &all);
    let five = format!(
        "SELECT s.name, count(*), avg(confidence_after - confidence_before) {from}
         GROUP BY s.id ORDER BY 2 DESC, s.name LIMIT 5"
    );
    assert_same(&["phase4-performance"], 1, &five);
}

#[test]
fn velocity() {
    let decided = "WITH d AS (SELECT h.approval_level AS level, h.decision,
        (julianday(h.timestamp) - julianday(v.created_at)) * 24 AS hours
      FROM approval_history h LEFT JOIN skill_versions v ON v.skill_id = h.skill_id AND v.version = h.version)";
    let times = format!(
        "{decided}, r AS (SELECT level, hours, row_number() OVER (PARTITION BY level ORDER BY hours) AS n,
             count(*) OVER (PARTITION BY level) AS c FROM d WHERE hours IS NOT NULL),
           m AS (SELECT level, avg(hours) AS median FROM r WHERE n IN ((c + 1) / 2, (c + 2) / 2) GROUP BY level)
         SELECT level, count(*), count(hours), avg(hours), median,
           CASE level WHEN 'escalate' THEN 48.0 WHEN 'human' THEN 168.0 END,
           CASE WHEN level <> 'auto' THEN avg(CASE WHEN hours IS NOT NULL THEN
             hours <= CASE level WHEN 'escalate' THEN 48.0 ELSE 168.0 END + 1e-6 END) END
         FROM d LEFT JOIN m USING (level) GROUP BY level ORDER BY level = 'human', level"
    );
    for project in projects() {
        let (said, wanted) = (table(&project, &["velocity"], 0), by_hand(&project, &times));
        assert_eq!(said.len(), wanted.len());
        for (said, wanted) in said.iter().zip(&wanted) {
            for (one, other) in said.iter().zip(wanted) {
                // The calendar arithmetic of julianday() is good to a millisecond or so.
                let close = one.as_f64().zip(other.as_f64()).map_or(one == other, |(a, b)| (a - b).abs() < 2e-3);
                assert!(close, "{said:?} {wanted:?}");
            }
        }
    }
    assert_same(
        &["velocity"],
        1,
        "SELECT approval_level, decision, count(*) FROM approval_history GROUP BY 1, 2
         ORDER BY approval_level = 'human', approval_level,
           CASE decision WHEN 'approved' THEN 1 WHEN 'rejected' THEN 2 WHEN 'escalated' THEN 3 ELSE 4 END",
    );
}

/// Active skills above level auto whose bytes wait for a decision: the latest one neither approved nor rejected them.
const WAITING: &str = "FROM skills s WHERE status = 'active' AND approval_level <> 'auto'
    AND coalesce((SELECT decision FROM approval_history h WHERE h.skill_id = s.id AND h.content_hash = s.content_hash
      ORDER BY h.id DESC LIMIT 1), '') NOT IN ('approved', 'rejected')";

#[test]
fn bottlenecks() {
    for project in projects() {
        let said: Vec<_> = table(&project, &["bottlenecks"], 0).into_iter().map(|row| row[0].clone()).collect();
        let sql = format!(
            "SELECT name {WAITING} ORDER BY (SELECT created_at FROM skill_versions v
               WHERE v.skill_id = s.id AND v.version = s.version), s.id"
        );
        let wanted: Vec<_> = by_hand(&project, &sql).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(said, wanted);
    }
    let late = project();
    late.sqlite3(
        "DELETE FROM approval_history;
         UPDATE skill_versions SET created_at = datetime('now', '-8 days') WHERE skill_id = 2;
         UPDATE skill_versions SET created_at = datetime('now', '-47 hours') WHERE skill_id = 3",
    );
    let rows = table(&late, &["bottlenecks"], 0);
    assert_eq!((&rows[0][0], &rows[0][5]), (&"beta".into(), &true.into()), "over seven days");
    assert_eq!((&rows[1][0], &rows[1][5]), (&"gamma".into(), &false.into()), "within 48 hours");
    assert_eq!(rows.len(), 2, "alpha is of level auto");
}

#[test]
fn by_approval() {
    let sql = "SELECT approval_level, status, count(*) FROM skills GROUP BY 1, 2 ORDER BY 1, 2";
    assert_same(&["by-approval"], 0, sql);
}

#[test]
fn approval_efficiency() {
    let sql = format!(
        "SELECT approval_level, count(*), avg(decision = 'approved'), avg(decision = 'rejected'), avg(decision = 'escalated'),
           avg(review_duration_minutes),
           (SELECT count(*) FROM (SELECT s.approval_level AS level {WAITING}) WHERE level = h.approval_level)
         FROM approval_history h GROUP BY 1 ORDER BY approval_level = 'human', approval_level"
    );
    assert_same(&["approval-efficiency"], 0, &sql);
}

#[test]
fn usage() {
    let seen = "datetime(loaded_at)";
    let sql = format!(
        "SELECT s.name, agent_type, count(*), min({seen}), max({seen})
         FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    );
    assert_same(&["usage"], 0, &sql);
    let unused = "SELECT name FROM skills WHERE status = 'active' AND id NOT IN (SELECT skill_id FROM skill_usage_log) ORDER BY 1";
    assert_same(&["usage"], 1, unused);
}

/// The amount of a row, or the price of its tokens.
const MONEY: &str = "coalesce(cost_avoided_usd, tokens_avoided * 0.5 / 1e6)";

#[test]
fn cost() {
    let all = format!(
        "WITH c AS (SELECT julianday(substr(max(loaded_at), 1, 10)) - julianday(substr(min(loaded_at), 1, 10)) + 1 AS d
      FROM skill_usage_log WHERE loaded_at LIKE '____-__-__%'),
      a AS (SELECT coalesce(sum(tokens_avoided), 0) AS t, coalesce(sum({MONEY}), 0) AS u FROM skill_usage_log)
      SELECT a.t, a.u, d, a.t / d * 30, a.u / d * 30, a.t / d * 365, a.u / d * 365 FROM a, c"
    );
    assert_same(&["cost"], 0, &all);
    let by_skill = format!(
        "SELECT s.name, coalesce(sum(tokens_avoided), 0), coalesce(sum({MONEY}), 0)
      FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id GROUP BY s.id
      HAVING coalesce(sum(tokens_avoided), 0) <> 0 OR coalesce(sum(cost_avoided_usd), 0) <> 0 ORDER BY 3 DESC, 1"
    );
    assert_same(&["cost"], 1, &by_skill);
    let priced = "SELECT coalesce(sum(tokens_avoided), 0), 0.5, coalesce(sum(tokens_avoided), 0) * 0.5 / 1e6
      FROM skill_usage_log WHERE cost_avoided_usd IS NULL";
    assert_same(&["cost"], 2, priced);
}

#[test]
fn overview() {
    assert_same(
        &[],
        2,
        "SELECT * FROM (SELECT substr(loaded_at, 1, 10) AS day, count(*) FROM skill_usage_log
           WHERE loaded_at LIKE '____-__-__%' GROUP BY 1 ORDER BY 1 DESC LIMIT 30) ORDER BY day",
    );
    let most = "SELECT s.name, count(*), avg(confidence_after - confidence_before)
      FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id GROUP BY s.id ORDER BY 2 DESC, 1 LIMIT 5";
    assert_same(&[], 1, most);
}

#[test]
fn a_category_narrows_the_approval_reports_with_and_without_days() {
    let project = project();
    for report in ["velocity", "approval-efficiency"] {
        for days in [&[][..], &["--days", "1"]] {
            let rows = table(&project, &[&[report, "--category", "testing"], days].concat(), 0);
            assert_eq!(rows.len(), 1, "{report} {days:?}: {rows:?}");
            assert_eq!((&rows[0][0], &rows[0][1]), (&"auto".into(), &1.into()), "{report} {days:?}");
        }
    }
}
