//! The workflow database: where the patterns are that skills are generated from, and which is told what becomes of them. The
//! contract is here; no type of a database driver is in it.

pub mod postgres;

use crate::model::{Delivery, Visible};

/// What the database must have, as SQL that creates what is missing.
pub const SCHEMA: &str = include_str!("../../migrations/postgres/0001_workflow.sql");

/// The result of an operation on the workflow database.
pub type Result<T> = std::result::Result<T, WorkflowError>;

/// A connection to the workflow database.
pub trait WorkflowDatabase {
    /// Delivers in the order given, in one transaction: an event and the key of its delivery become durable together, so what
    /// was delivered before has no effect again. One outcome each, in the same order. An error means that it is not known
    /// whether anything was delivered; delivering the same again is right.
    fn deliver(&mut self, deliveries: &[Delivery]) -> Result<Vec<Delivered>>;
    /// Creates the tables that are missing.
    fn create_tables(&mut self) -> Result<()>;
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
