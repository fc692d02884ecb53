//! Archives of the usage log on PostgreSQL: reports do not change, every row comes back, and the file is that of SQLite.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use cfn::model::ApprovalLevel::Auto;
use cfn::model::UsageCell;
use cfn::settings::Queued;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{ArchivedDays, Care as _, Days, FileArchive, Store, StoreError, UsageSums as _};
use flate2::read::GzDecoder;

use crate::harness::Project;
use crate::postgres_server::{Database, Way, server_of};
use crate::store_contract::{commit, insert};

const BEFORE: &str = "2025-11-17";

/// The same rows for both engines: with and without values, times, numbers that are not whole, and a skill of each kind.
const ROWS: &str = "INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, task_id, loaded_at, execution_time_ms,
      confidence_before, confidence_after, approval_level, tokens_avoided, cost_avoided_usd, exit_code, notes, success_indicator)
    VALUES (1, 'a', 'tester', 1, 't', '2025-10-15 01:00:00', 7, 0.53, 0.30000000000000004, 'auto', 3, 1e300, 0, 'tab\tquote\"', 1),
      (2, 'b', 'coder', 2, NULL, '2025-11-15T00:30:00+09:00', NULL, 1, NULL, 'human', NULL, 0.25, 1, NULL, 0),
      (3, 'a', 'tester', 1, 't', 'soon', 9, 0.5, 0.75, NULL, 10, NULL, NULL, NULL, NULL),
      (4, 'c', 'tester', 2, 't', '2025-11-16', 12, 0.5, 0.75, NULL, 10, NULL, NULL, '\u{fc}', NULL),
      (5, 'c', 'tester', 1, NULL, '2025-11-17 00:00:00', 4, 0.25, 0.75, 'auto', 1, 2.5, 0, NULL, 1)";

const DUMP: &str =
    "SELECT string_agg(u::text, chr(10) ORDER BY id) FROM (SELECT id, agent_id, agent_type, skill_id, task_id,
      loaded_at, loaded_time, month, execution_time_ms, confidence_before, confidence_after, success_indicator, notes,
      approval_level, cost_avoided_usd, exit_code FROM cfn.skill_usage_log) u";

fn open(database: &Database, way: Way, patience: Duration) -> PostgresStore {
    let options = Options { lock_timeout: patience, queued: Queued::Nothing };
    PostgresStore::open(&server_of(&database.url(way)), options).expect("opened")
}

fn filled(way: Way) -> (Database, PostgresStore) {
    let database = Database::new();
    let mut store = open(&database, way, Duration::from_secs(10));
    commit(&mut store, |tx| {
        insert(tx, "jwt", b"1", Auto);
        insert(tx, "oauth", b"2", Auto);
    });
    database.other_program().run(ROWS);
    database.sql("SELECT setval('cfn.skill_usage_log_id_seq', 5)");
    (database, store)
}

/// Every figure: from the sums as they are, and by day.
fn figures(store: &mut PostgresStore) -> (Vec<UsageCell>, Vec<UsageCell>, String) {
    assert_eq!(store.prove().expect("proved").differences, 0);
    let days = Days { first: "2025-10-01".parse().expect("a day"), last: "2025-11-30".parse().expect("a day") };
    let state = store.read().expect("a snapshot");
    let all = state.usage_cells(None).expect("cells");
    let some = state.usage_cells(Some(days)).expect("cells");
    (all, some, format!("{:?}", state.uses_by_day(None, 99).expect("days")))
}

fn days() -> ArchivedDays {
    ArchivedDays { first: None, before: BEFORE.to_owned() }
}

fn moved(store: &mut PostgresStore, to: &Path) -> (u64, u64, u64) {
    let report = store.archive(&days(), &mut FileArchive::at(to), &mut |_, _| ()).expect("archived");
    (report.rows, report.moved, report.kept)
}

fn returned(store: &mut PostgresStore, from: &Path) -> (u64, u64) {
    let report = store.unarchive(&mut FileArchive::at(from), &mut |_, _| ()).expect("restored");
    (report.returned, report.renumbered)
}

/// The lines of a file but the first, and the first one without the database's id.
fn lines(path: &Path) -> (serde_json::Value, String) {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path).expect("a file")).read_to_string(&mut text).expect("text");
    let (header, rows) = text.split_once('\n').expect("a line");
    let mut header: serde_json::Value = serde_json::from_str(header).expect("JSON");
    header["database"] = serde_json::Value::Null;
    (header, rows.to_owned())
}

