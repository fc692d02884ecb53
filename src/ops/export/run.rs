//! An export from its survey to its report.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::{Done, Workshop};
use super::lock::{Lock, LockedSkill};
use super::place::Place;
use super::report::{ExportCheck, ExportReport, FolderDifference, RemovedSkill, WrittenSkill};
use super::request::{Export, Layout};
use super::survey::{Aim, FolderState, Item, Survey, left_out};
use super::wanted::Wanted;
use crate::model::Remark;
use crate::ops::error::Result;
use crate::skill_folder::OnDisk;
use crate::store::Snapshot;

pub(super) fn check(mut survey: Survey, request: &Export) -> ExportCheck {
    let mut differences: Vec<_> = survey.items.values().filter(|it| !it.is_right()).map(FolderDifference::of).collect();
    let named = |it: &Remark<String>, state| FolderDifference {
        path: request.layout.path_of(&it.subject),
        state,
        reason: it.reason.clone(),
    };
    for broken in &survey.selected.broken {
        let difference = named(broken, FolderState::Damaged);
        if !differences.iter().any(|it| it.path == difference.path) {
            differences.push(difference);
        }
    }
    let foreign = |path: String| FolderDifference { path, state: FolderState::Foreign, reason: String::new() };
    differences.extend(std::mem::take(&mut survey.foreign).into_iter().map(foreign));
    differences.sort();
    ExportCheck {
        folder: request.folder.clone(),
        layout: request.layout,
        checked: survey.items.len(),
        differences,
        left_out: left_out(&mut survey.selected),
        notes: notes(&mut survey),
        unmapped: survey.selected.unmapped,
    }
}

pub(super) fn plan(mut survey: Survey, request: &Export) -> ExportReport {
    let mut run = Run::new(&mut survey, request);
    run.report.dry_run = true;
    for item in survey.items.values() {
        match run.work(item) {
            Work::Put(wanted) => run.put(item, wanted, Done::Well { quarantined: None }),
            Work::Take(why, _) => run.taken(item, why, Done::Well { quarantined: None }),
            Work::Nothing => {}
        }
    }
    run.report
}

pub(super) fn export(snapshot: &dyn Snapshot, place: &Place, request: &Export) -> Result<ExportReport> {
    let mut survey = Survey::of(snapshot, place, request)?;
    let mut run = Run::new(&mut survey, request);
    let workshops = workshops(snapshot, place, &survey, &run)?;
    if survey.items.values().any(|it| !matches!(run.work(it), Work::Nothing)) {
        place.record(&intended(&survey, &run), request.is_synced)?;
    }
    let worked = || survey.items.values().filter_map(|it| Some((it, workshops.get(&it.layout)?)));
    for (item, workshop) in worked() {
        if let Work::Take(why, locked) = run.work(item) {
            run.taken(item, why, workshop.take(item, locked)?);
        }
    }
    for (item, workshop) in worked() {
        if let Work::Put(wanted) = run.work(item) {
            run.put(item, wanted, workshop.put(item, wanted)?);
        }
    }
    drop(workshops);
    if run.report.in_the_way.is_empty() || run.report.changes() {
        place.record(&recorded(&survey, &run), request.is_synced)?;
    }
    Ok(run.report)
}

/// Opens what the work needs, and mends what killed exports left.
fn workshops<'a>(
    snapshot: &'a dyn Snapshot,
    place: &'a Place,
    survey: &Survey,
    run: &Run,
) -> Result<BTreeMap<Layout, Workshop<'a>>> {
    let works = |item: &&Item| !matches!(run.work(item), Work::Nothing);
    let mut layouts: BTreeSet<Layout> = survey.items.values().filter(works).map(|it| it.layout).collect();
    for layout in Layout::ALL {
        if Workshop::has_leftovers(place, layout)? {
            layouts.insert(layout);
        }
    }
    layouts.into_iter().map(|it| Ok((it, Workshop::open(snapshot, place, it, &survey.lock)?))).collect()
}

/// What to do about an item.
enum Work<'a> {
    Put(&'a Wanted),
    Take(&'a str, &'a LockedSkill),
    Nothing,
}

struct Run {
    report: ExportReport,
    /// Paths whose folders were not made as they should be.
    undone: BTreeSet<String>,
}

