//! `skill show`: one skill with its mappings and versions, and optionally its content.

use serde::Serialize;

use super::body::require_body;
use super::cached::{Query, cached};
use super::error::{Result, require_skill_and};
use super::required::require_version;
use super::stored_folder::files_of;
use crate::cache::{Cache, Class, Question};
use crate::model::{
    ContentHash, Decision, FolderFile, ListedSkill, Mapping, Review, Skill, SkillFolder, SkillName, Tables, Version,
    VersionRecord,
};
use crate::store::{About, Snapshot, Store};

/// What is read about the skill.
const NEXT: &[About<'static>] = &[About::Versions, About::Mappings, About::Files, About::Content, About::Review];
const WITH_CONTENT: &[About<'static>] =
    &[About::Versions, About::Mappings, About::Files, About::Content, About::Content, About::Review];

/// A skill.
#[derive(Debug, Clone, Serialize)]
pub struct ShowReport {
    /// Its entry in the list, with version, hash, path and review of the shown version.
    #[serde(flatten)]
    pub skill: ListedSkill,
    /// The front matter of the shown version.
    pub front_matter: Option<serde_json::Value>,
    /// Its mappings.
    pub mappings: Vec<Mapping>,
    /// Newest first.
    pub versions: Vec<VersionRecord>,
    /// The hash of the shown version's folder; unknown if its files are.
    pub folder_hash: Option<ContentHash>,
    /// The files of the shown version.
    pub files: Vec<FolderFile>,
    /// Why its files are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files_problem: Option<String>,
    /// The content of the shown version, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The hash of those bytes.
    #[serde(skip)]
    pub content_hash: Option<String>,
}

impl ShowReport {
    /// Whether only the skill file of the shown version is approved.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let shown = self.folder_hash.map(|it| it.to_string());
        self.versions.iter().any(|it| it.partial && it.folder_hash == shown)
    }
}

/// A request for a skill.
#[derive(Debug, Clone)]
pub struct Show {
    /// Its name.
    pub name: SkillName,
    /// The version; the current one by default.
    pub version: Option<Version>,
    /// Whether to include its content.
    pub content: bool,
}

/// Answers from the cache or one snapshot. The content's hash is verified.
pub fn show(store: &mut dyn Store, cache: &dyn Cache, request: &Show) -> Result<ShowReport> {
    cached(store, cache, request)
}

/// The skill as it is in this version, and the review state of the version.
fn in_version(snapshot: &dyn Snapshot, skill: Skill, shown: &VersionRecord) -> Result<(Skill, Review)> {
    if (&skill.version, &skill.content_hash) == (&shown.version, &shown.content_hash) {
        let review = snapshot.review(skill.id)?;
        return Ok((skill, review));
    }
    let latest = || snapshot.latest_decision(skill.id, &shown.content_hash, shown.folder_hash.as_deref());
    let review = match () {
        () if shown.approved => Review::Approved,
        () if latest()?.is_some_and(|it| it.decision == Decision::Rejected) => Review::Rejected,
        () => Review::None, // only the current version waits for review
    };
    let (version, content_hash) = (shown.version.clone(), shown.content_hash.clone());
    Ok((Skill { version, content_hash, content_path: shown.content_path.clone(), ..skill }, review))
}

impl Query for Show {
    type Answer = ShowReport;

    fn question(&self) -> Question {
        Question::new(Class::Show, Tables::Catalogue, "show")
            .text(self.name.as_str())
            .optional(self.version.map(|it| it.to_string()).as_deref())
            .flag(self.content)
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<ShowReport> {
        let skill = require_skill_and(snapshot, &self.name, if self.content { WITH_CONTENT } else { NEXT })?;
        let versions = snapshot.versions(skill.id)?;
        let shown = match self.version {
            Some(version) => Some(require_version(&skill.name, &versions, version)?),
            None => versions.iter().find(|it| it.version == skill.version),
        };
        let wanted = shown.map_or_else(|| skill.version.clone(), |it| it.version.clone());
        let mappings = snapshot.mappings(skill.id)?;
        // Without a version, use the hash in the row: another program may have written another one, which waits for
        // review.
        let hash = match (shown, self.version) {
            (Some(shown), Some(_)) => Some(&shown.content_hash),
            (Some(_), None) => Some(&skill.content_hash),
            (None, _) => None,
        };
        let shown_hash = hash.unwrap_or(&skill.content_hash);
        let folder_hash = shown.filter(|it| it.content_hash == *shown_hash).and_then(|it| it.folder_hash.as_deref());
        let folder = files_of(snapshot, skill.id, &wanted, shown_hash, folder_hash)?;
        let hash = hash.filter(|_| self.content).cloned();
        let content = hash.as_deref().map(|it| require_body(snapshot, &skill.name, &wanted, it)).transpose()?;
        let (skill, review) = if let Some(shown) = shown.filter(|_| self.version.is_some()) {
            in_version(snapshot, skill, shown)?
        } else {
            let review = snapshot.review(skill.id)?;
            (skill, review)
        };
        let agents = mappings.iter().filter(|it| it.enabled).map(|it| it.agent_type.clone()).collect();
        Ok(ShowReport {
            front_matter: shown.and_then(|it| it.front_matter.as_ref()).and_then(|it| it.read().ok()),
            content_hash: hash,
            skill: ListedSkill::new(skill, review, agents),
            mappings,
            versions: versions.into_iter().map(VersionRecord::reported).collect(),
            content,
            folder_hash: folder.as_ref().ok().map(SkillFolder::hash),
            files: folder.as_ref().map(|it| it.files().to_vec()).unwrap_or_default(),
            files_problem: folder.err(),
        })
    }

    fn kept(&self, answer: &ShowReport) -> Option<Vec<u8>> {
        let ShowReport { skill, front_matter, mappings, versions, content_hash, .. } = answer;
        let folder = (answer.folder_hash, &answer.files, &answer.files_problem);
        serde_json::to_vec(&(skill, skill.review, front_matter, mappings, versions, content_hash, folder)).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(ShowReport, Vec<String>)> {
        let (skill, review, front_matter, mappings, versions, content_hash, folder) =
            serde_json::from_slice(kept).ok()?;
        let (folder_hash, files, files_problem) = folder;
        let skill = ListedSkill { review, ..skill };
        let report = ShowReport {
            skill,
            front_matter,
            mappings,
            versions,
            folder_hash,
            files,
            files_problem,
            content: None,
            content_hash,
        };
        let hashes = report.content_hash.iter().cloned().collect();
        Some((report, hashes))
    }

    fn fill(&self, answer: &mut ShowReport, bodies: Vec<String>) {
        answer.content = bodies.into_iter().next();
    }
}
