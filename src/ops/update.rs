//! `update`: replaces the content of an existing skill with a new version.

use std::path::Path;

use serde::Serialize;

use super::content_file::Files;
use super::edge_case::{self, ResolvedEdgeCase};
use super::error::{Result, require_skill_and};
use super::folder::{ReadSkill, Wanted};
use super::project::Project;
use super::publish::{
    Fields, Hashes, Judgement, MappingFlags, Numbering, Overrule, Publication, Trust, foreign_name, publish,
};
use super::rules::{Content, FolderContent};
use super::stored_folder::folder_to_publish;
use crate::clock::Clock;
use crate::model::{
    ApprovalLevel, Category, ChangeType, ContentHash, Decision, EdgeCaseName, Remark, SkillId, SkillName, Version,
    VersionSource,
};
use crate::store::{Durability, Snapshot, Store, Transaction, write_unless};

/// Default approver, as in the old script.
const APPROVER: &str = "phase4-edge-case-tracker";
const REASON: &str = "Edge-case correction, validated by an expert and propagated";

/// An update to make.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Update<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// Its new version; counted from the current one if `None`.
    pub version: Option<Version>,
    /// The new folder or skill file, or a file that replaces the skill file.
    pub path: &'a Path,
    /// Leave what lies beside the skill file.
    pub only_skill_file: bool,
    /// The required kind of step, or the one to count.
    pub change_type: ChangeType,
    /// Whether to report the agent types that use the skill.
    pub notify_agents: bool,
    /// The approver.
    pub approver: Option<&'a str>,
    /// The reason for the update; the old script's by default.
    pub reason: Option<&'a str>,
    /// Accept bytes that were rejected; needs a reason.
    pub override_rejection: bool,
    /// Edge cases of the skill that the new version resolves.
    pub resolves: &'a [EdgeCaseName],
    /// Do everything but the commit.
    pub dry_run: bool,
}

impl<'a> Update<'a> {
    /// An update with default options.
    #[must_use]
    pub fn new(name: &'a SkillName, version: Version, path: &'a Path, change_type: ChangeType) -> Self {
        Self {
            name,
            version: Some(version),
            path,
            only_skill_file: false,
            change_type,
            notify_agents: false,
            approver: None,
            reason: None,
            override_rejection: false,
            resolves: &[],
            dry_run: false,
        }
    }

    fn numbering(&self) -> Numbering {
        self.version.map_or(Numbering::Count(self.change_type), |it| Numbering::Step(it, self.change_type))
    }
}

/// The outcome of an update.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateReport {
    /// The skill's id.
    pub id: SkillId,
    /// The skill.
    pub name: String,
    /// Its new version.
    pub version: String,
    /// Its previous version.
    pub previous_version: String,
    /// The kind of step.
    pub change_type: ChangeType,
    /// SHA-256 of its skill file.
    pub content_hash: ContentHash,
    /// The hash of its folder.
    pub folder_hash: ContentHash,
    /// The number of its files.
    pub files: usize,
    /// Its approval level.
    pub approval_level: ApprovalLevel,
    /// The agent types that use it, if requested.
    pub agents: Option<Vec<String>>,
    /// The edge cases that it resolves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<ResolvedEdgeCase>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks about the file.
    pub warnings: Vec<Remark>,
}

/// Updates in one transaction.
pub fn update(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Update<'_>,
) -> Result<UpdateReport> {
    let propagated = Propagated {
        change_type: request.change_type,
        source: APPROVER,
        approver: request.approver,
        reason: request.reason,
        default_reason: REASON,
    };
    let overrule = propagated.overrule(request.override_rejection)?;
    let read = ReadSkill::read(files, Wanted { path: request.path, only_skill_file: request.only_skill_file })?;
    let path = project.stored_path(&read.file.path)?;
    let now = clock.moment();
    #[cfg(feature = "slow-update")]
    std::thread::sleep(std::time::Duration::from_millis(20));
    let criteria = propagated.criteria(clock);
    let publication = Publication {
        name: request.name,
        content: read.described.content(&read.file.bytes, &path),
        file: Some(&read.described),
        command: Fields::default(),
        default: Category::Domain.into(),
        trust: Trust::Refuse,
        least_level: None,
        numbering: request.numbering(),
        source: VersionSource::Update,
        judgement: Some(propagated.judgement(&criteria)),
        overrule,
        mappings: MappingFlags::default(),
        now,
    };
    let mut report =
        write_unless(request.dry_run, store, Durability::Full, |tx| correct(tx, &read, &publication, request))?;
    report.warnings.extend(read.warnings);
    report.warnings.extend(read.described.warnings);
    Ok(report)
}

