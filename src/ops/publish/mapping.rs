//! Maps a skill to agent types: adds missing mappings, and changes existing ones only in the properties given in the
//! command.

use serde_json::{Map, Value};

use crate::model::{AgentType, Mapping, Moment, Remark, SkillId, StoredJson, Visible};
use crate::ops::error::Result;
use crate::store::{NewMapping, Snapshot, Transaction};

/// Agent types, and the properties of their mappings; `None` if not given.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::ops) struct MappingFlags<'a> {
    pub(in crate::ops) agents: &'a [AgentType],
    /// 1 (first) to 10; 5 for a new mapping.
    pub(in crate::ops) priority: Option<i64>,
    /// Whether limits and conditions are ignored; not by default.
    pub(in crate::ops) required: Option<bool>,
    /// `taskContext`; empty for a new mapping.
    pub(in crate::ops) context: Option<&'a [String]>,
    /// `phase`; empty for a new mapping.
    pub(in crate::ops) phase: Option<&'a str>,
    /// Replaces all conditions, before `context` and `phase` replace theirs.
    pub(in crate::ops) condition: Option<&'a Map<String, Value>>,
    /// Whether the mapping is enabled; a new one is by default.
    pub(in crate::ops) enabled: Option<bool>,
}

/// Agent types whose mappings were added or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ops) struct Mapped {
    pub(in crate::ops) added: Vec<String>,
    pub(in crate::ops) changed: Vec<String>,
}

impl MappingFlags<'_> {
    /// Maps a new skill.
    pub(in crate::ops) fn add(&self, tx: &mut dyn Transaction, skill: SkillId, now: Moment) -> Result<Mapped> {
        let mut mapped = Mapped::default();
        for agent_type in self.agents {
            self.add_one(tx, skill, agent_type, now)?;
            mapped.added.push(agent_type.to_string());
        }
        Ok(mapped)
    }

    /// The mappings of a skill, if any are to be applied.
    pub(in crate::ops) fn there(&self, snapshot: &dyn Snapshot, skill: SkillId) -> Result<Vec<Mapping>> {
        if self.agents.is_empty() { Ok(Vec::new()) } else { Ok(snapshot.mappings(skill)?) }
    }

    /// Maps a skill that has these mappings.
    pub(in crate::ops) fn apply(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        there: &[Mapping],
        now: Moment,
        warnings: &mut Vec<Remark>,
    ) -> Result<Mapped> {
        let mut mapped = Mapped::default();
        for agent_type in self.agents {
            let Some(mapping) = there.iter().find(|it| it.agent_type == agent_type.as_str()) else {
                self.add_one(tx, skill, agent_type, now)?;
                mapped.added.push(agent_type.to_string());
                continue;
            };
            if self.change_one(tx, skill, agent_type, mapping, now)? {
                mapped.changed.push(agent_type.to_string());
            }
            if !mapping.enabled && self.enabled.is_none() {
                let agent_type = Visible(agent_type.as_str());
                warnings.push(Remark::from(format!(
                    "the mapping to {agent_type} remains disabled: agents of this type do not get the skill"
                )));
            }
        }
        Ok(mapped)
    }

    fn add_one(&self, tx: &mut dyn Transaction, skill: SkillId, agent_type: &AgentType, now: Moment) -> Result<()> {
        let conditions = self.conditions(None);
        let mapping = NewMapping {
            agent_type,
            priority: self.priority.unwrap_or(5),
            required: self.required.unwrap_or(false),
            conditions: conditions.as_ref(),
            enabled: self.enabled.unwrap_or(true),
            now,
        };
        Ok(tx.add_mapping(skill, &mapping)?)
    }

    fn change_one(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        agent_type: &AgentType,
        there: &Mapping,
        now: Moment,
    ) -> Result<bool> {
        let conditions = self.conditions(there.conditions.as_ref());
        let mapping = NewMapping {
            agent_type,
            priority: self.priority.unwrap_or(there.priority),
            required: self.required.unwrap_or(there.required),
            conditions: conditions.as_ref(),
            enabled: self.enabled.unwrap_or(there.enabled),
            now,
        };
        let before = (there.priority, there.required, there.conditions.as_ref(), there.enabled);
        let changes = (mapping.priority, mapping.required, mapping.conditions, mapping.enabled) != before;
        if changes {
            tx.change_mapping(skill, &mapping)?;
        }
        Ok(changes)
    }

    /// The new conditions: each given part replaces the old one, and an empty one removes it. Existing text that is not a JSON
    /// object is dropped.
    fn conditions(&self, there: Option<&StoredJson>) -> Option<StoredJson> {
        if self.context.is_none() && self.phase.is_none() && self.condition.is_none() {
            return there.cloned();
        }
        let kept = || there.and_then(|it| it.read().ok()).unwrap_or_default();
        let mut fields: Map<String, Value> = self.condition.cloned().unwrap_or_else(kept);
        let said = [
            ("taskContext", self.context.map(|it| (it.is_empty(), Value::from(it)))),
            ("phase", self.phase.map(|it| (it.is_empty(), Value::from(it)))),
        ];
        for (field, (removed, value)) in said.into_iter().filter_map(|(field, said)| Some((field, said?))) {
            if removed {
                fields.shift_remove(field);
            } else {
                fields.insert(field.to_owned(), value);
            }
        }
        if fields.is_empty() { None } else { StoredJson::of(&fields) }
    }
}

#[cfg(test)]
mod tests {
    use super::{MappingFlags, StoredJson};

    #[test]
    fn a_given_condition_replaces_only_its_own_part() {
        let words = ["auth".to_owned()];
        let flags = MappingFlags { context: Some(&words), ..MappingFlags::default() };
        for (there, then) in [
            (None, r#"{"taskContext":["auth"]}"#),
            (Some(r#"{"phase":"build","extra":1}"#), r#"{"phase":"build","extra":1,"taskContext":["auth"]}"#),
            (Some(r#"{"taskContext":"old"}"#), r#"{"taskContext":["auth"]}"#),
            (Some("not JSON"), r#"{"taskContext":["auth"]}"#),
        ] {
            let stored = |text: &str| StoredJson::from(text.to_owned());
            let parsed = |text: StoredJson| text.read::<serde_json::Value>().ok();
            let said = flags.conditions(there.map(stored).as_ref());
            assert_eq!(said.and_then(parsed), parsed(stored(then)), "{there:?}");
        }
        let (nothing, odd) = (MappingFlags::default(), StoredJson::from("not JSON".to_owned()));
        assert_eq!(nothing.conditions(Some(&odd)), Some(odd.clone()));
        assert_eq!(nothing.conditions(None), None);
    }
}
