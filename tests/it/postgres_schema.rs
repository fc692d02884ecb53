//! PostgreSQL's schema: it has what SQLite's has, and what any program writes is noted, recorded and bound by triggers that
//! only its owner can turn off.

use std::collections::BTreeMap;

use cfn::clock::Clock;
use cfn::model::{Revision, Tables};
use cfn::store::Store;
use cfn::store::postgres::{Options, PostgresStore};
use cfn::store::sqlite::SqliteStore;

use crate::postgres_server::{Database, Way, server_of};

/// Tables whose rows are in no answer that is kept, and why.
const UNNOTED: [(&str, &str); 14] = [
    ("approval_criteria_templates", "no answer about risk is cached"),
    ("cfn_aliases", "answers are kept by the skill's present name, and a rename writes to skills"),
    ("cfn_events", "an event is of the transaction of the change that it tells of"),
    ("cfn_feed", "it only says what changed"),
    ("cfn_metadata", "it is about the database"),
    ("cfn_revisions", "it holds the notes themselves"),
    ("edge_case_tracking", "answers about it are not kept"),
    ("outbox", "it is only sent elsewhere"),
    ("phase4_skill_generation", "other programs' own: cfn never reads it"),
    ("schema_versions", "it is about the schema"),
    ("search_blocks", "the search index stands alone"),
    ("search_postings", "the search index stands alone"),
    ("search_state", "the search index stands alone"),
    ("skill_usage_log", "no answer about it is cached; partitions and sums too"),
];

fn store(database: &Database) -> PostgresStore {
    PostgresStore::open(&server_of(&database.url(Way::Direct)), Options::default()).expect("opened")
}

fn revision(store: &mut PostgresStore) -> Option<Revision> {
    store.read().expect("a snapshot").revision(Tables::Catalogue).expect("a read")
}

/// The tables that answers are made of.
fn watched(database: &Database) -> Vec<String> {
    let sql =
        "SELECT relname FROM pg_class WHERE relnamespace = 'cfn'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1";
    let found = database.sql(sql);
    let is_usage = |it: &str| it.starts_with("usage_") || it.starts_with("skill_usage_log_");
    let tables: Vec<String> = found.lines().map(str::to_owned).collect();
    let unnoted = |it: &String| UNNOTED.iter().any(|(name, _)| name == it) || is_usage(it);
    tables.into_iter().filter(|it| !unnoted(it)).collect()
}

/// Statements that leave the revision as it was; one of each kind for every table.
fn unnoticed(database: &Database) -> Vec<String> {
    let mut store = store(database);
    let mut unnoticed = Vec::new();
    for table in watched(database) {
        let column = database.sql(&format!(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'cfn.{table}'::regclass AND attnum > 0 ORDER BY attnum LIMIT 1"
        ));
        for write in [
            format!("INSERT INTO cfn.{table} SELECT * FROM cfn.{table}"),
            format!("UPDATE cfn.{table} SET {column} = {column}"),
            format!("DELETE FROM cfn.{table}"),
            format!("TRUNCATE cfn.{table} CASCADE"),
        ] {
            let before = revision(&mut store);
            database.sql(&format!("SET session_replication_role = replica; SET client_min_messages = error; {write}"));
            if before.is_some() && revision(&mut store) == before {
                unnoticed.push(write);
            }
        }
    }
    unnoticed
}

#[test]
fn every_write_to_a_table_that_answers_are_made_of_changes_the_revision() {
    let database = Database::new();
    assert!(revision(&mut store(&database)).is_some());
    assert_eq!(watched(&database).len(), 8);
    assert_eq!(unnoticed(&database), [""; 0], "give the table a trigger, or say why it needs none");
    database.sql("CREATE TABLE cfn.added (name text)");
    assert_eq!(unnoticed(&database).len(), 4, "a table without a trigger is found");
}

#[test]
fn triggers_are_on_for_every_session_and_no_program_may_call_their_functions() {
    let database = Database::new();
    let triggers = "SELECT string_agg(tgname || ' on ' || tgrelid::regclass, ', ') FROM pg_trigger t
         JOIN pg_proc p ON p.oid = tgfoid WHERE p.pronamespace = 'cfn'::regnamespace AND tgenabled <> 'A'";
    assert_eq!(database.sql(triggers), "");
    let functions = "SELECT string_agg(proname, ', ') FROM pg_proc
         WHERE pronamespace = 'cfn'::regnamespace AND prorettype = 'trigger'::regtype
           AND (NOT prosecdef OR array_to_string(proconfig, ' ') <> 'search_path=pg_catalog, pg_temp'
             OR has_function_privilege('public', oid, 'EXECUTE'))";
    assert_eq!(database.sql(functions), "");
}

#[test]
fn what_a_program_with_few_rights_and_another_search_path_writes_is_recorded_and_bound() {
    let database = Database::new();
    database.sql(
        "REVOKE ALL ON ALL TABLES IN SCHEMA cfn FROM other_program;
         GRANT INSERT, UPDATE, SELECT ON cfn.skills TO other_program; GRANT INSERT ON cfn.approval_history TO other_program",
    );
    let mut store = store(&database);
    let before = revision(&mut store);
    let other = database.other_program();
    other.run(
        "SET search_path = pg_temp;
         CREATE TEMP TABLE skill_versions (LIKE cfn.skills); CREATE TEMP TABLE cfn_revisions (transaction xid8, token bytea);
         INSERT INTO cfn.skills (name, category, content_path, content_hash, version) VALUES ('jwt', 'domain', 'p', 'h1', '1.0.0');
         UPDATE cfn.skills SET version = '1.1.0', content_hash = 'h2'; UPDATE cfn.skills SET content_hash = 'h3', owner = 'ann';
         INSERT INTO cfn.approval_history (skill_id, version, approval_level, decision)
           VALUES (1, '1.1.0', 'human', 'approved'), (1, '9.9.9', 'human', 'approved')",
    );
    let versions =
        "SELECT id, version, content_hash, content_path, approval_level, source FROM cfn.skill_versions ORDER BY 1";
    assert_eq!(database.sql(versions), "1|1.0.0|h1|p|human|external\n2|1.1.0|h2|p|human|external");
    assert_eq!(
        database.sql("SELECT content_hash FROM cfn.approval_history ORDER BY id"),
        "h2",
        "of a number that is not recorded there are no bytes"
    );
    assert_ne!(revision(&mut store), before);
    let found: i64 = other.value("SELECT count(*) FROM pg_temp.skill_versions", &[]);
    assert_eq!(found, 0, "it was not deceived");
}

