//! Reads every row of a database, in one transaction.

use super::binary::Columns;
use super::{DERIVED_OF_USAGE, USAGE, condition, others, stream};
use crate::model::{Location, Visible};
use crate::settings::PostgresServer;
use crate::store::copying::{CopySource, DERIVED, EachRow, TABLES, Table};
use crate::store::postgres::beginning::Beginning;
use crate::store::postgres::parameters::{Parameter, text, texts};
use crate::store::postgres::schema_number::{CURRENT, NUMBER, name_of};
use crate::store::postgres::session::Session;
use crate::store::postgres::{Options, PostgresStore};
use crate::store::{Result, StoreError};

const VIEWS: [&str; 5] = [
    "active_skills_with_approval",
    "approval_pending_skills",
    "approval_distribution",
    "migration_status",
    "cfn_triggers",
];

/// Tables and views of the schema, without partitions.
const RELATIONS: &str =
    "SELECT CASE WHEN relkind IN ('r', 'p') THEN 'the table ' ELSE 'the view ' END, relname::text FROM pg_class
     WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'cfn_metadata'::regclass)
       AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition AND relname <> ALL ($1) ORDER BY relname";

/// Columns of tables.
const COLUMNS: &str =
    "SELECT c.relname::text, a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'cfn_metadata'::regclass)
       AND c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum";

/// The partitions, and what is in none of them.
const MONTHS: &str = "SELECT replace(right(c.relname, 7), '_', '-') FROM pg_partition_tree('skill_usage_log') p
       JOIN pg_class c ON c.oid = p.relid WHERE c.relname ~ '_[0-9]{4}_[0-9]{2}$'
     UNION SELECT DISTINCT to_char(month, 'YYYY-MM') FROM skill_usage_log_rest WHERE isfinite(month) ORDER BY 1";

impl PostgresStore {
    /// A database to copy, in one snapshot from now on. It is only read.
    pub fn copied(server: &PostgresServer, options: Options) -> Result<Box<dyn CopySource>> {
        let store = Self::open(server, options)?;
        store.session.begin(Beginning::Read);
        let found: i64 = store.session.first(NUMBER, &[])?.map_or(0, |it| it.get(0));
        if found > CURRENT {
            // A newer minor schema has something that this cfn does not know, and would leave out.
            let (location, found, known) = (store.session.place().location(), name_of(found), name_of(CURRENT));
            return Err(StoreError::Newer { location, found, known });
        }
        Ok(Box::new(store))
    }

    fn number(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<i64> {
        Ok(self.session.first(sql, parameters)?.map_or(0, |it| it.get(0)))
    }
}

/// The server, the database and the schema.
pub(super) fn identity(session: &Session) -> Result<String> {
    let sql =
        "SELECT concat_ws(':', system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()), $1)
         FROM pg_control_system()";
    Ok(session.first(sql, &[text(session.schema())])?.map(|it| it.get(0)).unwrap_or_default())
}

fn left_out(session: &Session) -> Result<Vec<String>> {
    let tables: Vec<&str> = TABLES.iter().map(|it| it.name).collect();
    let known: Vec<&str> = tables.iter().chain(DERIVED.iter().map(|(it, _)| it)).chain(&VIEWS).copied().collect();
    let named = |it: &str| Visible(it.to_owned()).to_string();
    let relations = session.rows(RELATIONS, &[texts(&known)])?;
    let mut left: Vec<String> =
        relations.iter().map(|row| format!("{}{}", row.get::<_, &str>(0), named(row.get(1)))).collect();
    for row in session.rows(COLUMNS, &[texts(&tables)])? {
        let (table, column): (&str, &str) = (row.get(0), row.get(1));
        let own = TABLES.iter().filter(|it| it.name == table).flat_map(|it| it.columns);
        let is_derived = table == USAGE && DERIVED_OF_USAGE.contains(&column);
        if !is_derived && own.into_iter().all(|it| it.name != column) {
            left.push(format!("the column {table}.{}", named(column)));
        }
    }
    Ok(left)
}

fn each_row(session: &Session, table: &'static Table, each: EachRow<'_>) -> Result<()> {
    let has_others = others::has_any(session, table)?;
    let columns = table.columns.iter().map(|it| format!("t.{}", it.name));
    let columns: Vec<String> = columns.chain(has_others.then(|| others::of_row(table))).collect();
    let order: Vec<String> = table.keys().iter().map(|it| format!("t.{}", it.name)).collect();
    let (columns, order) = (columns.join(", "), order.join(", "));
    let query = format!("SELECT {columns} FROM {} t{} ORDER BY {order}", table.name, condition(table));
    stream::each_row(session, &query, &mut |row| {
        let mut stored = Columns::of(row)?;
        let mut values = Vec::with_capacity(table.columns.len());
        for column in table.columns {
            values.push(stored.value(column)?);
        }
        let encoded = if has_others { stored.next()?.unwrap_or_default() } else { &[] };
        let originals = others::of(table, &values, encoded)?;
        for (at, original) in &originals {
            values[*at] = original.as_value();
        }
        each(&values)
    })
}

impl CopySource for PostgresStore {
    fn location(&self) -> Location {
        self.session.place().location()
    }

    fn identity(&self) -> Result<String> {
        identity(&self.session)
    }

    fn left_out(&self) -> Result<Vec<String>> {
        left_out(&self.session)
    }

    fn count(&self, table: &'static Table) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {}{}", table.name, condition(table));
        self.number(&sql, &[]).map(i64::unsigned_abs)
    }

    fn last_id(&self, table: &'static Table) -> Result<i64> {
        let sql = format!(
            "SELECT greatest((SELECT max(id) FROM {0}), (SELECT last_value FROM pg_sequences
               WHERE sequencename = '{0}_id_seq' AND schemaname = $1), 0)",
            table.name
        );
        self.number(&sql, &[text(self.session.schema())])
    }

    fn usage_months(&self) -> Result<Vec<String>> {
        Ok(self.session.rows(MONTHS, &[])?.iter().map(|row| row.get(0)).collect())
    }

    fn each_row(&self, table: &'static Table, each: EachRow<'_>) -> Result<()> {
        each_row(&self.session, table, each)
    }
}
