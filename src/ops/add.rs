//! `skill add`: adds a hand-written skill.

use std::path::Path;

use serde::Serialize;

use super::content_file::{FileError, Files};
use super::error::{Error, Result};
use super::folder::{ReadSkill, Wanted};
use super::project::Project;
use super::publish::{
    Fields, Judgement, MappingFlags, Numbering, Publication, Published, Trust, find, foreign_name, publish,
};
use super::rules::{Content, Described, FolderContent};
use super::stored_folder::{current_folder_hash, folder_to_publish};
use super::tree::folder_name;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Remark, Review, Skill, SkillId, SkillName, Version,
    VersionSource, is_conformant_name,
};
use crate::store::{Durability, Store, Transaction, write_unless};

/// A request to add a skill.
#[derive(Debug, Clone)]
pub struct Add<'a> {
    /// A skill file, or its folder.
    pub path: &'a Path,
    /// The name; by default that of the file, else of its folder.
    pub name: Option<&'a SkillName>,
    /// The category; by default that of the file, else `domain`.
    pub category: Option<Category>,
    /// The review that it needs; not below that of its category.
    pub level: Option<ApprovalLevel>,
    /// The version; by default that of the file, else 1.0.0.
    pub version: Option<Version>,
    /// Refuse an existing skill, even if it has these bytes.
    pub must_be_new: bool,
    /// Agent types to map it to.
    pub agents: &'a [AgentType],
    /// The team.
    pub team: Option<&'a str>,
    /// Replaces the tags of the front matter.
    pub tags: Option<&'a [String]>,
    /// Replaces the owner of the front matter.
    pub owner: Option<&'a str>,
    /// The approver, for approving it immediately; without one, it waits for review, unless its level is `auto`.
    pub approver: Option<&'a str>,
    /// The reason for the approval.
    pub reason: Option<&'a str>,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// The added skill.
#[derive(Debug, Clone, Serialize)]
pub struct AddReport {
    /// The skill's id; `None` in a dry run.
    pub id: Option<SkillId>,
    /// The skill.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its skill file.
    pub content_hash: ContentHash,
    /// The hash of its folder.
    pub folder_hash: ContentHash,
    /// The number of its files.
    pub files: usize,
    /// The review that it needs.
    pub approval_level: ApprovalLevel,
    /// Whether agents get it now.
    pub approved: bool,
    /// Its review: a skill that is not active does not wait.
    #[serde(skip)]
    pub review: Review,
    /// Whether it is new; otherwise it was there with the same bytes.
    pub created: bool,
    /// Agent types with a new mapping.
    pub agents_added: Vec<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks about the file, for the reviewer.
    pub warnings: Vec<Remark>,
}

/// Adds a skill in one transaction. For an existing skill, the same bytes only add what is missing, and others are
/// refused.
pub fn add(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Add<'_>,
) -> Result<AddReport> {
    let read = ReadSkill::read(files, Wanted { path: request.path, only_skill_file: false })?;
    let (file, described, contents) = (&read.file, &read.described, read.contents());
    let name = request.name_of(described, &file.path)?;
    let stored_path = project.stored_path(&file.path)?;
    request.require_level(&name, described)?;
    let now = clock.moment();
    let (folder, present, published, (approved, review)) =
        write_unless(request.dry_run, store, Durability::Full, |tx| -> Result<_> {
            let known = find(tx, &name)?;
            let folder = folder_to_publish(as_snapshot(tx), known.as_ref(), &read)?;
            let in_folder = Some(FolderContent::of(&folder, &contents));
            let content = Content { folder: in_folder, ..described.content(&file.bytes, &stored_path) };
            let has_it = |it: &Skill| -> Result<bool> {
                let is_same_file = it.content_hash == described.hash.to_string();
                Ok(is_same_file && current_folder_hash(as_snapshot(tx), it)? == content.folder_hash())
            };
            if let Some(skill) = &known
                && (request.must_be_new || !has_it(skill)?)
            {
                return Err(Error::SkillExists { name: name.to_string() });
            }
            let publication = Publication {
                name: &name,
                content,
                file: Some(described),
                command: request.fields(),
                default: Category::Domain.into(),
                trust: Trust::Warn,
                least_level: request.level,
                numbering: request.version.map_or(Numbering::Declared, Numbering::Exactly),
                source: VersionSource::Add,
                judgement: request.judgement(),
                overrule: None,
                mappings: MappingFlags { agents: request.agents, ..MappingFlags::default() },
                now,
            };
            publication.require_unrefused(tx, known.as_ref())?;
            let mut published = publish(tx, known.as_ref(), &publication)?;
            let review = (is_approved(tx, &published)?, review_of(tx, &published)?);
            let present = known.map_or_else(|| name.to_string(), |it| it.name);
            published.warnings.extend(foreign_name(tx, described, Some(published.id), &present)?);
            Ok((folder, present, published, review))
        })?;
    let mut warnings = odd_name(&name, published.created);
    warnings.extend(published.warnings);
    let content_hash = described.hash;
    warnings.extend(read.warnings);
    warnings.extend(read.described.warnings);
    Ok(AddReport {
        id: Some(published.id).filter(|_| !(request.dry_run && published.created)),
        name: present,
        version: published.version,
        content_hash,
        folder_hash: folder.hash(),
        files: folder.files().len(),
        approval_level: published.level,
        approved,
        review,
        created: published.created,
        agents_added: published.mapped.added,
        dry_run: request.dry_run,
        warnings,
    })
}

pub(super) fn is_approved(tx: &dyn Transaction, published: &Published) -> Result<bool> {
    Ok(tx.versions(published.id)?.iter().any(|it| it.version == published.version && it.approved))
}

pub(super) fn review_of(tx: &dyn Transaction, published: &Published) -> Result<Review> {
    Ok(as_snapshot(tx).review(published.id)?)
}

fn odd_name(name: &SkillName, created: bool) -> Vec<Remark> {
    let odd = created && !is_conformant_name(name.as_str());
    let remark = || Remark::from(format!("the name \"{name}\" is not one that the Agent Skills format takes"));
    odd.then(remark).into_iter().collect()
}

impl<'a> Add<'a> {
    fn name_of(&self, file: &Described, path: &Path) -> Result<SkillName> {
        if let Some(name) = self.name {
            return Ok(name.clone());
        }
        let own = file.name.as_deref().and_then(|it| it.parse().ok());
        let name = own.or_else(|| folder_name(path)?.parse().ok());
        let unnamed = || FileError::Content {
            path: path.to_owned(),
            problem: "neither its front matter nor its folder has a valid skill name".to_owned(),
            hint: "Name the skill with --name.",
        };
        Ok(name.ok_or_else(unnamed)?)
    }

    /// Refuses a level below that of the category.
    fn require_level(&self, name: &SkillName, file: &Described) -> Result<()> {
        let from = self.category.or(file.category).unwrap_or(Category::Domain).approval_level();
        match self.level {
            Some(to) if to < from => {
                let cause = "--level".to_owned();
                Err(Error::LowersLevel { name: name.to_string(), from, to, cause })
            }
            _ => Ok(()),
        }
    }

    fn fields(&self) -> Fields<'a> {
        Fields { category: self.category, team: self.team, tags: self.tags, owner: self.owner, phase4_pattern_id: None }
    }

    fn judgement(&self) -> Option<Judgement<'a>> {
        self.approver.map(|approver| Judgement {
            decision: Decision::Approved,
            approver,
            level: None,
            reasoning: self.reason.unwrap_or("Approved when it was added"),
            criteria: None,
        })
    }
}
