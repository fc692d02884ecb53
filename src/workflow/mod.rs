//! The workflow database: where the patterns are that skills are generated from, and which is told what becomes of them. The
//! contract is here; no type of a database driver is in it.

pub mod postgres;
mod refusal;

use crate::model::{Delivery, Visible};

pub use refusal::Refusal;

/// What the database must have, as SQL that creates what is missing.
pub const SCHEMA: &str = include_str!("../../migrations/postgres/0001_workflow.sql");

/// The result of an operation on the workflow database.
pub type Result<T> = std::result::Result<T, WorkflowError>;

/// A connection to the workflow database.
pub trait WorkflowDatabase {
    /// Delivers in one transaction: an event and the key of its delivery become durable together, so what was delivered before has
    /// no effect again. Events of one kind take effect in the order given. One outcome each, in the same order. A row that cannot
    /// be delivered does not stop the others, and no row is waited for longer than two seconds. An error means that it is not known
    /// whether anything was delivered; delivering the same again is right.
    fn deliver(&mut self, deliveries: &[Delivery]) -> Result<Vec<Delivered>>;
    /// Where it is, for messages.
    fn server(&self) -> &str;
    /// Creates the tables that are missing; says which columns of those that were there do not fit.
    fn create_tables(&mut self) -> Result<Vec<Misfit>>;
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It has its effect now.
    Now,
    /// It had it already.
    Before,
    /// The database refuses it, and will refuse it again.
    Refused(String),
    /// The database failed on it this time: it took too long, a row was locked, a trigger failed.
    Failed(String),
    /// Nothing of its kind can be delivered now, which is no fault of this one.
    Blocked(Refusal, String),
    /// It waits for an earlier one of the same pattern.
    Held,
}

/// A column that does not take what cfn writes, or that is not there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Misfit {
    /// The table and the column: `skill_executions.skill_id`.
    pub column: String,
    /// Its type; none where there is no such column.
    pub found: Option<String>,
    /// The type that it needs.
    pub needed: String,
}

/// Why nothing was delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkflowError {
    /// There is no connection: nobody answers, or what answers lets nobody in.
    #[error("the workflow database {server} cannot be reached: {}", Visible(why))]
    Unreachable {
        /// Where it should be.
        server: String,
        /// What was met there.
        why: String,
        /// The kind of refusal, where something answered.
        refusal: Option<Refusal>,
    },
    /// The connection broke, or the answer took too long.
    #[error("the connection to the workflow database {server} broke: {}", Visible(why))]
    Broken {
        /// Where it is.
        server: String,
        /// How.
        why: String,
    },
    /// The database answers, but cannot do it now: a table is missing, a right, space.
    #[error("the workflow database {server} failed: {}", Visible(why))]
    Failed {
        /// Where it is.
        server: String,
        /// What it said.
        why: String,
        /// The kind of refusal.
        refusal: Refusal,
    },
    /// A setting of the connection cannot be used.
    #[error("the connection to the workflow database {server} cannot be set up: {}", Visible(why))]
    Setup {
        /// Where it is.
        server: String,
        /// What is wrong.
        why: String,
    },
}
