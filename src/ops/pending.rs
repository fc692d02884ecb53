//! `skill pending`: skills that wait for review, with the time that they have waited, and the service level.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::error::Result;
use super::scripts::is_named_as_script;
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Category, Moment, SKILL_FILE, SkillName, StoredTime, Waiting};
use crate::store::{Snapshot, Store};

/// A filter for pending skills.
#[derive(Debug, Clone, Default)]
pub struct Pending<'a> {
    /// Only skills of this level.
    pub level: Option<ApprovalLevel>,
    /// Only skills of this category.
    pub category: Option<&'a str>,
    /// Only overdue ones.
    pub overdue: bool,
}

/// The pending skills.
#[derive(Debug, Clone, Serialize)]
pub struct PendingReport {
    /// The skills, longest wait first.
    pub pending: Vec<PendingSkill>,
    /// Number of overdue ones.
    pub overdue: usize,
}

/// A skill whose current version waits for review.
#[derive(Debug, Clone, Serialize)]
pub struct PendingSkill {
    /// The skill.
    pub name: String,
    /// Its current version.
    pub version: String,
    /// Number of files beside its SKILL.md, which wait with it.
    pub files: usize,
    /// Number of those that may be run, or are named as scripts.
    pub scripts: usize,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// The time of recording, in UTC; unknown if another program omitted it.
    pub since: Option<StoredTime>,
    /// Its wait so far, in hours.
    pub waited_hours: Option<f64>,
    /// The service level in hours; `None` for `auto`.
    pub service_hours: Option<f64>,
    /// The time until when it should be decided, in UTC.
    pub due: Option<StoredTime>,
    /// Whether it is overdue.
    pub overdue: bool,
}

/// Lists pending skills, from one snapshot.
pub fn pending(store: &mut dyn Store, clock: Clock, request: &Pending<'_>) -> Result<PendingReport> {
    let snapshot = store.read()?;
    let mut pending = waiting(snapshot.as_ref(), clock, request.category)?;
    pending.retain(|it| request.level.is_none_or(|level| level == it.approval_level));
    let overdue = pending.iter().filter(|it| it.overdue).count();
    pending.retain(|it| it.overdue || !request.overdue);
    pending.iter_mut().try_for_each(|it| it.count_files(snapshot.as_ref()))?;
    Ok(PendingReport { pending, overdue })
}

/// Pending skills, longest wait first, then those of unknown time; equal times in the order of recording.
pub(super) fn waiting(snapshot: &dyn Snapshot, clock: Clock, category: Option<&str>) -> Result<Vec<PendingSkill>> {
    let now = clock.moment();
    let mut all: Vec<_> = snapshot.waiting(category)?.into_iter().map(|it| PendingSkill::of(it, now)).collect();
    let waited = |it: &PendingSkill| it.waited_hours.unwrap_or(f64::MIN);
    all.sort_by(|a, b| waited(b).total_cmp(&waited(a)));
    Ok(all)
}

/// Pending skills, longest wait first. Names that no command accepts, from other programs, are left out.
pub(super) fn waiting_names(
    snapshot: &dyn Snapshot,
    clock: Clock,
    category: Option<Category>,
    level: Option<ApprovalLevel>,
) -> Result<Vec<SkillName>> {
    let waiting = waiting(snapshot, clock, category.map(Category::as_str))?;
    let asked = waiting.into_iter().filter(|it| level.is_none_or(|level| level == it.approval_level));
    Ok(asked.filter_map(|it| it.name.parse().ok()).collect())
}

impl PendingSkill {
    fn of(waiting: Waiting, now: Moment) -> Self {
        let waited_hours = hours(waiting.since.as_ref(), Some(now.timestamp()));
        let service_hours = waiting.approval_level.service_hours();
        let due = waiting.since.as_ref().and_then(|it| later(it, service_hours?));
        Self {
            due,
            overdue: waited_hours.zip(service_hours).is_some_and(|(waited, most)| waited > most),
            name: waiting.name,
            version: waiting.version,
            files: 0,
            scripts: 0,
            approval_level: waiting.approval_level,
            since: waiting.since,
            waited_hours,
            service_hours,
        }
    }

    /// Counts the files beside its SKILL.md. Names that no command accepts, from other programs, have none.
    fn count_files(&mut self, snapshot: &dyn Snapshot) -> Result<()> {
        let Ok(name) = self.name.parse::<SkillName>() else { return Ok(()) };
        let Some(skill) = snapshot.skill(&name)? else { return Ok(()) };
        let mut files = snapshot.files(skill.id, &self.version)?;
        files.retain(|it| it.path != SKILL_FILE);
        self.files = files.len();
        self.scripts = files.iter().filter(|it| is_named_as_script(&it.path, &it.mode)).count();
        Ok(())
    }
}

/// A time so many hours later; `None` if it is invalid.
fn later(time: &StoredTime, hours: f64) -> Option<StoredTime> {
    let after = SignedDuration::try_from_secs_f64(hours * 3600.0).ok()?;
    Some(Moment::from(time.instant()?.checked_add(after).ok()?).into())
}

/// Hours from one time to another; `None` if either is unknown or invalid.
pub(super) fn hours(from: Option<&StoredTime>, to: Option<Timestamp>) -> Option<f64> {
    Some(to?.duration_since(from?.instant()?).as_secs_f64() / 3600.0)
}
