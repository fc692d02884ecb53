//! Figures of the database, read at each scrape.

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::model::ApprovalLevel;
use crate::ops::error::Result;
use crate::ops::follow::{FollowerState, follower_state};
use crate::ops::pending::{hours, waiting};
use crate::store::{DatabaseStatus, OutboxSummary, Store};

/// The most skills with a label of their own.
const MOST_SKILLS: usize = 200;

/// The label of the other skills.
const OTHER: &str = "other";

/// What is read from the database.
#[derive(Debug, Clone)]
pub struct DatabaseFigures {
    /// Skills by level and status.
    pub(super) skills: Vec<(ApprovalLevel, String, i64)>,
    /// Skills that wait for review, by level.
    pub(super) pending: BTreeMap<&'static str, i64>,
    /// Those whose review is overdue.
    pub(super) overdue: usize,
    /// How long the first of them has waited, in seconds.
    pub(super) pending_oldest_s: f64,
    pub(super) outbox: OutboxSummary,
    /// How long the oldest event has waited, in seconds.
    pub(super) outbox_oldest_s: f64,
    /// Uses by skill, most used first.
    pub(super) uses: Vec<(String, i64)>,
    /// The state of a follower; `None` if it follows nothing.
    pub(super) follower: Option<FollowerState>,
    pub(super) bytes: u64,
    pub(super) log_bytes: Option<u64>,
}

/// Reads the figures.
pub fn figures(store: &mut dyn Store, clock: Clock) -> Result<DatabaseFigures> {
    let (bytes, log_bytes) = match store.care().status()? {
        DatabaseStatus::File(it) => (it.size_bytes, Some(it.wal_bytes)),
        DatabaseStatus::Server(it) => (it.size_bytes, None),
    };
    let follower = follower_state(store, clock)?;
    let snapshot = store.read()?;
    let waiting = waiting(snapshot.as_ref(), clock, None)?;
    let mut pending = BTreeMap::new();
    for skill in &waiting {
        *pending.entry(skill.approval_level.as_str()).or_default() += 1;
    }
    let outbox = snapshot.outbox_summary()?;
    let mut uses: BTreeMap<String, i64> = BTreeMap::new();
    for cell in snapshot.usage_cells(None)? {
        *uses.entry(cell.skill.unwrap_or_else(|| OTHER.to_owned())).or_default() += cell.uses;
    }
    Ok(DatabaseFigures {
        skills: snapshot.levels(None)?,
        pending,
        overdue: waiting.iter().filter(|it| it.overdue).count(),
        pending_oldest_s: waiting.first().and_then(|it| it.waited_hours).unwrap_or(0.0).max(0.0) * 3600.0,
        outbox_oldest_s: hours(outbox.oldest.as_ref(), Some(clock.now())).unwrap_or(0.0).max(0.0) * 3600.0,
        outbox,
        uses: most_used(uses),
        follower,
        bytes,
        log_bytes,
    })
}

/// The most used skills, and the rest together.
fn most_used(uses: BTreeMap<String, i64>) -> Vec<(String, i64)> {
    let mut all: Vec<_> = uses.into_iter().collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.1));
    let rest: i64 = all.iter().skip(MOST_SKILLS).map(|it| it.1).sum();
    let some_are_left = all.len() > MOST_SKILLS;
    all.truncate(MOST_SKILLS);
    match all.iter_mut().find(|it| it.0 == OTHER) {
        Some(other) => other.1 += rest,
        None if some_are_left => all.push((OTHER.to_owned(), rest)),
        None => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::most_used;

    #[test]
    fn only_the_most_used_skills_have_labels_of_their_own() {
        let all = (1..=250).map(|it| (format!("s{it:03}"), it)).collect();
        let shown = most_used(all);
        assert_eq!(
            (shown.len(), shown[0].clone(), shown[200].clone()),
            (201, ("s250".to_owned(), 250), ("other".to_owned(), 1275))
        );
        assert_eq!(most_used([("a".to_owned(), 1)].into()), [("a".to_owned(), 1)]);
    }
}
