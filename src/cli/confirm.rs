//! The confirmation of what cannot be undone: `--yes`, or an answer on a terminal.

use std::io;

use super::context::Context;
use super::failure::{Failure, FailureKind};
use crate::model::Visible;

impl Context {
    /// Asks on a terminal; without one, or with another answer than yes, it is an error that says what would be done.
    pub(super) fn confirm(&self, would: &str) -> Result<(), Failure> {
        let not = || Failure::new(FailureKind::NotConfirmed, would, "Nothing was changed; add --yes to do it.");
        if !self.output.can_ask() {
            return Err(not());
        }
        self.output.help(&format!("{}\nContinue? [y/N] ", Visible(would)));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        let yes = read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str());
        if yes { Ok(()) } else { Err(not()) }
    }
}