#[test]
fn without_any_one_trigger_there_is_no_revision_and_after_a_pause_it_is_another_one() {
    let database = Database::new();
    let mut store = store(&database);
    let triggers = database.sql(
        "SELECT t.tgname || ' ' || t.tgrelid::regclass FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE p.proname IN ('cfn_note_write', 'cfn_record_version', 'cfn_bind_decision') ORDER BY 1",
    );
    let triggers: Vec<_> = triggers.lines().filter_map(|it| it.split_once(' ')).collect();
    assert_eq!(triggers.len(), 10);
    for (name, table) in triggers {
        let before = revision(&mut store);
        assert!(before.is_some());
        for off in ["DISABLE", "ENABLE", "ENABLE REPLICA"] {
            database.sql(&format!("ALTER TABLE {table} {off} TRIGGER {name}"));
            assert_eq!(revision(&mut store), None, "{name} on {table} {off}");
        }
        database.sql(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"));
        let after = revision(&mut store);
        assert!(after.is_some() && after != before, "{name} on {table} was off");
    }
    database.sql(
        "CREATE OR REPLACE FUNCTION cfn.cfn_note_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    );
    assert_eq!(revision(&mut store), None, "it does something else");
}

#[test]
fn writers_do_not_wait_for_each_other_to_be_noted_and_their_notes_stay_few() {
    let database = Database::new();
    let [slow, fast] = [(); 2].map(|()| database.other_program());
    let insert = |name: &str| {
        format!(
            "INSERT INTO skills (name, category, content_path, content_hash, version) VALUES ('{name}', 'domain', '', '', '1')"
        )
    };
    slow.run(&format!("BEGIN; {}", insert("slow")));
    fast.run("SET lock_timeout = '2s'");
    let mut store = store(&database);
    let mut seen = vec![revision(&mut store)];
    for number in 0..300 {
        fast.run(&insert(&format!("fast-{number}")));
        if number % 50 == 0 {
            seen.push(revision(&mut store));
        }
    }
    slow.run("COMMIT");
    seen.push(revision(&mut store));
    for (at, one) in seen.iter().enumerate() {
        assert!(one.is_some() && seen[..at].iter().all(|it| it != one), "{at}");
    }
    let notes: i64 = fast.value("SELECT count(*) FROM cfn_revisions", &[]);
    assert!(notes < 257, "{notes}");
}

#[test]
fn a_note_of_an_earlier_life_is_no_note_of_this_transaction() {
    let database = Database::new();
    let other = database.other_program();
    // As after a restore into another server, where numbers of transactions come again.
    other.run(
        "INSERT INTO cfn_revisions (transaction, token)
           SELECT (pg_current_xact_id()::text::bigint + n)::text::xid8, '' FROM generate_series(1, 200) n",
    );
    let mut store = store(&database);
    let before = revision(&mut store);
    other.run("UPDATE skills SET owner = owner");
    assert_ne!(revision(&mut store), before);
}

/// Column names by table.
type Columns = BTreeMap<String, Vec<String>>;

#[test]
fn the_tables_columns_and_templates_are_those_of_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skills.db");
    SqliteStore::create(&path, cfn::store::sqlite::Options::default(), Clock::System).expect("created");
    let sqlite = rusqlite::Connection::open(&path).expect("opened");
    let lines = |sql: &str| -> Vec<(String, String)> {
        let mut statement = sqlite.prepare(sql).expect(sql);
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect(sql);
        rows.collect::<Result<_, _>>().expect(sql)
    };
    let columns = |lines: Vec<(String, String)>| {
        let mut columns = Columns::new();
        for (table, column) in lines {
            columns.entry(table).or_default().push(column);
        }
        columns
    };
    let theirs = columns(lines(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')
           AND m.name NOT IN ('sqlite_sequence', 'cfn_tokens', 'follow', 'follow_pass_rates') AND m.name NOT LIKE '%usage%' ORDER BY m.name, c.cid",
    ));
    let database = Database::new();
    let pairs = |sql: &str| -> Vec<(String, String)> {
        let found = database.sql(sql);
        found.lines().filter_map(|it| it.split_once('|')).map(|(one, two)| (one.to_owned(), two.to_owned())).collect()
    };
    let ours = columns(pairs(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'cfn'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 ORDER BY 1, a.attnum",
    ));
    for (table, columns) in theirs {
        assert_eq!(ours.get(&table), Some(&columns), "{table}");
    }
    let templates = "SELECT id || ' ' || approval_level || ' ' || category || ' ' || enabled,
         criteria_json || ' ' || description FROM";
    assert_eq!(
        pairs(&format!("{templates} cfn.approval_criteria_templates ORDER BY id")),
        lines(&format!("{templates} approval_criteria_templates ORDER BY id"))
    );
}
