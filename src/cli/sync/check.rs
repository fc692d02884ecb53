//! The comparison of a follower with its primary.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::Exit;
use crate::ops::{self, FollowCheck};
use crate::store::Store;

/// Pulls, and compares with the primary.
pub(super) fn run(context: &Context, store: &mut dyn Store) -> Result<Exit, Failure> {
    let following = ops::following(store)?.ok_or(ops::FollowError::FollowsNothing)?;
    let mut connect = context.primary(&following.url)?;
    let report = ops::check_followed(store, &mut |_| connect())?;
    context.warn_of_pull(&report.pulled);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for FollowCheck {
    fn text(&self, page: &mut Page) {
        self.pulled.text(page);
        page.line(format!("equal to the primary: {}, SHA-256 {}", counted(self.compared_rows, "row"), self.sha256));
    }
}
