//! Adds and changes the mappings of an imported skill.

use super::entry::{MappingEntry, row};
use super::incoming::{Incoming, changed};
use super::request::ImportYamlReport;
use super::take::Taker;
use crate::model::{AgentType, Remark, SkillId, StoredJson};
use crate::ops::error::Result;
use crate::store::{NewMapping, RowKind, Transaction};

impl Taker<'_> {
    /// Adds and changes the mappings of a skill. Agents cannot be required to get what nobody may get.
    pub(super) fn map(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        incoming: &Incoming,
        may_require: bool,
        report: &mut ImportYamlReport,
    ) -> Result<()> {
        let mappings = incoming.entry.id.and_then(|it| self.checked.mappings.get(&it)).map_or(&[][..], Vec::as_slice);
        let there = tx.mappings(skill)?;
        for mapping in mappings {
            let agent_type: AgentType =
                mapping.agent_type.as_deref().unwrap_or_default().parse().map_err(|_| changed())?;
            let required = mapping.required.is_some_and(|it| it.0 == 1);
            if required && !may_require {
                let reason = format!("it is not required for {agent_type}, since no version of it is approved");
                report.warnings.push(Remark::new(incoming.name.to_string(), (), reason));
            }
            let required = required && may_require;
            match there.iter().find(|it| it.agent_type == agent_type.as_str()) {
                None => {
                    self.add_mapping(tx, skill, mapping, required)?;
                    report.mappings_added += 1;
                }
                Some(old) => {
                    let conditions = mapping.conditions.as_ref().map(|it| StoredJson::from(it.0.clone()));
                    let new = NewMapping {
                        agent_type: &agent_type,
                        priority: mapping.priority.unwrap_or(old.priority),
                        required,
                        conditions: conditions.as_ref(),
                        enabled: mapping.enabled.is_none_or(|it| it.0 == 1),
                        now: self.now,
                    };
                    let before = (old.priority, old.required, old.conditions.as_ref(), old.enabled);
                    if before != (new.priority, new.required, new.conditions, new.enabled) {
                        tx.change_mapping(skill, &new)?;
                        report.mappings_changed += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn add_mapping(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        mapping: &MappingEntry,
        required: bool,
    ) -> Result<()> {
        let mut row = row(mapping)?;
        row.insert("skill_id".to_owned(), skill.0.into());
        row.insert("required".to_owned(), i64::from(required).into());
        row.entry("priority").or_insert_with(|| 5.into());
        row.entry("enabled").or_insert_with(|| 1.into());
        for column in ["created_at", "updated_at"] {
            row.entry(column).or_insert_with(|| self.now.to_string().into());
        }
        if !(self.fresh && self.request.trusted_by.is_some()) {
            row.shift_remove("id");
            row.shift_remove("pinned_version");
        }
        tx.add_whole_row(RowKind::Mapping, &row)?;
        Ok(())
    }
}
