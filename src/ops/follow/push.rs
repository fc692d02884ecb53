//! Pushes the uses of a follower to its primary, each once.
//!
//! Uses are read, pushed, and then acknowledged here: three steps, and no transaction of the follower is open during network
//! access. Who is killed in between, or gets no answer, offers the same keys again, and the primary knows those that it has.

use serde::Serialize;

use super::error::FollowError;
use super::two_sides::of_primary;
use crate::ops::Result;
use crate::store::{Received, StoreError, UsagePush, UsageReceiver};

/// Maximum number of uses in one transaction of the primary.
const AT_ONCE: usize = 1_000;

/// What was pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PushReport {
    /// Uses that the primary did not have.
    pub pushed: u64,
    /// Uses that got their outcome there.
    pub completed: u64,
    /// Uses of skills that the primary has no more: it only keeps their keys.
    pub discarded: u64,
    /// Why the primary took none; they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl PushReport {
    /// Adds what was pushed after it.
    pub(super) fn join(&mut self, other: &Self) {
        self.pushed += other.pushed;
        self.completed += other.completed;
        self.discarded += other.discarded;
        self.failed.clone_from(&other.failed);
    }

    fn add(&mut self, received: Received) {
        self.pushed += received.added;
        self.completed += received.completed + received.corrected;
        self.discarded += received.discarded;
    }
}

/// Pushes every use that the primary has not acknowledged; `origin` is the label of this follower. What is logged meanwhile may
/// wait for the next time. A primary that refuses uses, because it is full or the role may not write, keeps no decisions away.
pub(super) fn push(
    follower: &mut (impl UsagePush + ?Sized),
    primary: &mut (impl UsageReceiver + ?Sized),
    origin: &str,
) -> Result<PushReport> {
    let mut report = PushReport::default();
    follower.note_uses()?;
    let mut left = follower.unpushed()?;
    while left > 0 {
        let uses = follower.offered(AT_ONCE)?;
        left = if uses.is_empty() { 0 } else { left.saturating_sub(uses.len() as u64) };
        if uses.iter().any(|it| it.row.is_some()) {
            match primary.receive(origin, &uses) {
                Ok(received) => report.add(received),
                // Nobody knows whether it has them: they are offered again.
                Err(why @ StoreError::OutcomeUnknown { .. }) => return Err(FollowError::Unreachable { why }.into()),
                Err(error @ (StoreError::Unreachable { .. } | StoreError::Refused { .. })) => of_primary(Err(error))?,
                Err(error) => {
                    report.failed = Some(error.to_string());
                    break;
                }
            }
        }
        follower.acknowledge(&uses)?;
    }
    Ok(report)
}
