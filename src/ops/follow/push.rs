//! Pushes the uses of a follower to its primary, each once.
//!
//! Uses are read, pushed, and then acknowledged here: three steps, and no transaction of the follower is open during network
//! access. Who is killed in between, or gets no answer, offers the same keys again, and the primary knows those that it has.

use serde::Serialize;

use super::error::FollowError;
use super::two_sides::of_primary;
use crate::ops::Result;
use crate::store::{OfferedUse, Received, StoreError, UsagePush, UsageReceiver};

/// Maximum number of uses in one transaction of the primary.
const AT_ONCE: usize = 1_000;

/// Maximum number of uses that the primary refuses one by one: then it refuses them for another reason than what they hold.
const MOST_REFUSED: usize = 20;

/// What was pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PushReport {
    /// Uses that the primary did not have.
    pub pushed: u64,
    /// Uses that got their outcome there.
    pub completed: u64,
    /// Uses of skills that the primary has no more: it only keeps their keys.
    pub discarded: u64,
    /// Why the primary refused some, or all; they are kept.
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
/// wait for the next time. A primary that refuses uses, because it is full or the role may not write, keeps no decisions away,
/// and a use that it refuses for what it holds keeps no other use away.
pub(super) fn push(
    follower: &mut (impl UsagePush + ?Sized),
    primary: &mut (impl UsageReceiver + ?Sized),
    origin: &str,
) -> Result<PushReport> {
    let (mut report, mut refused) = (PushReport::default(), 0);
    follower.note_uses()?;
    let mut left = follower.unpushed()?;
    while left > 0 {
        let uses = follower.offered(AT_ONCE)?;
        left = if uses.is_empty() { 0 } else { left.saturating_sub(uses.len() as u64) };
        let mut parts = vec![uses.as_slice()];
        while let Some(part) = parts.pop() {
            match offer(primary, origin, part)? {
                Ok(received) => {
                    report.add(received);
                    follower.acknowledge(part)?;
                }
                Err(StoreError::Failed { .. }) if part.len() > 1 && refused < MOST_REFUSED => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => {
                    report.failed = Some(error.to_string());
                    refused += 1;
                    if !matches!(error, StoreError::Failed { .. }) || refused > MOST_REFUSED {
                        return Ok(report);
                    }
                }
            }
        }
    }
    Ok(report)
}

/// Offers uses to the primary: what it received, or why it refuses them.
fn offer(
    primary: &mut (impl UsageReceiver + ?Sized),
    origin: &str,
    uses: &[OfferedUse],
) -> Result<std::result::Result<Received, StoreError>> {
    if uses.iter().all(|it| it.row.is_none()) {
        return Ok(Ok(Received::default()));
    }
    match primary.receive(origin, uses) {
        // Nobody knows whether it has them: they are offered again.
        Err(why @ StoreError::OutcomeUnknown { .. }) => Err(FollowError::Unreachable { why }.into()),
        Err(error @ (StoreError::Unreachable { .. } | StoreError::Refused { .. })) => of_primary(Err(error)),
        answer => Ok(answer),
    }
}
