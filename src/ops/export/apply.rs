//! Makes the folders as they should be, one skill after another: each is there whole or not at all at every instant.

use std::collections::HashSet;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, unlinkat};

use super::error::ExportError;
use super::lock::{Lock, LockedSkill};
use super::place::Place;
use super::request::Layout;
use super::survey::Item;
use super::wanted::Wanted;
use crate::model::{ContentHash, FolderFile, SkillFolder, SkillName};
use crate::ops::error::{Error, Result};
use crate::skill_folder::{self, OnDisk, Rights, WriteFault, create_below, open_below, read, remove, write};
use crate::store::{Snapshot, StoreError};

/// The folder beside the skills in which they are built. Clients do not look into hidden folders.
const STAGING: &str = ".cfn-tmp";

/// The folder for what somebody changed.
const QUARANTINE: &str = ".cfn-quarantine";

/// A folder that is being built; never anything else.
const NEW: &str = ".new";

/// A folder that was replaced or removed, or is about to replace one.
const OLD: &str = ".old";

/// A folder that is being removed. Only these and new ones may be incomplete.
const GONE: &str = ".gone";

/// What became of a skill's folder.
#[derive(Debug)]
pub(super) enum Done {
    /// It is as it should be. What was there before is in quarantine, if somebody had changed it.
    Well { quarantined: Option<String> },
    /// Nothing changed.
    Not(String),
}

/// Why a folder could not be made.
enum Failed {
    /// The database failed.
    Store(StoreError),
    /// The stored bytes of this skill cannot be used.
    Unusable(String),
    /// Writing failed.
    Write(WriteFault),
}

impl From<WriteFault> for Failed {
    fn from(fault: WriteFault) -> Self {
        Self::Write(fault)
    }
}

/// The folders of a layout.
pub(super) struct Workshop<'a> {
    snapshot: &'a dyn Snapshot,
    place: &'a Place,
    layout: Layout,
    skills: OwnedFd,
    staging: OwnedFd,
    /// Whether the file system can exchange two folders.
    pub(super) exchanges: bool,
}

impl<'a> Workshop<'a> {
    /// Opens the folders of a layout, and mends what a killed export left.
    pub(super) fn open(snapshot: &'a dyn Snapshot, place: &'a Place, layout: Layout, lock: &Lock) -> Result<Self> {
        let skills = place.create_skills(layout)?;
        let staging = create_below(&skills, STAGING, Mode::RWXU).map_err(|error| {
            let path = layout.path_of(STAGING);
            match rustix::io::Errno::from_io_error(&error) {
                Some(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => ExportError::NoFolder { path },
                _ => place.fault(&path, "written", error),
            }
        })?;
        let workshop = Self { snapshot, place, layout, skills, staging, exchanges: true };
        workshop.mend(lock)?;
        Ok(workshop)
    }

    /// Whether a killed export left something.
    pub(super) fn has_leftovers(place: &Place, layout: Layout) -> Result<bool> {
        Ok(place.skills(layout)?.is_some_and(|it| open_below(&it, STAGING).is_ok()))
    }

    fn mend(&self, lock: &Lock) -> Result<()> {
        let mut names = Vec::new();
        let listed = Dir::read_from(&self.staging).and_then(|entries| {
            for entry in entries {
                names.push(entry?.file_name().to_string_lossy().into_owned());
            }
            Ok(())
        });
        listed.map_err(|error| self.fault(STAGING, error.into()))?;
        names.sort_by_key(|it| it.ends_with(OLD)); // the others may be in the way
        for name in names.iter().filter(|it| !matches!(it.as_str(), "." | "..")) {
            match name.strip_suffix(OLD).and_then(|it| it.parse::<SkillName>().ok()) {
                Some(skill) => {
                    let id = self.snapshot.skill(&skill)?.map(|it| it.id);
                    let known = id.map(|it| self.known(it)).transpose()?.unwrap_or_default();
                    let locked = lock.skills.get(&self.layout.path_of(skill.as_str()));
                    self.displaced(skill.as_str(), locked, &known, None)?;
                }
                None => remove(&self.staging, name).map_err(|error| self.fault(STAGING, error))?,
            }
        }
        Ok(())
    }

    /// Writes the folder of a skill, in the place of what is there.
    pub(super) fn put(&self, item: &Item, wanted: &Wanted) -> Result<Done> {
        if let Some(not) = self.build(&item.name, &wanted.folder)? {
            return Ok(Done::Not(not));
        }
        let (new, old) = (format!("{}{NEW}", item.name), format!("{}{OLD}", item.name));
        let at = skill_folder::Place::of(&self.skills, &item.name);
        let (built, displaced) =
            (skill_folder::Place::of(&self.staging, &new), skill_folder::Place::of(&self.staging, &old));
        let fault = |error| self.fault(&item.name, error);
        let into_place = |from: skill_folder::Place<'_>| match from.move_to(at) {
            Ok(()) => Ok(Done::Well { quarantined: None }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Ok(Done::Not("something that cfn did not write appeared in its place".to_owned()))
            }
            Err(error) => Err(Error::from(fault(error))),
        };
        if item.on_disk == OnDisk::Missing {
            return into_place(built);
        }
        if self.exchanges {
            built.move_to(displaced).map_err(fault)?;
            match displaced.exchange_with(at) {
                Ok(true) => return self.replaced(item, wanted),
                Ok(false) => displaced.move_to(built).map_err(fault)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return into_place(displaced),
                Err(error) => return Err(fault(error).into()),
            }
        }
        at.move_to(displaced).map_err(fault)?;
        match into_place(built)? {
            Done::Well { .. } => self.replaced(item, wanted),
            not @ Done::Not(_) => Ok(not),
        }
    }

