//! `CFN_MAX_STALENESS`: how old the state of a database that follows another one may be.

use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::model::Visible;
use crate::ops::{self, FollowerState};
use crate::settings::MaxStaleness;
use crate::store::Store;

const HINT: &str = "Run 'cfn sync', or keep 'cfn sync --watch' running.";

/// Warns of a state that is too old, or refuses it. Nothing is read if no age is set, and an invalid one matters only where a
/// primary is followed.
pub(super) fn require_fresh(context: &Context, store: &mut dyn Store) -> Result<(), Failure> {
    let most = context.settings.max_staleness();
    if let Ok(None) = most {
        return Ok(());
    }
    let Some(state) = ops::follower_state(store, context.clock)? else { return Ok(()) };
    match most?.filter(|it| state.is_older_than(it.seconds)) {
        None => Ok(()),
        Some(most) if most.refuses => Err(Failure::new(FailureKind::StateTooOld, said(&state, most), HINT)),
        Some(most) => {
            context.output.warn(&format!("{}; 'cfn sync' pulls what is new", said(&state, most)));
            Ok(())
        }
    }
}

fn said(state: &FollowerState, most: MaxStaleness) -> String {
    let primary = Visible(&state.primary);
    let age = state.age();
    format!("the state of {primary} is {age}, and CFN_MAX_STALENESS allows {} s", most.seconds)
}
