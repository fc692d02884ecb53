//! Changes of skills, versions, decisions, mappings and contents.

use cfn::model::{
    Approval, Bootstrap, ContentHash, Decision, FolderFile, Mapping, Moment, Skill, SkillFolder, SkillId, Status,
    StoredFile, StoredJson, StoredTags, VersionRecord, VersionSource,
};
use cfn::store::{NewApproval, NewMapping, NewSkill, NewVersion, Result, SkillChange};

use super::errors::refused;
use super::tables::{ApprovalRow, BootstrapRow, MappingRow, SkillRow, Tables, VersionRow, next};

impl Tables {
    pub(super) fn insert_skill(&mut self, new: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
        if self.skill_named(new.name.as_str()).is_some() {
            return Err(refused("a skill has this name"));
        }
        let id = SkillId(next(&mut self.last.skill));
        let generated_by = match (new.phase4_pattern_id, version.source) {
            (Some(_), _) => "phase4",
            (None, VersionSource::Add) => "manual",
            (None, _) => "imported",
        };
        let skill = Skill {
            id,
            name: new.name.to_string(),
            category: new.category.as_str().to_owned(),
            team: new.team.map(str::to_owned),
            content_path: version.content_path.to_owned(),
            content_hash: version.content_hash.to_string(),
            tags: Some(StoredTags::of(new.tags)),
            version: version.version.to_owned(),
            status: Status::Active.as_str().to_owned(),
            approval_level: version.approval_level,
            last_approved_by: None,
            last_approval_date: None,
            phase4_pattern_id: new.phase4_pattern_id,
            generated_by: Some(generated_by.to_owned()),
            owner: new.owner.map(str::to_owned),
            created_at: Some(version.now.into()),
            updated_at: Some(version.now.into()),
            pinned_version: None,
        };
        self.skills.insert(id, SkillRow { skill, test_coverage: None, has_test_suite: false, replacement: None });
        self.record(id, version)?;
        Ok(id)
    }

