//! The workflow database, which has the patterns that skills are generated from, and receives the events of these
//! skills. This module has the contract, without types of a database driver.

pub mod postgres;

use crate::model::{Delivery, Visible};

use crate::postgres::Refusal;

/// SQL that creates missing tables.
pub const SCHEMA: &str = include_str!("../../migrations/workflow/0001_workflow.sql");

/// The result of an operation on the workflow database.
pub type Result<T> = std::result::Result<T, WorkflowError>;

/// A connection to the workflow database.
pub trait WorkflowDatabase {
    /// Delivers events in one transaction, together with their delivery keys, so that a repeated delivery has no
    /// effect. Events of one kind take effect in the given order. Returns one outcome for each, in the same order. An
    /// undeliverable event does not stop the others, and none takes longer than two seconds. After an error, it is
    /// unknown whether anything was delivered; deliver the same again.
    fn deliver(&mut self, deliveries: &[Delivery]) -> Result<Vec<Delivered>>;
    /// The server's name, for messages.
    fn server(&self) -> &str;
    /// Creates missing tables; returns the columns of existing ones that do not fit.
    fn create_tables(&mut self) -> Result<Vec<Misfit>>;
}

/// The outcome of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It took effect now.
    Now,
    /// It had taken effect before.
    Before,
    /// The database refuses it permanently.
    Refused(String),
    /// It failed this time: a timeout, a lock, or a trigger.
    Failed(String),
    /// No event of its kind can be delivered now.
    Blocked(Refusal, String),
    /// It waits for an earlier one of the same pattern.
    Held,
}

/// A column that is missing or does not accept what cfn writes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Misfit {
    /// The table and the column: `skill_executions.skill_id`.
    pub column: String,
    /// Its type; `None` if it is missing.
    pub found: Option<String>,
    /// The type that it needs.
    pub needed: String,
}

/// Why a delivery failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkflowError {
    /// Connecting failed: no answer, or the login was refused.
    #[error("the workflow database {server} cannot be reached: {}", Visible(why))]
    Unreachable {
        /// The server.
        server: String,
        /// The cause.
        why: String,
        /// The kind of refusal, if the server answered.
        refusal: Option<Refusal>,
    },
    /// The connection was lost, or the answer took too long.
    #[error("the connection to the workflow database {server} broke: {}", Visible(why))]
    Broken {
        /// The server.
        server: String,
        /// The cause.
        why: String,
    },
    /// The database refused: for example for a missing table or permission, or a full disk.
    #[error("the workflow database {server} failed: {}", Visible(why))]
    Failed {
        /// The server.
        server: String,
        /// Its message.
        why: String,
        /// The kind of refusal.
        refusal: Refusal,
    },
    /// A connection setting is unusable.
    #[error("the connection to the workflow database {server} cannot be set up: {}", Visible(why))]
    Setup {
        /// The server.
        server: String,
        /// The problem.
        why: String,
    },
}
