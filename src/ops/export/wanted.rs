//! What should be there: the skills of the selection, each in the version that `load` would serve.

use std::collections::{BTreeMap, HashMap};

use super::lock::Owners;
use super::request::Selection;
use crate::model::{
    AgentType, ApprovedVersion, ContentHash, Remark, SkillFolder, SkillId, SkillName, VersionRecord, folded,
    is_conformant_name,
};
use crate::ops::error::{Result, nearest};
use crate::ops::stored_folder::stored_folder;
use crate::store::{Searchable, Snapshot};

/// A skill that belongs into a folder.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: SkillId,
    pub(super) version: String,
    pub(super) folder: SkillFolder,
    pub(super) hash: ContentHash,
    /// Whether only its skill file is approved.
    pub(super) partial: bool,
    pub(super) owners: Owners,
}

/// What a selection wants, by name.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) skills: BTreeMap<String, Wanted>,
    /// Skills that are not exported: none of their versions is approved.
    pub(super) unserved: Vec<Remark<String>>,
    /// Skills whose stored folder is damaged.
    pub(super) broken: Vec<Remark<String>>,
    /// Remarks about what is exported.
    pub(super) notes: Vec<String>,
    /// Agent types without mappings, each with similar ones.
    pub(super) unmapped: Vec<(AgentType, Vec<String>)>,
}

/// The folder of an approved version, as it is served. `Err` says what is wrong with its record.
pub(super) fn folder_of(
    snapshot: &dyn Snapshot,
    id: SkillId,
    version: &ApprovedVersion,
) -> Result<std::result::Result<SkillFolder, String>> {
    match version.folder_hash.as_deref().filter(|_| !version.partial) {
        Some(hash) => Ok(stored_folder(snapshot, id, &version.version, hash)?.map_err(|it| it.to_string())),
        None => Ok(match version.content_hash.parse() {
            Ok(hash) => Ok(SkillFolder::alone(hash, 0)),
            Err(error) => Err(format!("its recorded hash is invalid: {error}")),
        }),
    }
}

/// The version that agents without a pin of their own get of a skill.
pub(super) fn served(snapshot: &dyn Snapshot, found: &Searchable) -> Result<Option<ApprovedVersion>> {
    if !found.served {
        return Ok(None);
    }
    let recorded = |it: &VersionRecord| it.version == found.version && it.content_hash == found.content_hash;
    Ok(snapshot.versions(found.id)?.into_iter().find(recorded).map(approved))
}

/// A record, as what agents get.
pub(super) fn approved(it: VersionRecord) -> ApprovedVersion {
    ApprovedVersion {
        version: it.version,
        content_hash: it.content_hash,
        content_path: it.content_path,
        folder_hash: it.folder_hash,
        partial: it.partial,
    }
}

impl Selected {
    /// What the selection wants in this state of the database.
    pub(super) fn of(snapshot: &dyn Snapshot, selection: &Selection) -> Result<Self> {
        let mut selected = Self::default();
        match selection {
            Selection::All => selected.all(snapshot)?,
            Selection::Agents(agents) => {
                for agent_type in agents {
                    selected.agent(snapshot, agent_type)?;
                }
            }
            Selection::Loaded(agent_type, skills) => {
                let owners = Owners { all: false, agents: [agent_type.to_string()].into() };
                for (id, name, version) in skills {
                    let recorded = snapshot.versions(*id)?.into_iter().find(|it| it.version == *version);
                    match recorded.map(approved) {
                        Some(version) => selected.add(snapshot, *id, name.clone(), &version, owners.clone())?,
                        None => selected.unserved.push(Remark::new(name.clone(), (), "it was deleted meanwhile")),
                    }
                }
            }
        }
        selected.without_twins();
        let odd: Vec<_> = selected.skills.keys().filter(|it| !is_conformant_name(it)).cloned().collect();
        if !odd.is_empty() {
            selected.notes.push(format!(
                "clients may pass over names that the Agent Skills format does not have: {}",
                odd.join(", ")
            ));
        }
        let partial: Vec<_> = selected.skills.iter().filter(|(_, it)| it.partial).map(|(name, _)| &**name).collect();
        if !partial.is_empty() {
            let names = partial.join(", ");
            selected.notes.push(format!("only SKILL.md is approved, and exported without the other files: {names}"));
        }
        Ok(selected)
    }

    fn all(&mut self, snapshot: &dyn Snapshot) -> Result<()> {
        let mut found = Vec::new();
        snapshot.searchable(&mut |it| found.push(it))?;
        let owners = Owners { all: true, ..Owners::default() };
        for it in found {
            if let Some(version) = served(snapshot, &it)? {
                self.add(snapshot, it.id, it.name, &version, owners.clone())?;
            }
        }
        Ok(())
    }

    fn agent(&mut self, snapshot: &dyn Snapshot, agent_type: &AgentType) -> Result<()> {
        let candidates = snapshot.candidates(agent_type)?;
        if candidates.is_empty() {
            let known = snapshot.agent_types_near(agent_type)?;
            if !known.iter().any(|it| it == agent_type.as_str()) {
                self.unmapped.push((agent_type.clone(), nearest(agent_type.as_str(), known)));
            }
        }
        let owners = Owners { all: false, agents: [agent_type.to_string()].into() };
        for it in candidates {
            match (&it.approved, &it.pinned) {
                (Some(version), _) => self.add(snapshot, it.id, it.name, version, owners.clone())?,
                (None, Some(pinned)) => {
                    let why = format!("version {pinned} is pinned, and it is not approved");
                    self.unserved.push(Remark::new(it.name, (), why));
                }
                (None, None) => self.unserved.push(Remark::new(it.name, (), "no version of it is approved")),
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        snapshot: &dyn Snapshot,
        id: SkillId,
        name: String,
        version: &ApprovedVersion,
        owners: Owners,
    ) -> Result<()> {
        if let Some(other) = self.skills.get_mut(&name) {
            other.owners.join(&owners);
            if other.version != version.version {
                let (first, second) = (&other.version, &version.version);
                self.notes.push(format!("{name} is pinned at {first} and {second}: {first} is exported"));
            }
            return Ok(());
        }
        if name.parse::<SkillName>().is_err() {
            self.broken.push(Remark::new(name, (), "its name is not fit for a folder"));
            return Ok(());
        }
        match folder_of(snapshot, id, version)? {
            Ok(folder) => {
                let (hash, version, partial) = (folder.hash(), version.version.clone(), version.partial);
                self.skills.insert(name, Wanted { id, version, folder, hash, partial, owners });
            }
            Err(why) => self.broken.push(Remark::new(name, (), why)),
        }
        Ok(())
    }

    /// Leaves out names that some file systems hold to be the same as another one.
    fn without_twins(&mut self) {
        let mut taken: HashMap<String, String> = HashMap::new();
        let mut twins = Vec::new();
        for name in self.skills.keys() {
            if let Some(first) = taken.get(&folded(name)) {
                twins.push((name.clone(), format!("its name differs from {first} only in letter case")));
            } else {
                taken.insert(folded(name), name.clone());
            }
        }
        for (name, why) in twins {
            self.skills.remove(&name);
            self.broken.push(Remark::new(name, (), why));
        }
    }
}
