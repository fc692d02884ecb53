//! The sources of reports, except the sums of the usage log.

use std::collections::BTreeMap;

use cfn::model::{ApprovalLevel, DecisionTime, Review, Skill, SkillId, UsedSkill, Waiting};
use cfn::store::Days;

use super::judging::is_active;
use super::tables::Tables;
use super::usage::is_within;

impl Tables {
    fn of_category<'s>(&'s self, category: Option<&'s str>) -> impl Iterator<Item = &'s Skill> {
        let skills = self.skills.values().map(|it| &it.skill);
        skills.filter(move |it| category.is_none_or(|category| category == it.category))
    }

    pub(super) fn used(&self, name: &str, agent_type: &str) -> Option<UsedSkill> {
        let skill = &self.skill_called(name)?.skill;
        let mapping = self.mappings.iter().find(|it| it.skill == skill.id && it.mapping.agent_type == agent_type);
        let pin = mapping.and_then(|it| it.mapping.pinned_version.as_ref()).or(skill.pinned_version.as_ref());
        Some(UsedSkill {
            id: skill.id,
            approval_level: skill.approval_level,
            phase4_generated: skill.generated_by.as_deref() == Some("phase4"),
            version: self.served(skill, pin).map(|it| (it.version.clone(), it.content_hash.clone())),
        })
    }

    pub(super) fn decision_times(&self, days: Option<Days>, category: Option<&str>) -> Vec<DecisionTime> {
        let is_of = |skill| self.skills.get(&skill).is_some_and(|it| category.is_none_or(|of| of == it.skill.category));
        let decided = self.approvals.values().filter(|it| is_of(it.skill));
        let within = decided.filter(|it| {
            days.is_none_or(|days| it.approval.timestamp.as_ref().is_some_and(|time| is_within(days, time.as_str())))
        });
        within
            .map(|it| DecisionTime {
                approval_level: it.approval.approval_level,
                decision: it.approval.decision,
                decided_at: it.approval.timestamp.clone(),
                recorded_at: self.version(it.skill, &it.approval.version).map(|it| it.created_at.clone()),
                review_minutes: None,
            })
            .collect()
    }

    pub(super) fn waiting(&self, category: Option<&str>) -> Vec<Waiting> {
        let pending = self.of_category(category).filter(|it| self.review(it) == Review::Pending);
        pending
            .map(|it| Waiting {
                name: it.name.clone(),
                version: it.version.clone(),
                approval_level: it.approval_level,
                since: self.current(it).map(|it| it.created_at.clone()).or_else(|| it.updated_at.clone()),
            })
            .collect()
    }

    pub(super) fn levels(&self, category: Option<&str>) -> Vec<(ApprovalLevel, String, i64)> {
        let mut counts: BTreeMap<(ApprovalLevel, &str), i64> = BTreeMap::new();
        for skill in self.of_category(category) {
            *counts.entry((skill.approval_level, &skill.status)).or_default() += 1;
        }
        counts.into_iter().map(|((level, status), count)| (level, status.to_owned(), count)).collect()
    }

    pub(super) fn active_skills(&self, category: Option<&str>) -> Vec<(SkillId, String)> {
        let active = self.of_category(category).filter(|it| is_active(it));
        let mut active: Vec<_> = active.map(|it| (it.id, it.name.clone())).collect();
        active.sort_by(|a, b| a.1.cmp(&b.1));
        active
    }
}
