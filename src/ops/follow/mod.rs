//! Following: a database in a file has what a primary on a server has, and goes on serving it while the primary is gone.
//!
//! A pull first pushes the uses of agents. Then it reads the primary in one snapshot, and applies it in one transaction.

mod batch;
mod check;
mod error;
mod pull;
mod push;
mod report;
mod state;
mod two_sides;

pub use self::check::check_followed;
pub use self::error::FollowError;
pub use self::pull::{pull, pull_from};
pub use self::push::PushReport;
pub use self::report::{FollowCheck, FollowReport, PullReport, UnfollowReport};
pub use self::state::{FollowerState, follower_state};

pub use self::two_sides::{ConnectPrimary, following, primary};

use self::two_sides::{follower, of_primary};
use super::Result;
use crate::model::Origin;
use crate::store::Store;

/// A request to follow a primary.
#[derive(Debug, Clone)]
pub struct Follow {
    /// Its URL, without a password.
    pub url: String,
    /// The agent types whose skills are needed; `None` for all.
    pub agents: Option<Vec<String>>,
    /// Its label in the usage log of the primary; by default, the one that it has.
    pub origin: Option<Origin>,
    /// The label of a database that has none.
    pub host: Origin,
    /// Whether skills of its own are replaced.
    pub replace: bool,
}

/// Makes a database follow a primary, and pulls everything.
pub fn follow(store: &mut dyn Store, request: &Follow, connect: ConnectPrimary<'_>) -> Result<FollowReport> {
    let target = follower(store)?;
    let known = target.known()?;
    let is_same = known.as_ref().is_some_and(|it| it.following.url == request.url);
    let origin = request.origin.as_ref().map(ToString::to_string);
    let origin = origin.or(known.map(|it| it.following.origin)).unwrap_or_else(|| request.host.to_string());
    if let (Some(holds), false, false) = (target.own()?, is_same, request.replace) {
        return Err(FollowError::Occupied { holds }.into());
    }
    // Nothing is changed unless it is there, and is a primary.
    let mut source = of_primary(connect(&request.url))?;
    of_primary(source.news(None, request.agents.as_deref()))?;
    let previous = target.follow(&request.url, request.agents.as_deref(), &origin)?;
    let pulled = pull::from(follower(store)?, source.as_mut())?;
    Ok(FollowReport { following: request.url.clone(), agents: request.agents.clone(), origin, previous, pulled })
}

/// Makes a follower a database of its own, with what it has.
pub fn unfollow(store: &mut dyn Store) -> Result<UnfollowReport> {
    let following = following(store)?.ok_or(FollowError::FollowsNothing)?;
    follower(store)?.unfollow()?;
    Ok(UnfollowReport { followed: following.url, pulled_at: following.pulled_at })
}