    pub(super) fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) {
        if let (Some(row), Some(retirement)) = (self.skills.get_mut(&skill), change.retirement) {
            row.replacement = retirement.replacement;
        }
        let Ok(skill) = self.skill_mut(skill) else { return };
        let owned = |text: &str| text.to_owned();
        set(&mut skill.category, change.category.map(owned));
        set(&mut skill.approval_level, change.approval_level);
        set(&mut skill.status, change.status.map(|it| it.as_str().to_owned()));
        set(&mut skill.team, change.team.map(owned).map(Some));
        set(&mut skill.tags, change.tags.map(StoredTags::of).map(Some));
        set(&mut skill.owner, change.owner.map(owned).map(Some));
        if let Some(pattern) = change.phase4_pattern_id {
            skill.phase4_pattern_id = Some(pattern);
            skill.generated_by = Some("phase4".to_owned());
        }
        skill.updated_at = Some(change.now.into());
    }

    pub(super) fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
        let row = self.skill_mut(skill)?;
        version.version.clone_into(&mut row.version);
        row.content_hash = version.content_hash.to_string();
        version.content_path.clone_into(&mut row.content_path);
        row.approval_level = version.approval_level;
        row.updated_at = Some(version.now.into());
        self.record(skill, version)
    }

    /// Adds a version, or completes the one that is recorded with these bytes: who recorded them first stays, unless it was
    /// another program.
    fn record(&mut self, skill: SkillId, new: &NewVersion<'_>) -> Result<()> {
        let recorded = self.versions.values_mut().find(|it| it.skill == skill && it.record.version == new.version);
        if let Some(VersionRow { record, .. }) = recorded {
            if record.content_hash != new.content_hash.to_string() || record.folder_hash != folder_hash(new) {
                return Err(refused("the version is recorded with other bytes"));
            }
            new.content_path.clone_into(&mut record.content_path);
            record.front_matter = new.front_matter.cloned();
            record.approval_level = new.approval_level;
            if record.source == VersionSource::External.as_str() {
                new.source.as_str().clone_into(&mut record.source);
                record.created_at = new.now.into();
            }
            return Ok(());
        }
        let id = next(&mut self.last.version);
        let record = VersionRecord {
            id,
            version: new.version.to_owned(),
            content_hash: new.content_hash.to_string(),
            folder_hash: folder_hash(new),
            content_path: new.content_path.to_owned(),
            front_matter: new.front_matter.cloned(),
            approval_level: new.approval_level,
            source: new.source.as_str().to_owned(),
            created_at: new.now.into(),
            stored: false,
            approved: false,
            partial: false,
        };
        self.versions.insert(id, VersionRow { skill, record });
        if let Some(folder) = new.folder.filter(|it| !it.is_plain()) {
            self.files.insert(id, rows(folder));
        }
        Ok(())
    }

    pub(super) fn attach_folder(&mut self, version_id: i64, folder: &SkillFolder) {
        let plain = |it: &&mut VersionRow| it.record.folder_hash.is_none() && !folder.is_plain();
        if let Some(row) = self.versions.get_mut(&version_id).filter(plain) {
            row.record.folder_hash = Some(folder.hash().to_string());
            self.files.insert(version_id, rows(folder));
        }
    }

    pub(super) fn describe_version(&mut self, version_id: i64, front_matter: Option<&StoredJson>) {
        if let Some(row) = self.versions.get_mut(&version_id)
            && row.record.front_matter.is_none()
        {
            row.record.front_matter = front_matter.cloned();
        }
    }

    pub(super) fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) {
        self.contents.insert(hash.to_string(), bytes.into());
    }

    pub(super) fn record_approval(&mut self, skill: SkillId, new: &NewApproval<'_>) -> Result<()> {
        let row = self.skill_mut(skill)?;
        if new.decision == Decision::Approved {
            row.last_approved_by = Some(new.approver.to_owned());
            row.last_approval_date = Some(new.now.into());
        }
        let id = next(&mut self.last.approval);
        let approval = Approval {
            id,
            version: new.version.to_owned(),
            content_hash: Some(new.content_hash.to_owned()),
            folder_hash: new.folder_hash.map(str::to_owned),
            approval_level: new.approval_level,
            approver: Some(new.approver.to_owned()),
            decision: new.decision,
            reasoning: Some(new.reasoning.to_owned()),
            approval_criteria_check: new.criteria_check.cloned(),
            risk_assessment: None,
            escalated_to: new.escalated_to.map(str::to_owned),
            timestamp: Some(new.now.into()),
        };
        self.approvals.insert(id, ApprovalRow { skill, approval });
        Ok(())
    }

    pub(super) fn add_mapping(&mut self, skill: SkillId, new: &NewMapping<'_>) -> Result<()> {
        self.skill_mut(skill)?;
        if self.mapping_mut(skill, new.agent_type.as_str()).is_some() {
            return Ok(());
        }
        let mapping = Mapping {
            agent_type: new.agent_type.as_str().to_owned(),
            priority: new.priority,
            required: new.required,
            conditions: new.conditions.cloned(),
            tdd_condition: None,
            enabled: new.enabled,
            pinned_version: None,
        };
        self.mappings.push(MappingRow { skill, mapping });
        Ok(())
    }

    pub(super) fn change_mapping(&mut self, skill: SkillId, to: &NewMapping<'_>) {
        if let Some(mapping) = self.mapping_mut(skill, to.agent_type.as_str()) {
            mapping.priority = to.priority;
            mapping.required = to.required;
            mapping.conditions = to.conditions.cloned();
            mapping.enabled = to.enabled;
        }
    }

    pub(super) fn remove_mapping(&mut self, skill: SkillId, agent_type: &str) -> bool {
        let before = self.mappings.len();
        self.mappings.retain(|it| it.skill != skill || it.mapping.agent_type != agent_type);
        self.mappings.len() < before
    }

    pub(super) fn pin(&mut self, skill: SkillId, agent_type: Option<&str>, version: Option<&str>, now: Moment) {
        let version = version.map(str::to_owned);
        if let Some(agent_type) = agent_type {
            if let Some(mapping) = self.mapping_mut(skill, agent_type) {
                mapping.pinned_version = version;
            }
        } else if let Ok(row) = self.skill_mut(skill) {
            row.pinned_version = version;
            row.updated_at = Some(now.into());
        }
    }

    pub(super) fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) {
        for row in self.bootstrap.iter_mut().filter(|it| it.bootstrap.name == name) {
            row.bootstrap.content_hash.get_or_insert_with(|| hash.to_string());
        }
    }

    pub(super) fn disable_bootstrap(&mut self, hash: &str) -> Vec<String> {
        let with = self.bootstrap.iter_mut().filter(|it| it.bootstrap.content_hash.as_deref() == Some(hash));
        let mut names: Vec<String> = with
            .map(|it| {
                it.enabled = false;
                it.bootstrap.name.clone()
            })
            .collect();
        names.sort();
        names
    }

    pub(super) fn add_bootstrap(&mut self, new: &Bootstrap) -> bool {
        let taken = |it: &Bootstrap| it.name == new.name || it.load_order == new.load_order;
        let free = !self.bootstrap.iter().any(|it| taken(&it.bootstrap));
        if free {
            self.bootstrap.push(BootstrapRow { bootstrap: new.clone(), enabled: true });
        }
        free
    }

    pub(super) fn record_assessment(&mut self, decision: i64, assessment: &StoredJson) {
        if let Some(row) = self.approvals.get_mut(&decision) {
            row.approval.risk_assessment = Some(assessment.clone());
        }
    }

    pub(super) fn skill_mut(&mut self, skill: SkillId) -> Result<&mut Skill> {
        self.skills.get_mut(&skill).map(|it| &mut it.skill).ok_or_else(|| refused("there is no such skill"))
    }
}

fn folder_hash(new: &NewVersion<'_>) -> Option<String> {
    new.folder.filter(|it| !it.is_plain()).map(|it| it.hash().to_string())
}

fn rows(folder: &SkillFolder) -> Vec<StoredFile> {
    let row = |it: &FolderFile| StoredFile {
        path: it.path.to_string(),
        mode: it.mode.as_str().to_owned(),
        hash: it.hash.to_string(),
        size: it.size.try_into().expect("a small file"),
    };
    folder.files().iter().map(row).collect()
}

fn set<T>(field: &mut T, to: Option<T>) {
    if let Some(to) = to {
        *field = to;
    }
}
