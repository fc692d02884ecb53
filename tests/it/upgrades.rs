//! A filled database of every schema that cfn ever had is brought to this one by the steps that it lacks: all rows stay, and the
//! schema is that of a fresh one. The dumps beside this file were made with the schema of their time.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Project, repository};
use crate::scene::{SCHEMA, names, sha256};

/// Tables whose rows are an upgrade's own business: what is recorded about the schema, and sums that can be made again.
const OWN: [&str; 8] = [
    "cfn_metadata",
    "cfn_tokens",
    "schema_versions",
    "usage_daily",
    "usage_totals",
    "usage_dirty",
    "usage_archived_daily",
    "usage_archived_totals",
];

/// Schema and dump, in order.
pub(crate) fn dumps() -> Vec<(String, String)> {
    let folder = fs::read_dir(repository("tests/it/upgrades")).expect("a folder");
    let mut files: Vec<PathBuf> = folder.map(|it| it.expect("an entry").path()).collect();
    files.sort();
    let schema = |it: &PathBuf| it.file_stem().expect("a name").to_string_lossy().replace('_', ".") + ".0";
    files.iter().map(|it| (schema(it), fs::read_to_string(it).expect("a dump"))).collect()
}

/// A project whose database is what this SQL makes, with the files that its skills name.
pub(crate) fn project(sql: &str) -> Project {
    let project = Project::empty();
    fs::create_dir_all(project.database().parent().expect("a parent")).expect("folders");
    let script = project.file("dump.sql", sql);
    let input = fs::File::open(script).expect("a file");
    let output = Command::new("sqlite3").arg("-bail").arg(project.database()).stdin(input).output().expect("sqlite3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (name, body) in [("jwt", "Jwt two."), ("sql", "Sql two."), ("old", "Old."), ("boot", "Boot.")] {
        project.file(&format!("files/{name}.md"), body);
    }
    project
}

/// The rows of every table, sorted, by the columns that it has now.
fn rows(project: &Project) -> Vec<(String, String, String)> {
    let listed = project.sqlite3(
        "SELECT name, (SELECT group_concat('\"' || name || '\"', ', ') FROM pragma_table_info(m.name)) FROM sqlite_master m
         WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
    );
    let tables = listed.lines().filter_map(|it| it.split_once('|')).filter(|(table, _)| !OWN.contains(table));
    let of = |table: &str, columns: &str| lines(&project.sqlite3(&format!("SELECT {columns} FROM \"{table}\"")));
    tables.map(|(table, columns)| (table.to_owned(), columns.to_owned(), of(table, columns))).collect()
}

fn lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Everything in `sqlite_master`, with its SQL.
fn schema_of(project: &Project) -> String {
    let sql = "SELECT type, name, tbl_name, replace(replace(replace(sql, char(10), ' '), '  ', ' '), '  ', ' ')
         FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name";
    project.sqlite3(sql)
}

