//! Rows with every column: what the tables hold, over what was added with columns that they do not hold.

use std::collections::BTreeMap;

use cfn::model::{Approval, ApprovalLevel, Mapping, Skill, SkillId, VersionRecord};
use cfn::store::{Result, Row, RowKind, WholeRowWrites, WholeRows};
use serde_json::{Value, json};

use super::errors::refused;
use super::tables::{ApprovalRow, MappingRow, SkillRow, Tables, VersionRow};
use super::transaction::MemoryTransaction;

impl WholeRows for MemoryTransaction<'_> {
    fn whole_rows(&self, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> Result<Vec<Row>> {
        let is_asked = |(id, owner, _): &(i64, SkillId, Row)| *id > after && skill.is_none_or(|it| it == *owner);
        let rows = self.tables.rows(of).into_iter().filter(is_asked).take(most);
        Ok(rows.map(|(_, _, row)| row).collect())
    }
}

impl WholeRowWrites for MemoryTransaction<'_> {
    fn add_whole_row(&mut self, of: RowKind, row: &Row) -> Result<i64> {
        if of == RowKind::Usage {
            self.change_usage()?.add_whole_row(of, row)
        } else {
            self.change_catalogue()?.add_whole_row(of, row)
        }
    }

    fn link_replacement(&mut self, skill: SkillId, replacement: SkillId) -> Result<()> {
        let tables = self.change_catalogue()?;
        if let Some(row) = tables.skills.get_mut(&skill) {
            row.replacement = Some(replacement);
        }
        let whole = &mut tables.whole;
        whole.entry((RowKind::Skill, skill.0)).or_default().insert("replacement_id".to_owned(), replacement.0.into());
        Ok(())
    }
}

fn text(row: &Row, column: &str) -> Option<String> {
    Some(row.get(column)?.as_str()?.to_owned())
}

fn owner(row: &Row) -> SkillId {
    SkillId(row.get("skill_id").and_then(Value::as_i64).unwrap_or_default())
}

impl Tables {
    fn rows(&self, of: RowKind) -> Vec<(i64, SkillId, Row)> {
        let known: BTreeMap<i64, (SkillId, Value)> = match of {
            RowKind::Skill => self.skills.values().map(|it| (it.skill.id.0, (it.skill.id, skill(&it.skill)))).collect(),
            RowKind::Version => self.versions.iter().map(|(id, it)| (*id, (it.skill, version(&it.record)))).collect(),
            RowKind::Approval => {
                self.approvals.iter().map(|(id, it)| (*id, (it.skill, approval(&it.approval)))).collect()
            }
            RowKind::Mapping => {
                (1..).zip(&self.mappings).map(|(id, it)| (id, (it.skill, mapping(&it.mapping)))).collect()
            }
            RowKind::Usage => self.usage_whole(),
        };
        let rows = known.into_iter().map(|(id, (owner, columns))| {
            let mut row = self.whole.get(&(of, id)).cloned().unwrap_or_default();
            row.insert("id".to_owned(), id.into());
            if of != RowKind::Skill {
                row.insert("skill_id".to_owned(), owner.0.into());
            }
            let columns = columns.as_object().cloned().unwrap_or_default().into_iter();
            row.extend(columns.filter(|(_, value)| !value.is_null()));
            (id, owner, row)
        });
        rows.collect()
    }

    /// Uses that were added whole; the others are in the sums only.
    fn usage_whole(&self) -> BTreeMap<i64, (SkillId, Value)> {
        let uses = self.whole.iter().filter(|((of, _), _)| *of == RowKind::Usage);
        uses.map(|((_, id), row)| (*id, (owner(row), Value::Null))).collect()
    }

    fn add_whole_row(&mut self, of: RowKind, row: &Row) -> Result<i64> {
        let last = match of {
            RowKind::Skill => &mut self.last.skill,
            RowKind::Version => &mut self.last.version,
            RowKind::Approval => &mut self.last.approval,
            RowKind::Usage => &mut self.last.usage,
            RowKind::Mapping => &mut i64::try_from(self.mappings.len()).unwrap_or_default().clone(),
        };
        let id = row.get("id").and_then(Value::as_i64).unwrap_or(*last + 1);
        *last = id.max(*last);
        if self.whole.contains_key(&(of, id)) {
            return Err(refused("the key is taken"));
        }
        match of {
            RowKind::Skill => self.add_skill(id, row)?,
            RowKind::Version => self.add_version(id, row),
            RowKind::Approval => self.add_approval(id, row)?,
            RowKind::Mapping => self.add_mapping_row(row),
            RowKind::Usage => {}
        }
        self.whole.insert((of, id), row.clone());
        Ok(id)
    }

