//! The contract of copying a whole database from one engine to another.
//!
//! A source is one snapshot, whatever others write meanwhile. A target has nothing until it is published: an interrupted copy
//! leaves nothing. Both speak of [`TABLES`] and of [`Value`]s, so that what one wrote and the other read can be compared by one
//! [`Digest`].

mod digest;
mod table;
mod tables;
mod value;

use std::path::PathBuf;

use super::Result;
use crate::model::Location;

pub use digest::Digest;
pub use table::{Column, Kind, Rule, Table, shortened};
pub use tables::{DERIVED, TABLES};
pub use value::{Owned, Value};

/// Called with each row.
pub type EachRow<'a> = &'a mut dyn FnMut(&[Value<'_>]) -> Result<()>;

/// What a row is for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weighed {
    /// The table can hold it; so many of its values are kept beside it.
    Held {
        /// Values in a class that the column cannot hold.
        beside: u64,
    },
    /// A value cannot be held.
    Refused {
        /// The column.
        column: &'static str,
        /// Why not.
        why: &'static str,
    },
}

/// A whole database, read in one snapshot.
pub trait CopySource {
    /// Where it is.
    fn location(&self) -> Location;
    /// Two connections to the same database have the same one.
    fn identity(&self) -> Result<String>;
    /// What it has that is not cfn's, and is not copied.
    fn left_out(&self) -> Result<Vec<String>>;
    /// The number of rows that are copied.
    fn count(&self, table: &'static Table) -> Result<u64>;
    /// The highest id that was given out, or 0.
    fn last_id(&self, table: &'static Table) -> Result<i64>;
    /// The months of the usage log, as `YYYY-MM`; perhaps not all.
    fn usage_months(&self) -> Result<Vec<String>>;
    /// Every row that is copied, in the order of the keys. They are never all in memory.
    fn each_row(&self, table: &'static Table, each: EachRow<'_>) -> Result<()>;
}

/// A database that gets all rows of another one. Dropping it before it is published undoes everything.
pub trait CopyTarget {
    /// What is there and would be replaced, in words.
    fn replaces(&self) -> Option<&str>;
    /// Two connections to the same database have the same one; `None` if there is no database yet.
    fn identity(&self) -> Result<Option<String>>;
    /// Whether a row may name a skill that is not there.
    fn holds_orphans(&self) -> bool;
    /// Whether a row can be held.
    fn weigh(&mut self, table: &'static Table, row: &[Value<'_>]) -> Result<Weighed>;
    /// Makes an empty database with room for these months of the usage log.
    fn begin(&mut self, usage_months: &[String]) -> Result<()>;
    /// Every row up to [`end_table`](Self::end_table) is of this table.
    fn begin_table(&mut self, table: &'static Table) -> Result<()>;
    /// Adds a row. One that is refused is not added.
    fn add(&mut self, row: &[Value<'_>]) -> Result<Weighed>;
    /// The table is complete; no id up to `last_id` is given out again.
    fn end_table(&mut self, last_id: i64) -> Result<()>;
    /// Makes everything that is made from all rows: indexes, constraints, triggers, statistics.
    fn complete(&mut self) -> Result<()>;
    /// What it has now.
    fn written(&self) -> Result<&dyn CopySource>;
    /// Makes it visible; returns where the database was saved that it replaced.
    fn publish(self: Box<Self>) -> Result<Option<PathBuf>>;
}
