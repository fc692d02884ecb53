//! The usage log on PostgreSQL: its rollups are the full scan, whoever writes in whatever order; times and partitions.
//! `CFN_STEPS=1000` is the full size.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cfn::model::ApprovalLevel::Auto;
use cfn::model::{Outcome, SkillId, Usage, utc_time};
use cfn::settings::Queued;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{Care as _, Days, Durability, Maintenance, Store, StoreError};

use crate::postgres_server::{Connection, Database, Way, server_of};
use crate::store_contract::{commit, insert, usage};

/// A generator of its own: the same seed is the same run on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11).cast_signed() % sides
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.roll(i64::try_from(from.len()).expect("small"))).expect("not negative");
        from[index]
    }
}

const TIMES: &[&str] = &[
    "2025-11-14 23:59:59",
    "2025-11-15 00:00:00",
    "2025-11-16",
    "soon",
    "2025-11-16T00:30:00+09:00",
    "2025-11-14 22:00:00-05:00",
    "2025-11-15T23:59:59.5Z",
    "2025-11-15T09:00:00 -1200",
    "2025-11-31 00:00:00",
    "2025-11-30T23:30:00-01:00",
    "0000-02-29 12:00:00",
];
const NUMBERS: &[&str] = &["NULL", "0.53", "0.58", "0.581", "1", "'Infinity'", "'NaN'", "-3", "4e-7", "1e300"];

fn open(database: &Database) -> PostgresStore {
    let options = Options { lock_timeout: Duration::from_secs(30), queued: Queued::Nothing };
    PostgresStore::open(&server_of(&database.url(Way::Direct)), options).expect("opened")
}

fn database(skills: usize) -> Database {
    let database = Database::new();
    commit(&mut open(&database), |tx| {
        for number in 0..skills {
            insert(tx, &format!("skill-{number}"), b"1", Auto);
        }
    });
    database
}

/// One random write by plain SQL, as another program may do it.
fn write(dice: &mut Dice) -> String {
    let number = |dice: &mut Dice| dice.of(NUMBERS);
    let skill = 1 + dice.roll(4);
    match dice.roll(10) {
        0..=4 => format!(
            "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, confidence_before, confidence_after,
               cost_avoided_usd, tokens_avoided, execution_time_ms, exit_code)
             SELECT 'a', '{}', {skill}, '{}', {}, {}, {}, {}, 7, {} FROM generate_series(0, {})",
            dice.of(&["tester", "coder"]), dice.of(TIMES), number(dice), number(dice), number(dice),
            dice.of(&["NULL", "3", "9000000000000000000"]), dice.of(&["NULL", "0", "1"]), dice.roll(3)
        ),
        5 => format!("UPDATE skill_usage_log SET loaded_at = '{}', confidence_after = {} WHERE id % 17 = {}", dice.of(TIMES), number(dice), dice.roll(17)),
        6 => format!("UPDATE skill_usage_log SET skill_id = {skill}, xid = '3', month = '2025-10-01' WHERE id % 17 = {}", dice.roll(17)),
        7 => format!("DELETE FROM skill_usage_log WHERE id % 19 = {}", dice.roll(19)),
        8 => format!("UPDATE skill_usage_log SET id = -id WHERE id % 23 = {}", dice.roll(23)),
        _ => format!("UPDATE skill_usage_log SET exit_code = 0 WHERE id % 13 = {} AND exit_code IS NULL", dice.roll(13)),
    }
}

