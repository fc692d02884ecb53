//! Indexes, constraints and triggers, which are taken away while rows are copied and made again as they were: indexes cost less
//! when they are made from all rows, and triggers are about what somebody writes, not about rows that come as they are.

use crate::store::Result;
use crate::store::copying::{DERIVED, TABLES};
use crate::store::postgres::parameters::texts;
use crate::store::postgres::session::Session;

/// The tables and their partitions.
macro_rules! ours {
    () => {
        "WITH ours AS (SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND (relname = ANY ($1) AND relnamespace =
           (SELECT relnamespace FROM pg_class WHERE oid = 'cfn_metadata'::regclass)
           OR oid IN (SELECT relid FROM pg_partition_tree('skill_usage_log'))))"
    };
}

/// Each with the statement that takes it away and the one that makes it again. Those of partitions follow their table's.
const FOREIGN_KEYS: &str = concat!(
    ours!(),
    " SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
     FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND conrelid IN (SELECT oid FROM ours) ORDER BY oid"
);
const KEYS: &str = concat!(
    ours!(),
    " SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
     FROM pg_constraint WHERE contype IN ('p', 'u') AND conparentid = 0 AND conrelid IN (SELECT oid FROM ours) ORDER BY oid"
);
const INDEXES: &str = concat!(
    ours!(),
    " SELECT format('DROP INDEX %s', indexrelid::regclass), replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT c.relispartition AND indrelid IN (SELECT oid FROM ours)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) ORDER BY indexrelid"
);
const TRIGGERS: &str = concat!(
    ours!(),
    " SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
       format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass,
         CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, tgname)
     FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid IN (SELECT oid FROM ours) ORDER BY oid"
);

/// Statements that make again what was taken away.
pub(super) struct MadeAgain {
    /// Keys and indexes, and what refers to keys after them.
    indexes: Vec<String>,
    triggers: Vec<String>,
}

impl MadeAgain {
    /// Takes them away.
    pub(super) fn take_away(session: &Session) -> Result<Self> {
        let tables: Vec<&str> = TABLES.iter().map(|it| it.name).chain(DERIVED.iter().map(|(it, _)| *it)).collect();
        let pairs = |sql| -> Result<(Vec<String>, Vec<String>)> {
            Ok(session.rows(sql, &[texts(&tables)])?.iter().map(|row| (row.get(0), row.get(1))).unzip())
        };
        let (triggers_off, triggers) = pairs(TRIGGERS)?;
        let (no_references, references) = pairs(FOREIGN_KEYS)?;
        let (no_keys, keys) = pairs(KEYS)?;
        let (no_indexes, indexes) = pairs(INDEXES)?;
        session.script(&[triggers_off, no_references, no_keys, no_indexes].concat().join(";\n"))?;
        Ok(Self { indexes: [keys, indexes, references].concat(), triggers })
    }

    /// Makes the indexes and constraints, which the rows may violate.
    pub(super) fn make_indexes(&self, session: &Session) -> Result<()> {
        session.script(&self.indexes.join(";\n"))
    }

    /// Turns the triggers on again.
    pub(super) fn turn_triggers_on(&self, session: &Session) -> Result<()> {
        session.script(&self.triggers.join(";\n"))
    }
}

/// Makes partitions for these months, as `db maintain` does for those of the last ten years.
pub(super) fn make_partitions(session: &Session, months: &[String]) -> Result<()> {
    let months: Vec<&str> = months.iter().map(String::as_str).collect();
    let sql = "SELECT cfn_usage_partition((month || '-01')::date) FROM (SELECT month FROM unnest($1) AS of (month)
         WHERE month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$' AND month BETWEEN to_char(now() - interval '10 years', 'YYYY-MM')
           AND to_char(now() + interval '4 months', 'YYYY-MM') ORDER BY month OFFSET 0) AS months";
    session.rows(sql, &[texts(&months)]).map(drop)
}
