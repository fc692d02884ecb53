//! The ports by which uses of skills go from a follower to its primary.

use super::Result;
use super::copying::Owned;

/// A use that a follower offers to its primary.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedUse {
    /// The row in the follower's log.
    pub row_id: i64,
    /// Changes with each change of the row.
    pub token: i64,
    /// What it is; `None` if the row is gone.
    pub row: Option<OfferedRow>,
}

/// The row of a use.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferedRow {
    /// The random key by which it is known.
    pub delivery_key: String,
    /// The name of its skill, and when that was created; `None` if the skill is gone.
    pub skill: Option<(String, String)>,
    /// The values of the copied columns of the usage log, in their order.
    pub values: Vec<Owned>,
}

/// What a primary did with the uses that it was offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// New uses.
    pub added: u64,
    /// New uses of skills that are gone: their keys are recorded, nothing else.
    pub discarded: u64,
    /// Uses that got their outcome.
    pub completed: u64,
    /// Outcomes of uses whose rows are archived, each added as a row of its own.
    pub corrected: u64,
}

/// The side of a follower.
///
/// Promise: a use that was logged, or that got its outcome, while the database follows is offered until it is acknowledged,
/// by the same key in this database and in every copy of it. Logging in a database that does not follow pays nothing for it.
pub trait UsagePush {
    /// Begins to note uses, if it does not yet; then every use in the log is offered.
    fn note_uses(&mut self) -> Result<()>;
    /// The number of uses that are not acknowledged.
    fn unpushed(&mut self) -> Result<u64>;
    /// The skills of the uses that are not acknowledged.
    fn unpushed_skills(&mut self) -> Result<Vec<i64>>;
    /// The first uses that are not acknowledged, in the order of the log: at most `most`, and at least one.
    fn offered(&mut self, most: usize) -> Result<Vec<OfferedUse>>;
    /// Acknowledges uses. One that changed since it was offered is offered again.
    fn acknowledge(&mut self, uses: &[OfferedUse]) -> Result<()>;
    /// Offers every use in the log again.
    fn offer_again(&mut self) -> Result<()>;
}

/// The side of a primary.
///
/// Promise: a use is added once, and completed once, however often it is offered and by whom; all of one call or nothing.
pub trait UsageReceiver {
    /// Takes what is new of these uses of a follower with this label.
    fn receive(&mut self, origin: &str, uses: &[OfferedUse]) -> Result<Received>;
}