fn reports_do_not_change_while_rows_are_out(way: Way) {
    let (database, mut store) = filled(way);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.gz");
    let (before, rows) = (figures(&mut store), database.sql(DUMP));
    assert_eq!(moved(&mut store, &file), (3, 3, 0));
    assert_eq!(database.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM cfn.skill_usage_log").trim(), "3 5");
    assert_eq!(figures(&mut store), before);
    assert_eq!(moved(&mut store, &file), (3, 0, 0));
    store.rebuild(&mut |_| ()).expect("rebuilt");
    assert_eq!(figures(&mut store), before);

    assert_eq!(returned(&mut store, &file), (3, 0));
    assert_eq!(database.sql(DUMP), rows, "every row, with its id");
    assert_eq!(figures(&mut store), before);
    assert_eq!(returned(&mut store, &file), (0, 0));
    let left =
        "SELECT (SELECT count(*) FROM cfn.usage_daily WHERE archive_id > 0) + (SELECT count(*) FROM cfn.usage_archives)
         + (SELECT count(*) FROM cfn.usage_totals WHERE archived = 1) + (SELECT count(*) FROM cfn.usage_archive_parts)";
    assert_eq!(database.sql(left).trim(), "0");
}

#[test]
fn reports_do_not_change_while_rows_are_out_directly() {
    reports_do_not_change_while_rows_are_out(Way::Direct);
}

#[test]
fn reports_do_not_change_while_rows_are_out_through_a_pooler() {
    reports_do_not_change_while_rows_are_out(Way::Bouncer);
}

#[test]
fn the_file_of_the_same_rows_is_that_of_sqlite() {
    let (_database, mut store) = filled(Way::Direct);
    let project = Project::new();
    project.sqlite3(&format!("PRAGMA foreign_keys = OFF; {ROWS}"));
    project.cfn(["db", "archive", "--before", BEFORE, "--to", "old.gz"]).ok();
    let file = project.path().join("server.gz");
    moved(&mut store, &file);
    assert_eq!(lines(&file), lines(&project.path().join("old.gz")));
}

#[test]
fn a_run_that_ended_after_the_file_goes_on_and_leaves_what_changed() {
    let (database, mut store) = filled(Way::Direct);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.gz");
    let before = figures(&mut store);
    let other = database.other_program();
    other.run("BEGIN; SELECT id FROM skill_usage_log WHERE id = 2 FOR UPDATE");
    let mut hasty = open(&database, Way::Direct, Duration::from_millis(50));
    let stopped = hasty.archive(&days(), &mut FileArchive::at(&file), &mut |_, _| ());
    assert!(matches!(stopped, Err(StoreError::Busy { .. })), "{stopped:?}");
    assert!(file.exists());
    assert_eq!(figures(&mut store), before, "no row has left");

    other.run(
        "UPDATE skill_usage_log SET notes = 'changed' WHERE id = 2; COMMIT; DELETE FROM skill_usage_log WHERE id = 4",
    );
    let changed = figures(&mut store);
    assert_eq!(moved(&mut store, &file), (3, 1, 2));
    assert_eq!(figures(&mut store), changed);
    assert_eq!(returned(&mut store, &file), (1, 0));
    assert_eq!(figures(&mut store), changed);
    assert_eq!(database.sql("SELECT string_agg(id || coalesce(notes, ''), ' ' ORDER BY id) FROM cfn.skill_usage_log WHERE id IN (2, 4)").trim(), "2changed");
}

#[test]
fn a_late_row_of_an_archived_month_counts_once() {
    let (database, mut store) = filled(Way::Direct);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.gz");
    moved(&mut store, &file);
    let late = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('late', 'tester', 1, '2025-10-15')";
    database.other_program().run(late);
    let with_it = figures(&mut store);
    assert_eq!(with_it.0.iter().map(|cell| cell.uses).sum::<i64>(), 6);
    let second = folder.path().join("late.gz");
    assert_eq!(moved(&mut store, &second), (1, 1, 0));
    assert_eq!(figures(&mut store), with_it);
    for (path, rows) in [(&file, 3), (&second, 1)] {
        assert_eq!(returned(&mut store, path), (rows, 0));
        assert_eq!(figures(&mut store), with_it);
    }
}

#[test]
fn a_row_whose_id_is_taken_comes_back_under_another_and_one_of_a_deleted_skill_stays_counted() {
    let (database, mut store) = filled(Way::Direct);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.gz");
    moved(&mut store, &file);
    database
        .other_program()
        .run("INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id) VALUES (1, 'new', 'tester', 1)");
    database.sql("DELETE FROM cfn.skills WHERE name = 'oauth'");
    let expected = figures(&mut store);
    assert_eq!(returned(&mut store, &file), (1, 1));
    assert_eq!(figures(&mut store), expected);
    let ids = "SELECT string_agg(id || agent_id, ' ' ORDER BY id) FROM cfn.skill_usage_log";
    assert_eq!(database.sql(ids).trim(), "1new 3a 5c 6a");
}
