//! Compares what should be there with what is there: reads every folder, and changes nothing.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread;

use rustix::fs::{AtFlags, Dir, FileType, statat};

use super::difference::difference;
use super::error::ExportError;
use super::judged::{Judged, judged};
use super::lock::{Lock, LockedSkill, Owners};
use super::place::Place;
use super::request::{Export, Layout, Selection};
use super::wanted::{Selected, Wanted};
use crate::model::Remark;
use crate::ops::error::Result;
use crate::skill_folder::{OnDisk, is_skill, read};
use crate::store::Snapshot;

/// More threads do not read faster.
const MOST_THREADS: usize = 8;

/// So few folders are read by one thread.
const FEW: usize = 16;

/// The state of a skill's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FolderState {
    /// It is as it should be.
    Current,
    /// It is not there.
    Missing,
    /// It has another approved version, as cfn wrote it.
    Older,
    /// Somebody changed it.
    Changed,
    /// cfn did not write it.
    Foreign,
    /// Its skill is not served any more.
    Revoked,
    /// No mapping of the selection has its skill any more.
    Unmapped,
    /// The stored folder of its skill is damaged.
    Damaged,
}

impl FolderState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Missing => "missing",
            Self::Older => "older",
            Self::Changed => "changed",
            Self::Foreign => "foreign",
            Self::Revoked => "revoked",
            Self::Unmapped => "unmapped",
            Self::Damaged => "damaged",
        }
    }
}

/// What should become of an entry.
#[derive(Debug)]
pub(super) enum Aim {
    Be(Box<Wanted>),
    Leave { revoked: bool, why: String },
    Stay(String),
}

/// An entry among the skills, or one that should be there.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) layout: Layout,
    pub(super) name: String,
    pub(super) aim: Aim,
    pub(super) locked: Option<LockedSkill>,
    pub(super) on_disk: OnDisk,
    pub(super) state: FolderState,
}

/// What a survey found.
#[derive(Debug)]
pub(super) struct Survey {
    /// By path.
    pub(super) items: BTreeMap<String, Item>,
    pub(super) lock: Lock,
    pub(super) selected: Selected,
    /// Paths of skills' folders that cfn did not write, and which are in nobody's way.
    pub(super) foreign: Vec<String>,
}

impl Survey {
    pub(super) fn of(snapshot: &dyn Snapshot, place: &Place, request: &Export) -> Result<Self> {
        let database = snapshot
            .revision(crate::model::Tables::Catalogue)?
            .map(|it| format!("{:032x}", u128::from_be_bytes(*it.database())));
        let lock = place.lock()?;
        if database.is_some() && lock.database.is_some() && lock.database != database {
            return Err(ExportError::OtherDatabase { path: place.lock_path() }.into());
        }
        let selected = Selected::of(snapshot, &request.selection)?;
        let mut items = BTreeMap::new();
        let mut foreign = Vec::new();
        for (path, locked) in &lock.skills {
            match aim(snapshot, request, &selected, locked)? {
                Some(aim) => {
                    let item = Item::new(locked.layout, &locked.skill, aim, Some(locked.clone()));
                    items.insert(path.clone(), item);
                }
                None => foreign.push(path.clone()),
            }
        }
        for (name, wanted) in &selected.skills {
            let path = request.layout.path_of(name);
            let wanted = Aim::Be(Box::new(wanted.clone()));
            items.entry(path).or_insert_with(|| Item::new(request.layout, name, wanted, None));
        }
        let mut survey = Self { items, lock: Lock { database, ..lock }, selected, foreign };
        survey.look(place, request.layout)?;
        Ok(survey)
    }

    fn look(&mut self, place: &Place, own: Layout) -> Result<()> {
        for layout in Layout::ALL {
            let mut items: Vec<&mut Item> = self.items.values_mut().filter(|it| it.layout == layout).collect();
            if items.is_empty() && layout != own {
                continue;
            }
            let folder = place.skills(layout)?;
            if let Some(folder) = &folder {
                read_all(folder, &mut items).map_err(|error| place.fault(&layout.path_of(""), "read", error))?;
            }
            items.into_iter().for_each(Item::compare);
            if let Some(folder) = folder.filter(|_| layout == own) {
                let others =
                    others(&folder, layout).map_err(|error| place.fault(&layout.path_of(""), "read", error))?;
                self.foreign.extend(others.into_iter().filter(|it| !self.items.contains_key(it)));
            }
        }
        self.foreign.sort_unstable();
        self.foreign.dedup();
        Ok(())
    }
}

