//! Writes by other programs to the same tables. They record no versions; the database does, and binds decisions to
//! bytes.

use cfn::model::{Approval, ApprovalLevel, Bootstrap, Decision, Outcome, SkillId, VersionRecord, VersionSource};

use super::database::{Database, MemoryDatabase};
use super::tables::{ApprovalRow, BootstrapRow, Tables, UsageEntry, VersionRow, next};
use crate::store_contract::{NOW, OtherProgram};

impl OtherProgram for MemoryDatabase {
    fn add_bootstrap(&self, bootstrap: &Bootstrap, enabled: bool) {
        let row = BootstrapRow { bootstrap: bootstrap.clone(), enabled };
        self.change_catalogue(|tables| tables.bootstrap.push(row));
    }

    fn overwrite(&self, skill: &str, version: &str, hash: &str) {
        self.change_catalogue(|tables| {
            let id = tables.id_of(skill);
            let row = &mut tables.skills.get_mut(&id).expect("a skill").skill;
            version.clone_into(&mut row.version);
            hash.clone_into(&mut row.content_hash);
            if tables.version(id, version).is_none() {
                tables.record_external(id);
            }
        });
    }

    fn decide(&self, skill: &str, version: &str, decision: Decision) {
        self.change_catalogue(|tables| {
            let skill = tables.id_of(skill);
            let id = next(&mut tables.last.approval);
            let approval = Approval {
                id,
                version: version.to_owned(),
                content_hash: tables.version(skill, version).map(|it| it.content_hash.clone()),
                folder_hash: tables.version(skill, version).and_then(|it| it.folder_hash.clone()),
                approval_level: ApprovalLevel::Human,
                approver: None,
                decision,
                reasoning: None,
                approval_criteria_check: None,
                risk_assessment: None,
                escalated_to: None,
                timestamp: Some(NOW.to_owned().into()),
            };
            tables.approvals.insert(id, ApprovalRow { skill, approval });
        });
    }

    fn set_mapping(&self, skill: &str, agent_type: &str, enabled: bool, tdd_condition: Option<&str>) {
        self.change_catalogue(|tables| {
            let skill = tables.id_of(skill);
            let mapping = tables.mapping_mut(skill, agent_type).expect("a mapping");
            mapping.enabled = enabled;
            mapping.tdd_condition = tdd_condition.map(|it| it.to_owned().into());
        });
    }

    fn set_tests(&self, skill: &str, coverage: f64) {
        self.change_catalogue(|tables| {
            let id = tables.id_of(skill);
            let row = tables.skills.get_mut(&id).expect("a skill");
            (row.test_coverage, row.has_test_suite) = (Some(coverage), true);
        });
    }

    fn add_template(&self, level: ApprovalLevel, category: &str, criteria: &str, enabled: bool) {
        let row = (level, category.to_owned(), criteria.to_owned().into(), enabled);
        self.change_catalogue(|tables| tables.templates.push(row));
    }

    fn set_content(&self, hash: &str, bytes: Option<&[u8]>) {
        self.change_catalogue(|tables| match bytes {
            Some(bytes) => drop(tables.contents.insert(hash.to_owned(), bytes.into())),
            None => drop(tables.contents.remove(hash)),
        });
    }

    fn log_at(&self, skill: &str, loaded_at: &str) {
        self.change_usage(|tables| {
            let entry = UsageEntry {
                agent_id: "other".to_owned(),
                agent_type: "other".to_owned(),
                skill: tables.id_of(skill),
                task_id: None,
                phase: None,
                loaded_at: loaded_at.to_owned(),
                approval_level: String::new(),
                version: None,
                content_hash: None,
                outcome: Outcome::default(),
                open: None,
            };
            tables.usage.insert(next(&mut tables.last.usage), entry);
        });
    }

    fn complete_use(&self, id: i64) {
        self.change_usage(|tables| {
            tables.usage.entry(id).and_modify(|it| it.outcome.exit_code = Some(0));
        });
    }
}

impl MemoryDatabase {
    fn change_catalogue(&self, change: impl FnOnce(&mut Tables)) {
        self.0.change(|database: &Database, tables| {
            change(tables);
            tables.revision.catalogue = database.unique();
        });
    }

    fn change_usage(&self, change: impl FnOnce(&mut Tables)) {
        self.0.change(|database: &Database, tables| {
            change(tables);
            tables.revision.usage = database.unique();
        });
    }
}

impl Tables {
    fn id_of(&self, skill: &str) -> SkillId {
        self.skill_named(skill).expect("a skill").skill.id
    }

    /// Records the bytes that a skill's row names: another program wrote it.
    fn record_external(&mut self, id: SkillId) {
        let skill = &self.skills.get(&id).expect("a skill").skill;
        let record = VersionRecord {
            id: next(&mut self.last.version),
            version: skill.version.clone(),
            content_hash: skill.content_hash.clone(),
            folder_hash: None,
            content_path: skill.content_path.clone(),
            front_matter: None,
            approval_level: skill.approval_level,
            source: VersionSource::External.as_str().to_owned(),
            created_at: NOW.to_owned().into(),
            stored: false,
            approved: false,
            partial: false,
        };
        self.versions.insert(record.id, VersionRow { skill: id, record });
    }
}