/// A writer: transactions of some writes, which wait a moment, and end with a commit or are undone.
fn write_on(other: &Connection, seed: u64, steps: i64) {
    let mut dice = Dice(seed);
    for _ in 0..steps {
        let writes: Vec<String> = (0..=dice.roll(3)).map(|_| write(&mut dice)).collect();
        let pause = format!("SELECT pg_sleep({})", dice.of(&["0", "0", "0.01", "0.05"]));
        let end = dice.of(&["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]);
        let (last, first) = writes.split_last().expect("a write");
        let savepoint = format!("SAVEPOINT s; {last}; {}", dice.of(&["RELEASE s", "ROLLBACK TO s"]));
        // A deadlock undoes it all, which is as good as any other end.
        other.try_run(&format!("BEGIN; {}; {savepoint}; {pause}; {end}", first.join("; ")));
    }
}

/// Uses by cfn, of which some are completed.
fn log_on(store: &mut dyn Store, seed: u64, steps: i64) {
    let mut dice = Dice(seed);
    for step in 0..steps {
        let (skill, task) = (SkillId(1 + dice.roll(4)), format!("{seed}-{step}"));
        commit(store, |tx| {
            tx.log_usage(&Usage { task_id: Some(&task), outcome: None, ..usage(skill) }).expect("logged");
        });
        let outcome = Outcome { exit_code: Some(dice.roll(2)), tokens_avoided: Some(5), ..Outcome::default() };
        let completed: Result<_, StoreError> = cfn::store::write(store, Durability::Normal, |tx| {
            // Another writer may have moved it to another skill, or deleted it; if it does so now, this runs again.
            let open = tx.open_use(skill, "a1", &task)?;
            open.map_or(Ok(()), |open| tx.complete_usage(&open, None, &outcome))
        });
        completed.expect("completed");
    }
}

/// Figures as they are reported with the rollups of now, and as a scan finds them, while nobody writes.
fn compare(database: &Database) {
    let mut store = open(database);
    let mut figures = || {
        let snapshot = store.read().expect("a snapshot");
        let days = Days { first: "2025-11-15".parse().expect("a day"), last: "2025-11-16".parse().expect("a day") };
        let cells = |days| snapshot.usage_cells(days).expect("cells");
        (
            cells(None),
            cells(Some(days)),
            snapshot.uses_by_day(None, 2).expect("days"),
            snapshot.uses_by_day(Some(days), 9),
        )
    };
    let reported = figures();
    let fingerprint = database.sql("SELECT fingerprint FROM cfn.usage_state");
    database.sql("UPDATE cfn.usage_state SET fingerprint = NULL");
    let scanned = figures();
    database.sql(&format!("UPDATE cfn.usage_state SET fingerprint = '{fingerprint}'"));
    assert_eq!(reported.0, scanned.0);
    assert_eq!(reported.1, scanned.1);
    assert_eq!(reported.2, scanned.2);
    assert_eq!(reported.3.expect("days"), scanned.3.expect("days"));
}

/// Folds and proves, as readers do, until the writers are done.
fn watch(database: &Database, is_over: &AtomicBool, folds: bool) {
    let mut store = open(database);
    while !is_over.load(Ordering::SeqCst) {
        if folds {
            store.usage_sums().catch_up(&mut |_| ()).expect("folded");
        }
        let proof = store.usage_sums().prove().expect("a proof");
        assert_eq!(proof.differences, 0, "{proof:?}");
    }
}

fn steps(default: i64) -> i64 {
    std::env::var("CFN_STEPS").ok().and_then(|it| it.parse().ok()).unwrap_or(default)
}

#[test]
fn rollups_equal_the_full_scan_while_16_programs_write() {
    let database = database(4);
    for round in 1..=2_u64 {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (database, is_over) = (&database, &is_over);
            let readers = [true, true, false].map(|folds| scope.spawn(move || watch(database, is_over, folds)));
            let others = (1..=12).map(|seed| (database.other_program(), round * 100 + seed));
            let others: Vec<_> =
                others.map(|(other, seed)| scope.spawn(move || write_on(&other, seed, steps(8)))).collect();
            let uses: Vec<_> =
                (1..=4).map(|it| scope.spawn(move || log_on(&mut open(database), round * 7 + it, steps(8)))).collect();
            let ended: Vec<_> = others.into_iter().chain(uses).map(thread::ScopedJoinHandle::join).collect();
            is_over.store(true, Ordering::SeqCst);
            let ended = ended.into_iter().chain(readers.map(thread::ScopedJoinHandle::join));
            ended.for_each(|it| it.expect("a thread"));
        });
        compare(&database);
        open(&database).usage_sums().catch_up(&mut |_| ()).expect("folded");
        compare(&database);
        database.sql("TRUNCATE cfn.skill_usage_log_rest");
        compare(&database);
        open(&database).usage_sums().catch_up(&mut |_| ()).expect("folded");
        compare(&database);
    }
}

#[test]
fn a_row_that_commits_after_later_ones_were_summed_is_added_once() {
    let database = database(2);
    let (late, early) = (database.other_program(), database.other_program());
    let insert = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
        VALUES ('a', 'tester', 1, '2025-11-15 12:00:00')";
    let mut store = open(&database);
    let mut summed = || {
        store.usage_sums().catch_up(&mut |_| ()).expect("folded");
        compare(&database);
        database.sql("SELECT sum(uses) FROM cfn.usage_daily")
    };
    early.run(insert);
    late.run(&format!("BEGIN; {insert}; UPDATE skill_usage_log SET skill_id = 2 WHERE id = 1"));
    early.run(insert);
    assert_eq!(summed(), "2");
    late.run("COMMIT");
    compare(&database);
    assert_eq!((summed(), summed()), ("3".to_owned(), "3".to_owned()));
    let rows = "SELECT string_agg(id || ' of ' || skill_id, ', ' ORDER BY id) FROM cfn.skill_usage_log";
    assert_eq!(database.sql(rows), "1 of 2, 2 of 1, 3 of 1");
}