    fn replaced(&self, item: &Item, wanted: &Wanted) -> Result<Done> {
        let known = self.known(wanted.id)?;
        let quarantined = self.displaced(&item.name, item.locked.as_ref(), &known, Some(wanted.hash))?;
        Ok(Done::Well { quarantined })
    }

    /// Builds a folder; `Some` says why its stored bytes cannot be used.
    fn build(&self, name: &str, folder: &SkillFolder) -> Result<Option<String>> {
        let bytes = &mut |file: &FolderFile| {
            let found = self.snapshot.content(&file.hash.to_string()).map_err(Failed::Store)?;
            found.ok_or_else(|| Failed::Unusable(format!("the bytes of {} are not in the database", file.path)))
        };
        let new = format!("{name}{NEW}");
        match write(&self.staging, &new, folder, Rights::SHARED, bytes) {
            Ok(_) => Ok(None),
            Err(Failed::Store(error)) => Err(error.into()),
            Err(Failed::Unusable(why)) => Ok(Some(why)),
            Err(Failed::Write(fault @ WriteFault::Altered { .. })) => Ok(Some(fault.to_string())),
            Err(Failed::Write(WriteFault::File { path, source })) => {
                Err(self.fault(&format!("{name}/{path}"), source).into())
            }
        }
    }

    /// Takes a skill's folder away.
    pub(super) fn take(&self, item: &Item, locked: &LockedSkill) -> Result<Done> {
        let old = format!("{}{OLD}", item.name);
        let at = skill_folder::Place::of(&self.skills, &item.name);
        match at.move_to(skill_folder::Place::of(&self.staging, &old)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Done::Well { quarantined: None }),
            Err(error) => return Err(self.fault(&item.name, error).into()),
        }
        let id = item.name.parse().ok().map(|it| self.snapshot.skill(&it)).transpose()?.flatten().map(|it| it.id);
        let known = id.map(|it| self.known(it)).transpose()?.unwrap_or_default();
        Ok(Done::Well { quarantined: self.displaced(&item.name, Some(locked), &known, None)? })
    }

    /// The folder hashes of every version of a skill: what has one of them can be written again.
    fn known(&self, id: crate::model::SkillId) -> Result<HashSet<ContentHash>> {
        let mut known = HashSet::new();
        for version in self.snapshot.versions(id)? {
            known.extend(version.content_hash.parse().ok().map(|it| SkillFolder::alone(it, 0).hash()));
            known.extend(version.folder_hash.and_then(|it| it.parse::<ContentHash>().ok()));
        }
        Ok(known)
    }

    /// Removes a folder that was displaced, if it is as cfn wrote it. Otherwise it goes to quarantine, and so does what
    /// the database does not know: the record of exports may be forged.
    fn displaced(
        &self,
        name: &str,
        locked: Option<&LockedSkill>,
        known: &HashSet<ContentHash>,
        wanted: Option<ContentHash>,
    ) -> Result<Option<String>> {
        let old = format!("{name}{OLD}");
        let found = read(&self.staging, &old).map_err(|error| self.fault(name, error))?;
        let is_own = match &found {
            OnDisk::Missing => return Ok(None),
            OnDisk::Folder(folder) => {
                let hash = folder.hash();
                Some(hash) == wanted || locked.is_some_and(|it| it.wrote(hash)) && known.contains(&hash)
            }
            OnDisk::Odd(_) | OnDisk::Other(_) => false,
        };
        if is_own {
            let gone = format!("{name}{GONE}");
            let removed = skill_folder::Place::of(&self.staging, &old)
                .move_to(skill_folder::Place::of(&self.staging, &gone))
                .and_then(|()| remove(&self.staging, &gone));
            removed.map_err(|error| self.fault(name, error))?;
            return Ok(None);
        }
        self.quarantine(name, &old).map(Some)
    }

    /// Moves a displaced folder to quarantine, and returns its path.
    fn quarantine(&self, name: &str, old: &str) -> Result<String> {
        let fault = |error| self.place.fault(QUARANTINE, "written", error);
        let Some(root) = self.place.root() else { return Err(fault(std::io::ErrorKind::NotFound.into()).into()) };
        let folder = create_below(root, QUARANTINE, Mode::RWXU).map_err(fault)?;
        let from = skill_folder::Place::of(&self.staging, old);
        for number in 1_u32.. {
            let to = format!("{name}.{number}");
            match from.move_to(skill_folder::Place { folder: folder.as_fd(), name: &to }) {
                Ok(()) => return Ok(format!("{QUARANTINE}/{to}")),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fault(error).into()),
            }
        }
        Err(fault(std::io::ErrorKind::QuotaExceeded.into()).into())
    }

    fn fault(&self, name: &str, error: std::io::Error) -> ExportError {
        self.place.fault(&self.layout.path_of(name), "written", error)
    }
}

/// Removes the folder for building, whether the export failed or not.
impl Drop for Workshop<'_> {
    fn drop(&mut self) {
        // If something is left in it, the next export mends it.
        let _ = unlinkat(&self.skills, STAGING, AtFlags::REMOVEDIR);
    }
}