#[test]
fn there_is_a_dump_of_every_schema_before_this_one() {
    let newest: u32 = SCHEMA.1.parse().expect("a number");
    let expected: Vec<String> = (3000..newest).map(|it| format!("v3.{}.0", it % 1000)).collect();
    let found: Vec<String> = dumps().into_iter().map(|(schema, _)| schema).filter(|it| it != SCHEMA.0).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_schema_is_brought_to_this_one_with_all_its_rows() {
    for (schema, sql) in dumps().into_iter().filter(|(schema, _)| schema != SCHEMA.0) {
        let project = project(&sql);
        let before = rows(&project);
        let identity =
            "SELECT name, hex(value) FROM cfn_metadata WHERE name IN ('database_id', 'cache_key') ORDER BY 1";
        let was = project.sqlite3(identity);
        let json = project.cfn(["db", "migrate", "--json"]).json();
        assert_eq!((&json["from"], &json["to"]), (&schema.as_str().into(), &SCHEMA.0.into()));
        assert_eq!(json["carried_forward"], 0, "{schema}");
        for (table, columns, rows) in before {
            let after = lines(&project.sqlite3(&format!("SELECT {columns} FROM \"{table}\"")));
            assert_eq!(after, rows, "{schema}: {table}");
        }
        assert_eq!(project.sqlite3(identity), was, "{schema}");
        assert_eq!(schema_of(&project), schema_of(&Project::new()), "{schema}");
        assert_eq!(project.sqlite3("PRAGMA user_version"), SCHEMA.1, "{schema}");
        let recorded = "SELECT count(*) FROM schema_versions WHERE version >= 'v3'";
        assert_eq!(project.sqlite3(recorded), Project::new().sqlite3(recorded), "{schema}");
    }
}

#[test]
fn what_was_served_and_what_was_counted_stays_so() {
    let mut counted: Option<String> = None;
    for (schema, sql) in dumps() {
        let project = project(&sql);
        let archived = project.sqlite3("SELECT count(*) FROM sqlite_master WHERE name = 'usage_archives'") == "1";
        assert_eq!(names(&project, &["dev"]), ["boot", "jwt", "sql"], "{schema}");
        let loaded = project.cfn(["load", "dev", "--quiet"]).ok();
        assert!(loaded.contains("Jwt two.") && loaded.contains("Sql one."), "{schema}: {loaded}");
        assert!(project.cfn(["db", "check"]).ok().starts_with("warning: "), "{schema}");
        let usage = || project.cfn(["analytics", "usage", "--json"]).ok();
        let once = usage();
        assert_eq!(usage(), once, "{schema}");
        project.sqlite3("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'");
        assert_eq!(usage(), once, "{schema}: what was kept is what a full scan gives");
        if archived {
            assert_eq!(counted.get_or_insert_with(|| once.clone()), &once, "{schema}");
        }
    }
}

/// Reading the log must give the same as the sums, also for rows that were written while the triggers were missing.
#[test]
fn sums_that_nobody_vouches_for_are_made_again() {
    for (schema, sql) in dumps().into_iter().filter(|(schema, _)| schema != "v3.0.0") {
        let project = project(&format!(
            "{sql}\nDROP TRIGGER IF EXISTS cfn_usage_rollup_updated; DROP TRIGGER IF EXISTS cfn_usage_update; DROP TRIGGER IF EXISTS cfn_skill_usage_log_update; UPDATE skill_usage_log SET agent_type = 'new' WHERE id = 1;"
        ));
        let usage = project.cfn(["analytics", "usage", "--json"]).ok();
        assert!(usage.contains("\"new\""), "{schema}: {usage}");
        assert_eq!(schema_of(&project), schema_of(&Project::new()), "{schema}");
    }
}

#[test]
fn a_dump_of_any_schema_that_was_loaded_again_is_brought_up_to_date() {
    for (schema, sql) in dumps() {
        let edited = if schema == "v3.0.0" { "" } else { "UPDATE usage_daily SET uses = 99;" };
        let project = project(&format!("{sql}\nPRAGMA user_version = 0; {edited}"));
        let migrated = project.cfn(["db", "migrate", "--json"]).json();
        assert_eq!(migrated["from"], schema.as_str());
        assert_eq!(schema_of(&project), schema_of(&Project::new()), "{schema}");
        assert_eq!(names(&project, &["dev"]), ["boot", "jwt", "sql"], "{schema}");
        assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history"), "4", "{schema}: nothing was approved");
        let usage = project.cfn(["analytics", "usage", "--json"]).ok();
        assert!(!usage.contains("99"), "{schema}: {usage}");
    }
}

#[test]
fn a_step_that_fails_leaves_everything_as_it_was() {
    let (_, sql) = dumps().swap_remove(0);
    let project = project(&format!("{sql}\nCREATE VIEW usage_daily AS SELECT 1 AS day;"));
    let before = sha256(fs::read(project.database()).expect("a file"));
    for args in [&["skill", "list"][..], &["load", "dev"], &["db", "migrate"]] {
        let error = project.fails_as(args, 3, "database_corrupt");
        assert!(error["message"].as_str().is_some_and(|it| it.contains("usage_daily")), "{error}");
        assert_eq!(sha256(fs::read(project.database()).expect("a file")), before, "{args:?}");
        assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
    }
}

/// The sums of rows that are out in an archive: small money keeps its digits, and what was no day of a calendar is none any more.
#[test]
fn sums_of_archives_are_carried_over() {
    for (schema, sql) in dumps().into_iter().filter(|(schema, _)| ["v3.2.0", "v3.3.0"].contains(&schema.as_str())) {
        let project = project(&format!(
            "{sql}\nDELETE FROM skill_usage_log; DELETE FROM usage_archived_daily; DELETE FROM usage_archived_totals;
             INSERT INTO usage_archived_daily VALUES
               ('2025-12-30', 1, 'dev', 'human', 2, 1, 250000, 1, 1, 12, 100, 2500001, '2025-12-30 10:00:00', '2025-12-30T11:00:00Z', 1, 1),
               ('2025-02-30', 1, 'dev', 'human', 1, 0, 0, 0, 0, 0, 1, 7, '2025-02-30', '2025-02-30', 1, 1),
               ('2025-02-31', 1, 'dev', 'human', 3, 0, 0, 0, 0, 0, 1, 3, '2025-02-31', '2025-02-31', 1, 1);"
        ));
        let rows = |args: &[&str]| {
            let said = project.cfn([&["analytics", "--json"], args].concat()).json();
            said["tables"][0]["rows"].as_array().expect("rows").clone()
        };
        let usage = &rows(&["usage"])[0];
        assert_eq!(usage["uses"], 6, "{schema}");
        assert_eq!(usage["first_used"], "2025-12-30 10:00:00", "{schema}");
        assert_eq!(usage["last_used"], "2025-12-30 11:00:00", "{schema}");
        assert_eq!(rows(&["usage", "--since", "2025-01-01"])[0]["uses"], 2, "{schema}");
        let cost = &rows(&["cost"])[0];
        assert_eq!((&cost["usd_avoided"], &cost["days"]), (&2.500_011.into(), &1.into()), "{schema}");
        project.cfn(["analytics", "check"]).ok();
        // Older SQLite took key columns that are not the first ones for others, and said that they are NULL.
        assert_eq!(project.sqlite3("PRAGMA quick_check"), "ok", "{schema}");
    }
}
