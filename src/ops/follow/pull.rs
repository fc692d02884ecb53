//! A pull: reads what is new on the primary, and applies it.

use super::batch::{Gathered, gather};
use super::error::FollowError;
use super::push::{PushReport, push};
use super::report::PullReport;
use super::two_sides::{ConnectPrimary, follower, following, of_primary};
use crate::model::ContentHash;
use crate::ops::Result;
use crate::store::Store;
use crate::store::following::{Content, FollowSource, FollowTarget, Known, WhyAll};

/// So often a pull starts again when another process was faster.
const ATTEMPTS: u32 = 10;

/// So many bytes are fetched at once, unless a single one is larger.
const FETCHED: usize = 64;

/// Pulls what is new.
pub fn pull(store: &mut dyn Store, connect: ConnectPrimary<'_>) -> Result<PullReport> {
    let url = following(store)?.ok_or(FollowError::FollowsNothing)?.url;
    pull_from(store, of_primary(connect(&url))?.as_mut())
}

/// The same from a primary to which there is a connection, which can be kept.
pub fn pull_from(store: &mut dyn Store, source: &mut dyn FollowSource) -> Result<PullReport> {
    let target = follower(store)?;
    let mut report = from(target, source)?;
    source.rest();
    if let (Some(why), Some(known)) = (report.everything, target.known()?)
        && why.forgets_uses()
    {
        report.uses.join(&push(target, source, &known.following.origin)?);
    }
    Ok(report)
}

/// Pulls from this source. Its snapshot stays open.
pub(super) fn from(target: &mut dyn FollowTarget, source: &mut dyn FollowSource) -> Result<PullReport> {
    let mut uses = PushReport::default();
    for _ in 0..ATTEMPTS {
        let known = target.known()?.ok_or(FollowError::FollowsNothing)?;
        uses.join(&push(target, source, &known.following.origin)?);
        let keeping = if uses.failed.is_some() { Keeping::Skills(target.unpushed_skills()?) } else { Keeping::Uses };
        if let Some(report) = once(target, source, known, &keeping)? {
            return Ok(PullReport { uses, ..report });
        }
    }
    Err(FollowError::Conflict { attempts: ATTEMPTS }.into())
}

/// What a pull does about uses that are not pushed.
enum Keeping {
    /// It removes none: they are pushed first.
    Uses,
    /// The primary takes none now, and that keeps no decision away. These skills stay with their uses, as long as the primary has
    /// them.
    Skills(Vec<i64>),
}

/// One attempt; `None` if another process was faster, or if uses are to be pushed first.
fn once(
    target: &mut dyn FollowTarget,
    source: &mut dyn FollowSource,
    known: Known,
    keeping: &Keeping,
) -> Result<Option<PullReport>> {
    let (keeps_uses, kept) = match keeping {
        Keeping::Uses => (true, &[][..]),
        Keeping::Skills(kept) => (false, &kept[..]),
    };
    let Gathered { mut batch, all, misses, named, told } = gather(target, source, &known, kept)?;
    batch.keeps_uses = keeps_uses;
    if all.is_some_and(WhyAll::forgets_uses) {
        target.offer_again()?;
    }
    let missing = target.missing(&named, &told)?;
    let mut fetched = Fetched { known, contents: 0, damaged: Vec::new() };
    for hashes in missing.chunks(FETCHED) {
        if !fetched.fetch(target, source, hashes)? {
            return Ok(None);
        }
    }
    let Fetched { known, contents, damaged } = fetched;
    let Some(applied) = target.apply(&known, &batch)? else { return Ok(None) };
    Ok(Some(PullReport {
        primary: source.location(),
        everything: all,
        rows: applied.rows,
        removed_skills: applied.removed,
        contents,
        erased: applied.erased,
        damaged,
        feed_is_incomplete: misses,
        uses: PushReport::default(),
        primary_time: batch.time,
    }))
}

/// Bytes on their way.
struct Fetched {
    known: Known,
    contents: u64,
    damaged: Vec<String>,
}

impl Fetched {
    /// Fetches some bytes, and keeps those that are what their hash says: damage of one skill must not keep decisions about
    /// others away. Returns whether nobody else changed the database meanwhile.
    fn fetch(
        &mut self,
        target: &mut dyn FollowTarget,
        source: &mut dyn FollowSource,
        hashes: &[String],
    ) -> Result<bool> {
        let contents = of_primary(source.contents(hashes))?;
        let is_whole = |it: &Content| it.hash.parse::<ContentHash>().is_ok_and(|hash| hash.matches(&it.bytes));
        let (whole, damaged): (Vec<_>, Vec<_>) = contents.into_iter().partition(is_whole);
        self.damaged.extend(damaged.into_iter().map(|it| it.hash));
        if whole.is_empty() {
            return Ok(true);
        }
        let Some(known) = target.keep(&self.known, &whole)? else { return Ok(false) };
        (self.known, self.contents) = (known, self.contents + whole.len() as u64);
        Ok(true)
    }
}