impl Run {
    fn new(survey: &mut Survey, request: &Export) -> Self {
        let in_the_way = survey.items.values().filter(|it| is_in_the_way(it));
        let mut problems: Vec<_> = survey.items.values().filter_map(unsolvable).collect();
        for Remark { subject, reason, .. } in survey.selected.broken.drain(..) {
            problems.push(Remark::new(request.layout.path_of(&subject), (), reason));
        }
        problems.sort();
        problems.dedup_by(|second, first| second.subject == first.subject);
        let report = ExportReport {
            folder: request.folder.clone(),
            layout: request.layout,
            dry_run: false,
            written: Vec::new(),
            removed: Vec::new(),
            unchanged: survey.items.values().filter(|it| it.state == FolderState::Current).count(),
            left_out: left_out(&mut survey.selected),
            problems,
            in_the_way: in_the_way.map(shown).collect(),
            foreign: std::mem::take(&mut survey.foreign),
            notes: notes(survey),
            unmapped: std::mem::take(&mut survey.selected.unmapped),
        };
        Self { report, undone: BTreeSet::new() }
    }

    fn work<'a>(&self, item: &'a Item) -> Work<'a> {
        use FolderState::{Changed, Missing, Older, Revoked, Unmapped};
        match (&item.aim, item.state, &item.locked) {
            (Aim::Be(wanted), Missing | Older | Changed, _) if self.report.in_the_way.is_empty() => Work::Put(wanted),
            (Aim::Leave { why, .. }, Revoked | Unmapped, Some(locked)) => Work::Take(why, locked),
            _ => Work::Nothing,
        }
    }

    fn put(&mut self, item: &Item, wanted: &Wanted, done: Done) {
        match done {
            Done::Well { quarantined } => {
                self.report.written.push(WrittenSkill::of(item, &wanted.version, &wanted.folder, quarantined));
            }
            Done::Not(why) => self.failed(item, why),
        }
    }

    fn taken(&mut self, item: &Item, why: &str, done: Done) {
        match done {
            Done::Well { quarantined } => {
                let (path, skill, reason) = (item.path(), item.name.clone(), why.to_owned());
                self.report.removed.push(RemovedSkill { path, skill, reason, quarantined });
            }
            Done::Not(why) => self.failed(item, why),
        }
    }

    fn failed(&mut self, item: &Item, why: String) {
        self.undone.insert(item.path());
        self.report.problems.push(Remark::new(item.path(), (), why));
    }
}

/// The path, and what is there if it is no folder of a skill.
fn shown(item: &Item) -> String {
    match &item.on_disk {
        OnDisk::Other(why) => format!("{} ({why})", item.path()),
        _ => item.path(),
    }
}

fn is_in_the_way(item: &Item) -> bool {
    matches!(item.aim, Aim::Be(_)) && item.state == FolderState::Foreign
}

/// What no export changes: a damaged skill, and something else in the place of a skill that should leave.
fn unsolvable(item: &Item) -> Option<Remark<String>> {
    let is = item.state == FolderState::Damaged
        || matches!(item.aim, Aim::Leave { .. }) && item.state == FolderState::Foreign;
    is.then(|| Remark::new(item.path(), (), item.reason()))
}

/// The record before the export changes anything: with what it is about to write, so that whatever a kill leaves is
/// known to be cfn's.
fn intended(survey: &Survey, run: &Run) -> Lock {
    let mut lock = survey.lock.clone();
    for item in survey.items.values() {
        if let Work::Put(wanted) = run.work(item) {
            let present = match (&item.locked, &item.on_disk) {
                (Some(locked), OnDisk::Folder(folder)) if locked.wrote(folder.hash()) => Some(folder.hash()),
                (locked, _) => locked.as_ref().map(|it| it.folder_hash),
            };
            lock.add(entry(item, wanted).replacing(present));
        }
    }
    lock
}

/// The record after the export.
fn recorded(survey: &Survey, run: &Run) -> Lock {
    let mut lock = Lock { database: survey.lock.database.clone(), ..Lock::default() };
    for item in survey.items.values() {
        let is_written = match run.work(item) {
            Work::Put(_) => !run.undone.contains(&item.path()),
            Work::Take(..) | Work::Nothing => item.state == FolderState::Current,
        };
        match (&item.aim, &item.locked) {
            (Aim::Be(wanted), _) if is_written => lock.add(entry(item, wanted)),
            (Aim::Leave { .. }, Some(_))
                if item.state != FolderState::Foreign && !run.undone.contains(&item.path()) => {}
            (_, Some(locked)) => lock.add(locked.clone()),
            (_, None) => {}
        }
    }
    lock
}

fn entry(item: &Item, wanted: &Wanted) -> LockedSkill {
    LockedSkill::of(item.layout, &item.name, &wanted.version, &wanted.folder, wanted.owners.clone())
}

fn notes(survey: &mut Survey) -> Vec<String> {
    let mut notes = std::mem::take(&mut survey.selected.notes);
    let has = |layout| survey.items.values().any(|it| it.layout == layout && matches!(it.aim, Aim::Be(_)));
    if has(Layout::Agents) && has(Layout::Claude) {
        notes.push(
            "both .agents/skills and .claude/skills are exported here: GitHub Copilot and OpenCode read both, and list each \
             skill twice"
                .to_owned(),
        );
    }
    notes
}
