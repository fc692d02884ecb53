//! Runs of agents: each has a plan, a folder, a supervisor and one result.
//!
//! A run's supervisor is a process of its own, which outlives the command that spawned the run. It holds the lock of the
//! run's folder as long as it lives: a run is alive while somebody holds that lock, whatever process ids say. It writes
//! the result beside the lock before it writes it to the database, so that a busy or missing database loses nothing.
//! What a killed supervisor leaves is ended by the next command that looks after runs.
//!
//! | file | what it owns |
//! |---|---|
//! | `plan` | what is to be run, and with what |
//! | `runtime` | the contract of what runs a command: processes, or a container engine |

mod plan;
mod runtime;

pub use plan::{Order, Plan, RuntimeKind};
pub use runtime::{Ended, Left, Logs, Runtime, RuntimeError};
