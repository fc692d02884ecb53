//! Copies of a whole database: every row read in one snapshot, and a schema that gets the rows of another database in one
//! transaction.

mod binary;
mod derived;
mod made_again;
pub(super) mod others;
mod place;
mod source;
mod stream;
mod target;

pub(super) use binary::value_of;
pub use target::ServerTarget;

use crate::store::copying::Table;

/// The columns of the usage log that the engine derives, see `migrations/postgres/0002_usage_log.sql`.
const DERIVED_OF_USAGE: [&str; 3] = ["loaded_time", "month", "xid"];

/// The table that is partitioned.
const USAGE: &str = "skill_usage_log";

/// The condition of the rows that are copied.
fn condition(table: &Table) -> String {
    table.only.map(|it| format!(" WHERE {it}")).unwrap_or_default()
}
