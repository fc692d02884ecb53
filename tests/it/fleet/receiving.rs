//! What a primary does with the uses that followers push: each is there once, whatever is offered, how often, and by how many.

use std::thread;

use cfn::store::copying::{Owned, TABLES};
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::{ArchivedDays, FileArchive, OfferedRow, OfferedUse, Received, Store, UsageReceiver};

use crate::postgres_server::{Database, Way, server_of};

const CREATED: &str = "2026-01-02 03:04:05";

/// A primary with two skills, of which followers have the ids.
fn primary() -> Database {
    let database = Database::new();
    database.sql(&format!(
        "INSERT INTO cfn.skills (id, name, category, content_path, content_hash, version, created_at) VALUES
           (1, 'jwt', 'domain', '', '', '1', '{CREATED}'), (2, 'sql', 'domain', '', '', '1', '{CREATED}')"
    ));
    database
}

fn store(database: &Database) -> PostgresStore {
    PostgresStore::open(&server_of(&database.url(Way::Direct)), Options::default()).expect("opened")
}

/// A use of a skill, with these values besides those that every use has.
fn used(key: &str, skill: (i64, &str), more: &[(&str, Owned)]) -> OfferedUse {
    let table = TABLES.iter().find(|it| it.name == "skill_usage_log").expect("the log");
    let text = |it: &str| Owned::Text(it.as_bytes().to_vec());
    let values = table.columns.iter().map(|column| {
        let given = more.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value.clone());
        given.unwrap_or_else(|| match column.name {
            "agent_id" => text("a1"),
            "agent_type" => text("tester"),
            "skill_id" => Owned::Integer(skill.0),
            "task_id" => text("t1"),
            "loaded_at" => text("2026-03-04 05:06:07"),
            _ => Owned::Null,
        })
    });
    let skill = Some((skill.1.to_owned(), CREATED.to_owned()));
    let row = OfferedRow { delivery_key: key.to_owned(), skill, values: values.collect() };
    OfferedUse { row_id: 7, token: 0, row: Some(row) }
}

