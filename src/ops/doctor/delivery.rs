//! The outbox, and followers.

use super::diagnosis::{Area, Diagnosis, several};
use crate::clock::Clock;
use crate::model::Visible;
use crate::ops::error::Result;
use crate::ops::follow::{FollowerState, follower_state};
use crate::ops::pending::hours;
use crate::store::Store;

const DELIVERY: Area = Area::Delivery;

/// An event that waits longer is late, in hours.
const LATE: f64 = 1.0;

/// What waits for the workflow database, and how far behind its primary a follower is. `queues` says whether this configuration
/// queues anything; `late` is the age in seconds from which on a follower is late.
pub fn delivery_lines(store: &mut dyn Store, clock: Clock, queues: bool, late: i64) -> Result<Vec<Diagnosis>> {
    let followers = follower_line(follower_state(store, clock)?.as_ref(), late);
    let summary = store.read()?.outbox_summary()?;
    let waited = hours(summary.oldest.as_ref(), Some(clock.now()));
    let is_idle = !queues && summary.waiting == 0 && summary.dead_letters == 0;
    let oldest = waited.map_or_else(String::new, |it| format!(", the oldest for {it:.1} h"));
    let evidence = format!("{} queued{oldest}", several(summary.waiting, "event"));
    let dead = several(summary.dead_letters, "dead letter");
    let outbox = if is_idle {
        Diagnosis::not_used(DELIVERY, "outbox", "nothing is queued for a workflow database")
    } else if waited.is_some_and(|it| it > LATE) {
        Diagnosis::warn(DELIVERY, "outbox", evidence, "cfn sync")
    } else {
        Diagnosis::ok(DELIVERY, "outbox", evidence)
    };
    let letters = if is_idle {
        Diagnosis::not_used(DELIVERY, "dead letters", "nothing is queued for a workflow database")
    } else if summary.dead_letters > 0 {
        let mend = "see why with 'cfn sync status', then 'cfn sync retry' and 'cfn sync'";
        Diagnosis::warn(DELIVERY, "dead letters", dead, mend)
    } else {
        Diagnosis::ok(DELIVERY, "dead letters", dead)
    };
    Ok(vec![outbox, letters, followers])
}

fn follower_line(state: Option<&FollowerState>, late: i64) -> Diagnosis {
    let name = "followers";
    let Some(state) = state else {
        return Diagnosis::not_used(DELIVERY, name, "this database follows no other");
    };
    let (primary, unpushed) = (Visible(&state.primary), several(state.unpushed, "use"));
    let evidence = format!("the state of {primary} is {}, {unpushed} to be pushed", state.age());
    if state.is_older_than(late) {
        Diagnosis::warn(DELIVERY, name, evidence, "cfn sync")
    } else {
        Diagnosis::ok(DELIVERY, name, evidence)
    }
}
