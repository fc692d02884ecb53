//! Starts, limits and ends other programs; no other module does. Programs inherit only what they need.

mod attended;
mod background;
mod bounded;
mod call;
mod foreground;
mod handed;
mod noticed;
mod program;
mod relay;

use std::io;

use crate::model::Visible;

pub use attended::{Attending, Client, ClientInput, Happened};
pub use background::{Detached, start_detached, start_in_background};
pub use bounded::{
    Apart, Bounded, Early, Ending, Finished, Limited, NotEntered, Session, Waiting, become_command,
    become_what_is_told, limited,
};
pub use call::{Answer, Call};
pub use foreground::run_in_foreground;
pub use handed::{hand_over, take_over};
pub use noticed::{First, Noticed};
pub use program::{Program, Ran};
pub use relay::Relay;

/// Why a program failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It exited with an error.
    #[error("{}: {status}{}", Visible(line), said_after(said))]
    Failed {
        /// The command line.
        line: String,
        /// Its exit status.
        status: String,
        /// Its exit code, if it exited.
        code: Option<i32>,
        /// Its stderr.
        said: String,
    },
    /// It could not be started or waited for.
    #[error("{} could not be started: {source}", Visible(line))]
    NotStarted {
        /// The command line.
        line: String,
        /// The cause.
        source: io::Error,
    },
}

/// The result of running a program.
pub type Result<T> = std::result::Result<T, Error>;

fn said_after(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {}", Visible(said)) }
}