fn correct(
    tx: &mut dyn Transaction,
    read: &ReadSkill,
    publication: &Publication<'_>,
    request: &Update<'_>,
) -> Result<UpdateReport> {
    tx.claim(&[request.name.as_str()])?;
    let hashes = Hashes::of(read);
    let skill = require_skill_and(as_snapshot(tx), request.name, &hashes.about())?;
    let (folder, contents) = (folder_to_publish(as_snapshot(tx), Some(&skill), read)?, read.contents());
    let in_folder = Some(FolderContent::of(&folder, &contents));
    let content = Content { folder: in_folder, ..publication.content };
    let foreign_name = foreign_name(tx, &read.described, Some(skill.id), &skill.name)?;
    let agents = request.notify_agents.then(|| users_of(as_snapshot(tx), skill.id)).transpose()?;
    let published = publish(tx, Some(&skill), &Publication { content, ..*publication })?;
    let mut warnings: Vec<Remark> = foreign_name.into_iter().collect();
    warnings.extend(published.warnings);
    let note = format!("Resolved by version {}", published.version);
    let resolved = edge_case::resolve(tx, request.resolves, Some(&skill), Some(&note), publication.now)?;
    warnings.extend(resolved.iter().filter(|it| it.already).map(resolved_before));
    tx.announce_updated(skill.id, publication.now)?;
    Ok(UpdateReport {
        id: skill.id,
        name: skill.name,
        version: published.version,
        previous_version: skill.version,
        change_type: request.change_type,
        content_hash: read.described.hash,
        folder_hash: folder.hash(),
        files: folder.files().len(),
        approval_level: published.level,
        agents,
        resolved,
        dry_run: request.dry_run,
        warnings,
    })
}

fn resolved_before(case: &ResolvedEdgeCase) -> Remark {
    Remark::from(format!("edge case {} was resolved before", case.id))
}

/// How to record a change that an expert validated elsewhere, in the form that old tools expect in `approval_history`.
pub(super) struct Propagated<'a> {
    pub(super) change_type: ChangeType,
    /// The default approver.
    pub(super) source: &'static str,
    pub(super) approver: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) default_reason: &'a str,
}

impl<'a> Propagated<'a> {
    fn approver(&self) -> &'a str {
        self.approver.unwrap_or(self.source)
    }

    pub(super) fn overrule(&self, overrides: bool) -> Result<Option<Overrule<'a>>> {
        Overrule::asked(overrides, self.reason, self.approver())
    }

    pub(super) fn criteria(&self, clock: Clock) -> serde_json::Map<String, serde_json::Value> {
        let fields = [
            ("change_type", self.change_type.as_str().to_owned()),
            ("source", self.source.to_owned()),
            ("propagated_at", clock.iso_time()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The decision. Without approver and reason, it is the old script's, whose level is always `auto`.
    pub(super) fn judgement<'b>(&self, criteria: &'b serde_json::Map<String, serde_json::Value>) -> Judgement<'b>
    where
        'a: 'b,
    {
        let said = self.approver.is_some() || self.reason.is_some();
        Judgement {
            decision: Decision::Approved,
            approver: self.approver(),
            level: (!said).then_some(ApprovalLevel::Auto),
            reasoning: self.reason.unwrap_or(self.default_reason),
            criteria: Some(criteria),
        }
    }
}

/// The agent types that are mapped to a skill and enabled, by name.
pub(super) fn users_of(snapshot: &dyn Snapshot, skill: SkillId) -> Result<Vec<String>> {
    Ok(snapshot.mappings(skill)?.into_iter().filter(|it| it.enabled).map(|it| it.agent_type).collect())
}

/// A transaction reads as a snapshot does.
pub(super) fn as_snapshot(tx: &dyn Transaction) -> &dyn Snapshot {
    tx
}