#[test]
fn triggers_that_were_off_for_a_while_are_not_believed() {
    let database = database(4);
    write_on(&database.other_program(), 5, 20);
    let mut store = open(&database);
    store.usage_sums().rebuild(&mut |_| ()).expect("rebuilt");
    assert!(!store.usage_sums().is_behind().expect("a read"));
    let log = "cfn.skill_usage_log";
    database.sql(&format!(
        "ALTER TABLE {log} DISABLE TRIGGER cfn_usage_mark; DELETE FROM {log} WHERE id % 3 = 0;
         ALTER TABLE {log} ENABLE ALWAYS TRIGGER cfn_usage_mark"
    ));
    compare(&database);
    assert!(store.usage_sums().is_behind().expect("a read"));
    database.sql(&format!("DROP TRIGGER cfn_usage_mark ON {log}; DELETE FROM {log} WHERE id % 5 = 0"));
    store.usage_sums().catch_up(&mut |_| ()).expect("the trigger is put back, and the log added up again");
    assert_eq!(store.usage_sums().prove().expect("a proof").differences, 0);
    assert_eq!(database.sql("SELECT cfn.cfn_usage_guarded()"), "t");
    compare(&database);
}

#[test]
fn a_month_gets_its_partition_with_what_the_default_one_caught() {
    let database = database(1);
    let other = database.other_program();
    other.run(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
           SELECT 'a', 't', 1, to_char(now() - interval '70 days', 'YYYY-MM-DD') FROM generate_series(1, 5)",
    );
    let mut store = open(&database);
    store.usage_sums().rebuild(&mut |_| ()).expect("rebuilt");
    let report = store.maintain(Maintenance::Thorough).expect("done");
    assert_eq!(report.notes.len(), 1, "{report:?}");
    assert!(report.notes[0].ends_with("5 rows moved there"), "{report:?}");
    assert!(!store.usage_sums().is_behind().expect("a read"), "sums that were believed still are");
    assert_eq!(database.sql("SELECT count(*) FROM cfn.skill_usage_log_rest"), "0");
    compare(&database);
    other.run("INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 't', 1)");
    assert_eq!(database.sql("SELECT count(*) FROM cfn.skill_usage_log_rest"), "0", "moved by a trigger");
    assert!(store.maintain(Maintenance::Thorough).expect("done").notes.is_empty(), "nothing is left to do");
}

#[test]
fn a_time_is_one_in_sql_where_it_is_one_in_cfn() {
    let days =
        ["2026-03-24", "2024-02-29", "2023-02-29", "0000-01-01", "9999-12-31", "2026-13-01", "2026-1-1", "20260324"];
    let separators = ["", " ", "T", "t", "  ", "x"];
    let times = [
        "",
        "00",
        "24",
        "23:59",
        "2359",
        "23:59:60",
        "235959",
        "23:59:59.999",
        "23:59:59,1234567890",
        "12:60",
        "1: 2",
        "noon",
    ];
    let offsets = ["", "Z", "z", "+09:00", " -0500", "+15:00", "+15:01", "-00:00:30.5", "+26", "+0960", "-23", "+1"];
    let notes =
        ["", "[Asia/Tokyo]", "[u-ca=iso8601]", "[!u-ca=x]", "[+09:00]", "[Asia/Tokyo][u-ca=a-b]", "[", "\u{661}"];
    let mut texts: Vec<String> = Vec::new();
    for day in days {
        for separator in separators {
            for time in times {
                for offset in offsets {
                    texts.extend(notes.iter().map(|note| format!("{day}{separator}{time}{offset}{note}")));
                }
            }
        }
    }
    texts.extend(TIMES.iter().map(|it| (*it).to_owned()));
    let sql = "SELECT array_agg(coalesce(cfn_time_text(cfn_time(text)), '') ORDER BY n)
         FROM unnest($1::text[]) WITH ORDINALITY AS texts (text, n)";
    let found: Vec<String> = database(0).other_program().value(sql, &[&texts]);
    let wrong: Vec<_> = texts
        .iter()
        .zip(found)
        .map(|(text, found)| (text, found, utc_time(text).unwrap_or_default()))
        .filter(|(_, found, expected)| found != expected)
        .collect();
    assert_eq!(wrong.len(), 0, "{:?}", &wrong[..wrong.len().min(20)]);
}
