//! `deploy`: stores an approved skill, or adds the missing parts of one.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::content_file::{ContentFile, Files};
use super::error::Result;
use super::folder::{ReadSkill, Wanted};
use super::project::Project;
use super::publish::{
    Fields, Hashes, Judgement, MappingFlags, Numbering, Overrule, Publication, Trust, bootstrap_of_the_name, find_and,
    foreign_name, publish,
};
use super::rules::{Content, Described, FolderContent};
use super::stored_folder::folder_to_publish;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Moment, Remark, Skill, SkillId, SkillName, Version,
    VersionSource, is_conformant_name,
};
use crate::store::{Durability, Store, write_unless};

/// Default approver, as in the old script.
const APPROVER: &str = "phase4-system";
const REASON: &str = "Approved by expert review and deployed by the workflow codification";

/// A deployment to make.
#[derive(Debug, Clone)]
pub struct Deploy<'a> {
    /// The pattern in the workflow database that the skill was generated from.
    pub pattern_id: i64,
    /// The skill.
    pub name: &'a SkillName,
    /// Its folder or skill file, or a file that replaces its skill file.
    pub path: &'a Path,
    /// Leave what lies beside the skill file.
    pub only_skill_file: bool,
    /// The category. The default is the file's for new bytes, or else the current one; for a new skill without either,
    /// `domain`.
    pub category: Option<Category>,
    /// Agent types to map it to.
    pub agents: &'a [AgentType],
    /// The version. The default is the one declared in the file, if higher than the current one, or else the next patch
    /// version; 1.0.0 for a new skill.
    pub version: Option<Version>,
    /// Priority of the mappings: 1 (first) to 10.
    pub priority: Option<i64>,
    /// Whether the mappings ignore limits and conditions.
    pub required: Option<bool>,
    /// Restricts the mappings to tasks with one of these keywords.
    pub context: Option<&'a [String]>,
    /// Restricts the mappings to this phase.
    pub phase: Option<&'a str>,
    /// The team.
    pub team: Option<&'a str>,
    /// Replaces the tags of the front matter.
    pub tags: Option<&'a [String]>,
    /// Replaces the owner of the front matter.
    pub owner: Option<&'a str>,
    /// The approver.
    pub approver: Option<&'a str>,
    /// The reason for the approval; the old script's by default.
    pub reason: Option<&'a str>,
    /// Accept bytes that were rejected; needs a reason.
    pub override_rejection: bool,
    /// Do everything but the commit.
    pub dry_run: bool,
}

impl<'a> Deploy<'a> {
    /// A deployment with default options.
    #[must_use]
    pub fn new(pattern_id: i64, name: &'a SkillName, path: &'a Path) -> Self {
        Self {
            pattern_id,
            name,
            path,
            only_skill_file: false,
            category: None,
            agents: &[],
            version: None,
            priority: None,
            required: None,
            context: None,
            phase: None,
            team: None,
            tags: None,
            owner: None,
            approver: None,
            reason: None,
            override_rejection: false,
            dry_run: false,
        }
    }
}

/// The outcome of a deployment.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct DeployReport {
    /// The skill's id; `None` in a dry run for a new skill.
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
    /// Its approval level.
    pub approval_level: ApprovalLevel,
    /// Whether it is new.
    pub created: bool,
    /// Whether these bytes are a new version.
    pub new_version: bool,
    /// Whether an approval was recorded.
    pub approval_recorded: bool,
    /// Agent types that were added.
    pub agents_added: Vec<String>,
    /// Agent types whose mappings were changed.
    pub agents_changed: Vec<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
    /// Remarks about the file.
    pub warnings: Vec<Remark>,
}