fn success() -> [(&'static str, Owned); 2] {
    [("exit_code", Owned::Integer(0)), ("execution_time_ms", Owned::Integer(40))]
}

fn received(added: u64, discarded: u64, completed: u64, corrected: u64) -> Received {
    Received { added, discarded, completed, corrected }
}

fn rows(database: &Database) -> String {
    database.sql(
        "SELECT skill_id, task_id, exit_code, execution_time_ms, delivery_key, origin, month FROM cfn.skill_usage_log ORDER BY id",
    )
}

/// The sums are those of a scan.
fn assert_exact(store: &mut PostgresStore) {
    store.usage_sums().catch_up(&mut |_| ()).expect("sums");
    assert_eq!(store.usage_sums().prove().expect("a proof").differences, 0);
}

#[test]
fn a_use_is_added_once_and_gets_its_outcome_once() {
    let database = primary();
    let mut store = store(&database);
    let [open, other] = [used("k1", (1, "jwt"), &[]), used("k2", (2, "sql"), &success())];
    assert_eq!(store.receive("one", &[open.clone(), other.clone()]).expect("taken"), received(2, 0, 0, 0));
    assert_exact(&mut store);
    assert_eq!(store.receive("one", &[open.clone(), other.clone()]).expect("taken"), Received::default());
    let done = used("k1", (1, "jwt"), &success());
    assert_eq!(store.receive("two", &[done.clone(), other]).expect("taken"), received(0, 0, 1, 0));
    assert_eq!(store.receive("one", &[done, open]).expect("taken"), Received::default());
    assert_eq!(rows(&database), "1|t1|0|40|k1|one|2026-03-01\n2|t1|0|40|k2|one|2026-03-01");
    assert_exact(&mut store);
}

#[test]
fn the_outcome_of_an_archived_use_is_a_row_of_its_own_and_an_archived_use_is_known() {
    let database = primary();
    let mut store = store(&database);
    let both = [used("k1", (1, "jwt"), &[]), used("k2", (2, "sql"), &success())];
    store.receive("one", &both).expect("taken");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.gz");
    let days = ArchivedDays { first: None, before: "2026-06-01".to_owned() };
    store.care().archive(&days, &mut FileArchive::at(&file), &mut |_, _| ()).expect("archived");
    assert_eq!(rows(&database), "");
    assert_eq!(store.receive("one", &both).expect("taken"), Received::default());
    let done = used("k1", (1, "jwt"), &success());
    assert_eq!(store.receive("one", std::slice::from_ref(&done)).expect("taken"), received(0, 0, 0, 1));
    assert_eq!(store.receive("one", &[done]).expect("taken"), Received::default());
    assert_eq!(rows(&database), "1|t1|0|40|k1|one|2026-03-01");
    assert_exact(&mut store);
    store.care().unarchive(&mut FileArchive::at(&file), &mut |_, _| ()).expect("back");
    assert_eq!(store.receive("one", &both).expect("taken"), Received::default());
    assert_eq!(database.sql("SELECT count(*), count(DISTINCT delivery_key) FROM cfn.skill_usage_log"), "3|2");
    assert_exact(&mut store);
}

#[test]
fn a_use_of_a_skill_that_is_gone_is_discarded_and_its_key_is_kept() {
    let database = primary();
    let mut store = store(&database);
    let uses = [
        used("gone", (9, "gone"), &[]),
        // The id was given to another skill after a restore.
        OfferedUse {
            row: used("other", (1, "older"), &[])
                .row
                .map(|row| OfferedRow { skill: Some(("older".to_owned(), "2020-01-01 00:00:00".to_owned())), ..row }),
            ..used("other", (1, "older"), &[])
        },
        // It was renamed there, and here not yet.
        used("renamed", (2, "old-name"), &[]),
    ];
    assert_eq!(store.receive("one", &uses).expect("taken"), received(1, 2, 0, 0));
    assert_eq!(store.receive("one", &uses).expect("taken"), Received::default());
    assert_eq!(store.receive("one", &[used("gone", (9, "gone"), &success())]).expect("taken"), Received::default());
    assert_eq!(rows(&database), "2|t1|||renamed|one|2026-03-01");
    assert_eq!(
        database.sql("SELECT delivery_key, row_id IS NULL FROM cfn.usage_received ORDER BY 1"),
        "gone|t\nother|t\nrenamed|f"
    );
    database.sql("DELETE FROM cfn.skills WHERE id = 2");
    assert_eq!(store.receive("one", &[used("renamed", (2, "sql"), &success())]).expect("taken"), Received::default());
    assert_eq!(rows(&database), "");
}

#[test]
fn values_that_a_server_cannot_hold_do_not_stop_the_others() {
    let database = primary();
    let mut store = store(&database);
    let odd = [
        ("task_id", Owned::Text(b"a\0b\xff".to_vec())),
        ("notes", Owned::Blob(vec![1, 2])),
        ("loaded_at", Owned::Text(b"no time".to_vec())),
        ("execution_time_ms", Owned::Text(b"long".to_vec())),
        ("confidence_before", Owned::Real(f64::INFINITY)),
        ("success_indicator", Owned::Integer(1 << 40)),
    ];
    let uses = [used("odd", (1, "jwt"), &odd), used("even", (1, "jwt"), &success())];
    assert_eq!(store.receive("one", &uses).expect("taken"), received(2, 0, 0, 0));
    assert_eq!(store.receive("one", &uses).expect("taken"), Received::default());
    let task = "SELECT task_id, notes, success_indicator, month FROM cfn.skill_usage_log WHERE delivery_key = 'odd'";
    assert_eq!(database.sql(task), "a\u{fffd}b\u{fffd}|\u{1}\u{2}|1|-infinity");
    assert_exact(&mut store);
}

#[test]
fn the_same_uses_that_many_offer_at_once_are_added_once() {
    let database = primary();
    let uses: Vec<OfferedUse> = (0..500).map(|it| used(&format!("k{it}"), (1 + it % 2, "jwt"), &[])).collect();
    let done: Vec<OfferedUse> = (0..500).map(|it| used(&format!("k{it}"), (1 + it % 2, "jwt"), &success())).collect();
    let sums = thread::scope(|scope| {
        let offers = [&uses, &done].into_iter().cycle().take(8).map(|uses| {
            let database = &database;
            scope.spawn(move || store(database).receive("one", uses).expect("taken"))
        });
        let offers: Vec<_> = offers.collect();
        offers
            .into_iter()
            .map(|it| it.join().expect("an answer"))
            .fold((0, 0), |(added, completed), it| (added + it.added, completed + it.completed))
    });
    assert_eq!(sums.0, 500);
    let counted = "SELECT count(*), count(DISTINCT delivery_key), count(exit_code) FROM cfn.skill_usage_log";
    assert_eq!(database.sql(counted), "500|500|500", "{sums:?}");
    assert_exact(&mut store(&database));
}

#[test]
fn a_skill_that_is_deleted_meanwhile_leaves_no_use_without_it() {
    let database = primary();
    let deleter = database.administrator();
    deleter.run("BEGIN; SELECT FROM cfn.skills WHERE id = 2 FOR UPDATE");
    let uses = [used("k1", (1, "jwt"), &[]), used("k2", (2, "sql"), &[])];
    let received_then = thread::scope(|scope| {
        let offered = scope.spawn(|| store(&database).receive("one", &uses).expect("taken"));
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        crate::patience::eventually("it waits", || database.sql(waits) == "1");
        deleter.run("DELETE FROM cfn.skills WHERE id = 2; COMMIT");
        offered.join().expect("an answer")
    });
    assert_eq!(received_then, received(1, 1, 0, 0));
    assert_eq!(rows(&database), "1|t1|||k1|one|2026-03-01");
}