    fn add_skill(&mut self, id: i64, row: &Row) -> Result<()> {
        let stored = |column: &str| text(row, column).map(Into::into);
        let name = text(row, "name").unwrap_or_default();
        if self.skill_named(&name).is_some() {
            return Err(refused("a skill has this name"));
        }
        let skill = Skill {
            id: SkillId(id),
            name,
            category: text(row, "category").unwrap_or_default(),
            team: text(row, "team"),
            content_path: text(row, "content_path").unwrap_or_default(),
            content_hash: text(row, "content_hash").unwrap_or_default(),
            tags: text(row, "tags").map(Into::into),
            version: text(row, "version").unwrap_or_default(),
            status: text(row, "status").unwrap_or_default(),
            approval_level: level(row),
            last_approved_by: text(row, "last_approved_by"),
            last_approval_date: stored("last_approval_date"),
            phase4_pattern_id: row.get("phase4_pattern_id").and_then(Value::as_i64),
            generated_by: text(row, "generated_by"),
            owner: text(row, "owner"),
            created_at: stored("created_at"),
            updated_at: stored("updated_at"),
            pinned_version: text(row, "pinned_version"),
        };
        let test_coverage = row.get("test_coverage").and_then(Value::as_f64);
        let has_test_suite = row.contains_key("test_suite_path");
        self.skills.insert(skill.id, SkillRow { skill, test_coverage, has_test_suite, replacement: None });
        Ok(())
    }

    fn add_version(&mut self, id: i64, row: &Row) {
        let number = text(row, "version").unwrap_or_default();
        self.versions.retain(|_, it| it.skill != owner(row) || it.record.version != number);
        let record = VersionRecord {
            id,
            version: number,
            content_hash: text(row, "content_hash").unwrap_or_default(),
            folder_hash: text(row, "folder_hash"),
            content_path: text(row, "content_path").unwrap_or_default(),
            front_matter: text(row, "front_matter").map(Into::into),
            approval_level: level(row),
            approved: false,
            partial: false,
            stored: false,
            source: text(row, "source").unwrap_or_default(),
            created_at: text(row, "created_at").unwrap_or_default().into(),
        };
        self.versions.insert(id, VersionRow { skill: owner(row), record });
    }

    fn add_approval(&mut self, id: i64, row: &Row) -> Result<()> {
        let stored = |column: &str| text(row, column).map(Into::into);
        let decision = text(row, "decision").and_then(|it| it.parse().ok());
        let approval = Approval {
            id,
            version: text(row, "version").unwrap_or_default(),
            content_hash: text(row, "content_hash"),
            folder_hash: text(row, "folder_hash"),
            approval_level: level(row),
            approver: text(row, "approver"),
            decision: decision.ok_or_else(|| refused("it is no decision"))?,
            reasoning: text(row, "reasoning"),
            approval_criteria_check: text(row, "approval_criteria_check").map(Into::into),
            risk_assessment: text(row, "risk_assessment").map(Into::into),
            escalated_to: text(row, "escalated_to"),
            timestamp: stored("timestamp"),
        };
        self.approvals.insert(id, ApprovalRow { skill: owner(row), approval });
        Ok(())
    }

    fn add_mapping_row(&mut self, row: &Row) {
        let number = |column: &str| row.get(column).and_then(Value::as_i64);
        let mapping = Mapping {
            agent_type: text(row, "agent_type").unwrap_or_default(),
            priority: number("priority").unwrap_or(5),
            required: number("required") == Some(1),
            conditions: text(row, "conditions").map(Into::into),
            tdd_condition: text(row, "tdd_condition").map(Into::into),
            enabled: number("enabled") == Some(1),
            pinned_version: text(row, "pinned_version"),
        };
        self.mappings.push(MappingRow { skill: owner(row), mapping });
    }
}

fn level(row: &Row) -> ApprovalLevel {
    text(row, "approval_level").and_then(|it| it.parse().ok()).unwrap_or(ApprovalLevel::Human)
}

fn skill(it: &Skill) -> Value {
    json!({
        "name": it.name, "category": it.category, "team": it.team, "content_path": it.content_path,
        "content_hash": it.content_hash, "tags": it.tags.as_ref().map(cfn::model::StoredTags::as_str), "version": it.version,
        "status": it.status, "approval_level": it.approval_level, "last_approved_by": it.last_approved_by,
        "last_approval_date": it.last_approval_date, "phase4_pattern_id": it.phase4_pattern_id,
        "generated_by": it.generated_by, "owner": it.owner, "created_at": it.created_at, "updated_at": it.updated_at,
    })
}

fn version(it: &VersionRecord) -> Value {
    json!({
        "version": it.version, "content_hash": it.content_hash, "content_path": it.content_path,
        "front_matter": it.front_matter, "approval_level": it.approval_level, "source": it.source,
        "created_at": it.created_at, "folder_hash": it.folder_hash,
    })
}

fn approval(it: &Approval) -> Value {
    json!({
        "version": it.version, "content_hash": it.content_hash, "approval_level": it.approval_level,
        "approver": it.approver, "decision": it.decision, "reasoning": it.reasoning,
        "approval_criteria_check": it.approval_criteria_check, "timestamp": it.timestamp,
        "folder_hash": it.folder_hash,
    })
}

fn mapping(it: &Mapping) -> Value {
    json!({
        "agent_type": it.agent_type, "priority": it.priority, "required": i64::from(it.required),
        "conditions": it.conditions, "tdd_condition": it.tdd_condition, "enabled": i64::from(it.enabled),
    })
}