/// Deploys in one transaction. Deploying the same bytes again adds only missing parts.
pub fn deploy(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &Deploy<'_>,
) -> Result<DeployReport> {
    let overrule = Overrule::asked(request.override_rejection, request.reason, request.approver.unwrap_or(APPROVER))?;
    let read = ReadSkill::read(files, Wanted { path: request.path, only_skill_file: request.only_skill_file })?;
    let (file, described, contents) = (&read.file, &read.described, read.contents());
    let (path, hashes) = (project.stored_path(&file.path)?, Hashes::of(&read));
    let now = clock.moment();
    let (name, folder, published, mut warnings) =
        write_unless(request.dry_run, store, Durability::Full, |tx| -> Result<_> {
            tx.claim(&[request.name.as_str()])?;
            let known = find_and(tx, request.name, &hashes.about())?;
            let moved = known.as_ref().is_some_and(|it| moved(it, &path, file, files, project));
            let folder = folder_to_publish(as_snapshot(tx), known.as_ref(), &read)?;
            let in_folder = Some(FolderContent::of(&folder, &contents));
            let content = Content { moved, folder: in_folder, ..described.content(&file.bytes, &path) };
            let present = known.as_ref().map_or_else(|| request.name.to_string(), |it| it.name.clone());
            let mut warnings = request.odd_name(known.is_none());
            warnings.extend(foreign_name(tx, described, known.as_ref().map(|it| it.id), &present)?);
            warnings.extend(bootstrap_of_the_name(tx, &present, described.hash)?);
            let published = publish(tx, known.as_ref(), &request.publication(content, described, overrule, now))?;
            tx.announce_deployed(published.id, now)?;
            Ok((present, folder, published, warnings))
        })?;
    warnings.extend(published.warnings);
    let content_hash = described.hash;
    warnings.extend(read.warnings);
    warnings.extend(read.described.warnings);
    Ok(DeployReport {
        id: Some(published.id).filter(|_| !(request.dry_run && published.created)),
        name,
        version: published.version,
        content_hash,
        folder_hash: folder.hash(),
        files: folder.files().len(),
        approval_level: published.level,
        created: published.created,
        new_version: published.new_version,
        approval_recorded: published.decided,
        agents_added: published.mapped.added,
        agents_changed: published.mapped.changed,
        dry_run: request.dry_run,
        warnings,
    })
}

/// Whether the recorded file no longer has these bytes, so that the deployed file replaces it.
fn moved(skill: &Skill, path: &str, file: &ContentFile, files: &Files, project: &Project) -> bool {
    let has_them = |place: &PathBuf| files.read(place).is_ok_and(|it| it.bytes == file.bytes);
    skill.content_path != path && !project.places(&skill.content_path).iter().any(has_them)
}

impl Deploy<'_> {
    fn publication<'b>(
        &'b self,
        content: Content<'b>,
        file: &'b Described,
        overrule: Option<Overrule<'b>>,
        now: Moment,
    ) -> Publication<'b> {
        Publication {
            name: self.name,
            content,
            file: Some(file),
            command: Fields {
                category: self.category,
                team: self.team,
                tags: self.tags,
                owner: self.owner,
                phase4_pattern_id: Some(self.pattern_id),
            },
            default: Category::Domain.into(),
            trust: Trust::Refuse,
            least_level: None,
            numbering: self.version.map_or(Numbering::Declared, Numbering::Exactly),
            source: VersionSource::Deploy,
            judgement: Some(Judgement {
                decision: Decision::Approved,
                approver: self.approver.unwrap_or(APPROVER),
                level: None,
                reasoning: self.reason.unwrap_or(REASON),
                criteria: None,
            }),
            overrule,
            mappings: MappingFlags {
                agents: self.agents,
                priority: self.priority,
                required: self.required,
                context: self.context,
                phase: self.phase,
                ..MappingFlags::default()
            },
            now,
        }
    }

    fn odd_name(&self, created: bool) -> Vec<Remark> {
        let name = self.name.as_str();
        if !created || is_conformant_name(name) {
            return Vec::new();
        }
        vec![Remark::from(format!(
            "the name \"{name}\" does not conform to the Agent Skills format (lower-case letters, digits, single hyphens)"
        ))]
    }
}
