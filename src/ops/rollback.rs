//! `skill rollback`: makes the content of an earlier version the newest version.

use super::error::{Error, Result, require_skill};
use super::publish::{Fields, MappingFlags, Numbering, Publication, Trust, publish};
use super::required::require_version;
use super::rules::{Content, FolderContent};
use super::stored_folder::require_folder;
use super::update::{Propagated, UpdateReport, as_snapshot};
use crate::clock::Clock;
use crate::model::{
    Category, ChangeType, ContentHash, Skill, SkillFolder, SkillName, Version, VersionRecord, VersionSource,
};
use crate::store::{Durability, Store, Transaction, write_unless};

/// Default approver.
const APPROVER: &str = "cfn-rollback";

/// A rollback to make.
#[derive(Debug, Clone)]
pub struct Rollback<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version to return to.
    pub to: Version,
    /// The reason.
    pub reason: Option<&'a str>,
    /// The approver.
    pub approver: Option<&'a str>,
    /// Accept bytes that were rejected; needs a reason.
    pub override_rejection: bool,
    /// Do everything but the commit.
    pub dry_run: bool,
}

impl<'a> Rollback<'a> {
    fn propagated(&self, default_reason: &'a str) -> Propagated<'a> {
        let (change_type, source) = (ChangeType::Patch, APPROVER);
        Propagated { change_type, source, approver: self.approver, reason: self.reason, default_reason }
    }

    /// A rollback with default options.
    #[must_use]
    pub fn new(name: &'a SkillName, to: Version) -> Self {
        Self { name, to, reason: None, approver: None, override_rejection: false, dry_run: false }
    }
}

/// Records the earlier bytes as the next patch version. They must be approved, and stored in the database.
pub fn rollback(store: &mut dyn Store, clock: Clock, request: &Rollback<'_>) -> Result<UpdateReport> {
    write_unless(request.dry_run, store, Durability::Full, |tx| bring_back(tx, clock, request))
}

fn bring_back(tx: &mut dyn Transaction, clock: Clock, request: &Rollback<'_>) -> Result<UpdateReport> {
    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    let earlier = require_version(&skill.name, &versions, request.to)?;
    let stored = Stored::read(tx, &skill, earlier)?;
    let default_reason = format!("Rolled back to the bytes of {}", earlier.version);
    let propagated = request.propagated(&default_reason);
    let criteria = propagated.criteria(clock);
    let publication = Publication {
        name: request.name,
        content: stored.content(earlier),
        file: None,
        command: Fields::default(),
        default: Category::Domain.into(),
        trust: Trust::Refuse,
        // The level of a skill never falls, even if these bytes had a lower one.
        least_level: Some(earlier.approval_level),
        numbering: Numbering::Next,
        source: VersionSource::Rollback,
        judgement: Some(propagated.judgement(&criteria)),
        overrule: propagated.overrule(request.override_rejection)?,
        mappings: MappingFlags::default(),
        now: clock.moment(),
    };
    let published = publish(tx, Some(&skill), &publication)?;
    require_approved(&skill, earlier, published.overruled)?;
    let folder = stored.whole();
    Ok(UpdateReport {
        id: skill.id,
        name: skill.name,
        version: published.version,
        previous_version: skill.version,
        change_type: ChangeType::Patch,
        content_hash: stored.hash,
        folder_hash: folder.hash(),
        files: folder.files().len(),
        approval_level: published.level,
        agents: None,
        resolved: Vec::new(),
        dry_run: request.dry_run,
        warnings: published.warnings,
    })
}

fn require_approved(skill: &Skill, earlier: &VersionRecord, overruled: bool) -> Result<()> {
    if earlier.approved || overruled {
        return Ok(());
    }
    Err(Error::NotApproved { name: skill.name.clone(), version: earlier.version.clone() })
}

/// What is stored of a version, verified.
struct Stored {
    hash: ContentHash,
    bytes: Vec<u8>,
    /// The files; `None` for a plain folder.
    folder: Option<SkillFolder>,
}

impl Stored {
    fn read(tx: &dyn Transaction, skill: &Skill, earlier: &VersionRecord) -> Result<Self> {
        let broken = |problem: &str| Error::Integrity {
            name: skill.name.clone(),
            version: earlier.version.clone(),
            problem: problem.to_owned(),
        };
        let hash: ContentHash =
            earlier.content_hash.parse().map_err(|_| broken("its recorded hash is not a SHA-256"))?;
        let bytes = tx.content(&earlier.content_hash)?.ok_or_else(|| broken("its bytes are not in the database"))?;
        if !hash.matches(&bytes) {
            return Err(broken("its stored bytes are damaged"));
        }
        let folder = match &earlier.folder_hash {
            Some(hash) => Some(require_folder(as_snapshot(tx), skill, &earlier.version, hash)?),
            None => None,
        };
        Ok(Self { hash, bytes, folder })
    }

    fn whole(&self) -> SkillFolder {
        self.folder.clone().unwrap_or_else(|| SkillFolder::alone(self.hash, self.bytes.len() as u64))
    }

    fn content<'a>(&'a self, earlier: &'a VersionRecord) -> Content<'a> {
        Content {
            hash: &self.hash,
            bytes: &self.bytes,
            path: &earlier.content_path,
            folder: self.folder.as_ref().map(|folder| FolderContent::of(folder, &[])),
            front_matter: earlier.front_matter.as_ref(),
            moved: false,
        }
    }
}
