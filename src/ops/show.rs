//! `skill show`: one skill with its mappings and versions, and its bytes where they are asked for.

use serde::Serialize;

use super::error::{Error, Result, require_skill};
use super::history::VersionEntry;
use super::list::ListedEntry;
use crate::model::{ContentHash, Mapping, SkillName, Version};
use crate::store::{ListedSkill, Store};

/// A skill.
#[derive(Debug, Clone, Serialize)]
pub struct ShowReport {
    /// What a list says of it.
    #[serde(flatten)]
    pub skill: ListedEntry,
    /// The front matter of the version shown.
    pub front_matter: Option<serde_json::Value>,
    /// Who gets it.
    pub mappings: Vec<Mapping>,
    /// Newest first.
    pub versions: Vec<VersionEntry>,
    /// The bytes of the version shown, where they were asked for and are text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// Shows one skill; `version` is the current one, where not given. Bytes are hashed before they are shown.
pub fn show(
    store: &mut dyn Store,
    name: &SkillName,
    version: Option<Version>,
    with_content: bool,
) -> Result<ShowReport> {
    let snapshot = store.read()?;
    let skill = require_skill(snapshot.as_ref(), name)?;
    let versions = snapshot.versions(skill.id)?;
    let wanted = version.map_or_else(|| skill.version.clone(), |it| it.to_string());
    let shown = versions.iter().find(|it| it.version == wanted);
    if let (None, Some(version)) = (shown, version) {
        let known = versions.iter().map(|it| it.version.clone()).collect();
        return Err(Error::VersionNotFound { name: skill.name, version, known });
    }
    let mappings = snapshot.mappings(skill.id)?;
    let content = match (with_content, shown) {
        (true, Some(shown)) => Some(verified(snapshot.as_ref(), &skill.name, &wanted, &shown.content_hash)?),
        _ => None,
    };
    let approved = super::rules::current(&skill, &versions).is_some_and(|it| it.approved);
    let agents = mappings.iter().filter(|it| it.enabled).map(|it| it.agent_type.clone()).collect();
    Ok(ShowReport {
        front_matter: shown.and_then(|it| it.front_matter.as_deref()).and_then(|it| serde_json::from_str(it).ok()),
        skill: ListedEntry::from(ListedSkill { skill, approved, agents }),
        mappings,
        versions: versions.into_iter().map(VersionEntry::from).collect(),
        content,
    })
}

fn verified(snapshot: &dyn crate::store::Snapshot, name: &str, version: &str, hash: &str) -> Result<String> {
    let broken = |problem: &str| Error::Integrity {
        name: name.to_owned(),
        version: version.to_owned(),
        problem: problem.to_owned(),
    };
    let bytes = snapshot.content(hash)?.ok_or_else(|| broken("its bytes are not in the database"))?;
    if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) {
        return Err(broken("its stored bytes are not those of its hash"));
    }
    String::from_utf8(bytes).map_err(|_| broken("its stored bytes are not UTF-8"))
}
