//! The workflow database, which has the patterns that skills are generated from, and receives the events of these
//! skills. This module has the contract, without types of a database driver.

pub mod postgres;

use std::time::Duration;

use crate::model::{Delivery, Visible};
use crate::postgres::Refusal;

/// SQL that creates missing tables.
pub const SCHEMA: &str = include_str!("../../migrations/workflow/0001_workflow.sql");

/// Time limit of an answer: long enough for a slow server.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

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

/// A column that keeps rows of cfn out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Misfit {
    /// The table and the column: `skill_executions.skill_id`.
    pub column: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// Its type; `None` if it is missing.
    pub found: Option<String>,
    /// The type that it needs; `None` if cfn does not know the column.
    pub needed: Option<String>,
    /// SQL that its owner may run so that it fits; `None` where only they know how to keep its values.
    pub remedy: Option<String>,
}

/// What is wrong with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is not there.
    Missing,
    /// Its type takes no value of cfn's.
    OtherType,
    /// Its type takes some values of cfn's, but not all.
    Narrower,
    /// It must have a value, and cfn has none for some rows.
    NotNull,
    /// It must have a value, has no default, and cfn does not know it.
    WithoutDefault,
    /// The server computes it.
    Generated,
    /// The server numbers it.
    Identity,
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
