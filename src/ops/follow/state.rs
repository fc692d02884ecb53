//! How far behind its primary a follower may be.

use serde::Serialize;

use crate::clock::Clock;
use crate::model::StoredTime;
use crate::ops::Result;
use crate::store::Store;

/// The state of a follower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowerState {
    /// The URL of the primary.
    pub primary: String,
    /// The agent types whose skills it has; `None` for all.
    pub agents: Option<Vec<String>>,
    /// Its name in the usage log of the primary.
    pub origin: String,
    /// When the last pull ended, by the clock of this machine, in UTC.
    pub pulled_at: Option<String>,
    /// When it saw the primary, by the clock of that one, in UTC.
    pub primary_time: Option<String>,
    /// Seconds since the last pull; `None` if there was none, or if the clock was set back since.
    pub seconds_behind: Option<i64>,
    /// Uses that are to be pushed.
    pub unpushed: u64,
}

impl FollowerState {
    /// Seconds behind from which on somebody should look after it: a sync that is scheduled every five minutes failed twice.
    pub const LATE: i64 = 900;

    /// The age of its state, in words that follow "it is".
    #[must_use]
    pub fn age(&self) -> String {
        match (self.seconds_behind, &self.pulled_at) {
            (Some(seconds), _) => format!("{seconds} s old"),
            (None, Some(at)) => format!("of {at}, which is later than now"),
            (None, None) => "not pulled yet".to_owned(),
        }
    }

    /// Whether its state is older than so many seconds, as far as that can be known.
    #[must_use]
    pub fn is_older_than(&self, seconds: i64) -> bool {
        self.seconds_behind.is_none_or(|it| it > seconds)
    }
}

/// The state of a database that follows another one; `None` if it follows none.
pub fn follower_state(store: &mut dyn Store, clock: Clock) -> Result<Option<FollowerState>> {
    let Some(target) = store.follower() else { return Ok(None) };
    let Some(known) = target.known()? else { return Ok(None) };
    let following = known.following;
    let now = clock.now().as_second();
    let pulled = following.pulled_at.clone().map(StoredTime::from).and_then(|it| it.instant());
    let seconds_behind = pulled.map(|it| now - it.as_second()).filter(|it| *it >= 0);
    Ok(Some(FollowerState {
        primary: following.url,
        agents: following.agents,
        origin: following.origin,
        pulled_at: following.pulled_at,
        primary_time: following.primary_time,
        seconds_behind,
        unpushed: target.unpushed()?,
    }))
}