/// What should become of an exported skill; `None` if the database never had it.
fn aim(snapshot: &dyn Snapshot, request: &Export, selected: &Selected, locked: &LockedSkill) -> Result<Option<Aim>> {
    let own = locked.layout == request.layout;
    if let Some(wanted) = selected.skills.get(&locked.skill).filter(|_| own) {
        let mut wanted = wanted.clone();
        wanted.owners.join(&locked.owners);
        return Ok(Some(Aim::Be(Box::new(wanted))));
    }
    if let Some(broken) = selected.broken.iter().find(|it| own && it.subject == locked.skill) {
        return Ok(Some(Aim::Stay(broken.reason.clone())));
    }
    let verdict = match judged(snapshot, locked)? {
        Judged::Unknown => return Ok(None),
        Judged::Leaves(why) => return Ok(Some(Aim::Leave { revoked: true, why })),
        Judged::Broken(why) => return Ok(Some(Aim::Stay(why))),
        Judged::Stays(wanted) => wanted,
    };
    if !(own && request.prune) {
        return Ok(Some(Aim::Be(verdict)));
    }
    let owners = verdict.owners.without(&request.selection.owners());
    if owners.is_nobody() {
        return Ok(Some(Aim::Leave { revoked: false, why: "no mapping has it any more".to_owned() }));
    }
    Ok(Some(Aim::Be(Box::new(Wanted { owners, ..*verdict }))))
}

impl Selection {
    fn owners(&self) -> Owners {
        match self {
            Self::All => Owners { all: true, ..Owners::default() },
            Self::Agents(agents) => Owners { all: false, agents: agents.iter().map(ToString::to_string).collect() },
            Self::Loaded(agent_type, _) => Owners { all: false, agents: [agent_type.to_string()].into() },
        }
    }
}

impl Item {
    fn new(layout: Layout, name: &str, aim: Aim, locked: Option<LockedSkill>) -> Self {
        let (on_disk, state) = (OnDisk::Missing, FolderState::Missing);
        Self { layout, name: name.to_owned(), aim, locked, on_disk, state }
    }

    pub(super) fn path(&self) -> String {
        self.layout.path_of(&self.name)
    }

    fn compare(&mut self) {
        let hash = match &self.on_disk {
            OnDisk::Folder(folder) => Some(folder.hash()),
            OnDisk::Missing | OnDisk::Odd(_) | OnDisk::Other(_) => None,
        };
        self.state = match (&self.aim, &self.on_disk) {
            (Aim::Stay(_), _) => FolderState::Damaged,
            (_, OnDisk::Missing) => FolderState::Missing,
            (_, OnDisk::Other(_)) => FolderState::Foreign,
            (Aim::Leave { revoked: true, .. }, _) => FolderState::Revoked,
            (Aim::Leave { revoked: false, .. }, _) => FolderState::Unmapped,
            (Aim::Be(wanted), _) if hash == Some(wanted.hash) => FolderState::Current,
            (Aim::Be(_), _) => match (&self.locked, hash) {
                (None, _) => FolderState::Foreign,
                (Some(locked), Some(hash)) if locked.wrote(hash) => FolderState::Older,
                (Some(_), _) => FolderState::Changed,
            },
        };
    }

    /// Whether it is as it should be: what leaves is not there.
    pub(super) fn is_right(&self) -> bool {
        match self.aim {
            Aim::Leave { .. } => self.state == FolderState::Missing,
            Aim::Be(_) => self.state == FolderState::Current,
            Aim::Stay(_) => false,
        }
    }

    /// What a report says about its state.
    pub(super) fn reason(&self) -> String {
        match (&self.aim, self.state, &self.on_disk) {
            (_, FolderState::Foreign, OnDisk::Other(why)) => (*why).to_owned(),
            (Aim::Be(wanted), FolderState::Changed | FolderState::Foreign, OnDisk::Folder(folder)) => {
                difference(folder, &wanted.folder)
            }
            (Aim::Be(wanted), FolderState::Older, _) => {
                let version = self.locked.as_ref().map(|it| it.version.as_str()).unwrap_or_default();
                if version == wanted.version { String::new() } else { format!("{} is served", wanted.version) }
            }
            (_, FolderState::Changed, OnDisk::Odd(why)) | (Aim::Leave { why, .. } | Aim::Stay(why), ..) => why.clone(),
            _ => String::new(),
        }
    }
}

/// Reads what is on disk for each item, with several threads: hashing takes the time.
fn read_all(folder: &OwnedFd, items: &mut [&mut Item]) -> io::Result<()> {
    let threads = if items.len() < FEW { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
    let share = items.len().div_ceil(threads.min(MOST_THREADS)).max(1);
    let read_some = |items: &mut [&mut Item]| {
        items.iter_mut().try_for_each(|item| {
            item.on_disk = read(folder.as_fd(), &item.name)?;
            Ok(())
        })
    };
    if items.len() <= share {
        return read_some(items);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = items.chunks_mut(share).map(|some| scope.spawn(|| read_some(some))).collect();
        threads.into_iter().try_for_each(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The entries among the skills that clients may read as skills. The names are not trusted.
fn others(folder: &OwnedFd, layout: Layout) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            known => known,
        };
        let is_one = match (layout, kind) {
            (Layout::Plain, FileType::Directory) => is_skill(folder, &name),
            (Layout::Agents | Layout::Claude, FileType::Directory | FileType::Symlink) => true,
            _ => false,
        };
        if is_one {
            found.push(layout.path_of(&name));
        }
    }
    Ok(found)
}

/// Skills that the selection leaves out, and why.
pub(super) fn left_out(selected: &mut Selected) -> Vec<Remark<String>> {
    let mut all = std::mem::take(&mut selected.unserved);
    all.sort();
    all.dedup();
    all
}
