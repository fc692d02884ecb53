//! The list of what is copied is complete, on both engines.

use std::collections::BTreeMap;

use cfn::store::copying::{DERIVED, Kind, TABLES};

use crate::harness::Project;
use crate::postgres_server::Database;

#[test]
fn every_table_is_copied_or_says_why_not() {
    let project = Project::new();
    let on_sqlite = project.sqlite3("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    let on_server = Database::new().sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'cfn'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
    );
    let known: Vec<&str> = TABLES.iter().map(|it| it.name).chain(DERIVED.iter().map(|(it, _)| *it)).collect();
    for table in on_sqlite.lines().chain(on_server.lines()) {
        assert!(known.contains(&table), "{table} is neither in TABLES nor in DERIVED");
    }
    for table in known {
        assert!(on_sqlite.lines().chain(on_server.lines()).any(|it| it == table), "{table} is gone");
    }
}

#[test]
fn every_column_is_copied() {
    let project = Project::new();
    for table in TABLES {
        let columns = project.sqlite3(&format!("SELECT name FROM pragma_table_info('{}') ORDER BY name", table.name));
        let mut copied: Vec<&str> = table.columns.iter().map(|it| it.name).collect();
        copied.sort_unstable();
        assert_eq!(columns.lines().collect::<Vec<_>>(), copied, "{}", table.name);
    }
}

#[test]
fn a_column_is_what_the_server_says_that_it_is() {
    let found = Database::new().sql(
        "SELECT c.relname || '.' || a.attname || ' ' || a.atttypid::regtype || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'cfn'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    );
    let found: BTreeMap<&str, &str> = found.lines().filter_map(|it| it.split_once(' ')).collect();
    for (table, column) in TABLES.iter().flat_map(|table| table.columns.iter().map(move |it| (table, it))) {
        let kind = match column.kind {
            Kind::Whole => "bigint",
            Kind::Flag => "smallint",
            Kind::Real => "double precision",
            Kind::Text => "text",
            Kind::Raw | Kind::Bytes => "bytea",
        };
        let expected = if column.is_required { format!("{kind} NOT NULL") } else { kind.to_owned() };
        let name = format!("{}.{}", table.name, column.name);
        assert_eq!(found.get(name.as_str()), Some(&expected.as_str()), "{name}");
    }
}
