//! Queries of operators.

use std::cmp::Reverse;

use cfn::model::{Approval, ListedSkill, Review, Skill, SkillId, SkillName, VersionRecord};
use cfn::store::{Catalogue, Holder, LatestDecision, NameKind, Result, SkillFilter, SkillOrder, SkillPage, Unstored};

use super::tables::Tables;
use super::transaction::MemoryTransaction;

impl Catalogue for MemoryTransaction<'_> {
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>> {
        Ok(self.tables.skill_called(name.as_str()).map(|it| it.skill.clone()))
    }

    fn list(&self, filter: &SkillFilter) -> Result<Vec<ListedSkill>> {
        let all = self.tables.skills.values().map(|it| self.tables.listed(&it.skill));
        let mut passing: Vec<ListedSkill> = all.filter(|it| passes(filter, it)).collect();
        if filter.page.order == SkillOrder::Uses {
            for it in &mut passing {
                it.uses = Some(self.tables.uses(it.id));
            }
        }
        passing.sort_by_key(|it| position(filter.page.order, it));
        Ok(self.tables.page(&filter.page, passing))
    }

    fn versions(&self, skill: SkillId) -> Result<Vec<VersionRecord>> {
        let Some(row) = self.tables.skills.get(&skill) else { return Ok(Vec::new()) };
        let read = |it: &VersionRecord| VersionRecord {
            stored: self.tables.is_stored(&it.content_hash),
            approved: self.tables.approves(&row.skill, it),
            partial: self.tables.approves(&row.skill, it) && !self.tables.approves_whole(&row.skill, it),
            ..it.clone()
        };
        Ok(self.tables.versions_of(skill).rev().map(read).collect())
    }

    fn approvals(&self, skill: SkillId) -> Result<Vec<Approval>> {
        let of_skill = self.tables.approvals.values().rev().filter(|it| it.skill == skill);
        Ok(of_skill.map(|it| it.approval.clone()).collect())
    }

    fn latest_decision(
        &self,
        skill: SkillId,
        content_hash: &str,
        folder_hash: Option<&str>,
    ) -> Result<Option<LatestDecision>> {
        let latest = self.tables.latest_on(skill, content_hash, folder_hash);
        Ok(latest.map(|it| LatestDecision { id: it.id, decision: it.decision }))
    }

    fn review(&self, skill: SkillId) -> Result<Review> {
        Ok(self.tables.skills.get(&skill).map_or(Review::None, |it| self.tables.review(&it.skill)))
    }

    fn holders(&self, hash: &str) -> Result<Vec<Holder>> {
        let mut holders = Vec::new();
        for row in self.tables.skills.values().map(|it| &it.skill) {
            let holder = |version: &str, content_hash: &str, folder_hash: Option<&String>| Holder {
                skill: row.id,
                name: row.name.clone(),
                version: version.to_owned(),
                content_hash: content_hash.to_owned(),
                folder_hash: folder_hash.cloned(),
                approval_level: row.approval_level,
            };
            let versions = self.tables.versions_of(row.id).filter(|it| self.tables.has_file(it, hash));
            holders.extend(versions.map(|it| holder(&it.version, &it.content_hash, it.folder_hash.as_ref())));
            if row.content_hash == hash && self.tables.current(row).is_none() {
                holders.push(holder(&row.version, &row.content_hash, None));
            }
        }
        holders.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        Ok(holders)
    }

    fn unstored(&self) -> Result<Vec<Unstored>> {
        let skills = self.tables.skills.values().map(|it| &it.skill);
        let mut skills: Vec<Unstored> = skills
            .filter(|it| !self.tables.is_stored(&it.content_hash))
            .map(|it| Unstored {
                name: it.name.clone(),
                content_path: it.content_path.clone(),
                content_hash: Some(it.content_hash.clone()),
                version_id: self.tables.current(it).map(|it| it.id),
                bootstrap: false,
            })
            .collect();
        skills.sort_by(|a, b| a.name.cmp(&b.name));
        let enabled = self.tables.bootstrap.iter().filter(|it| it.enabled).map(|it| &it.bootstrap);
        let mut bootstrap: Vec<Unstored> = enabled
            .filter(|it| !it.content_hash.as_deref().is_some_and(|hash| self.tables.is_stored(hash)))
            .map(|it| Unstored {
                name: it.name.clone(),
                content_path: it.file_path.clone(),
                content_hash: it.content_hash.clone(),
                version_id: None,
                bootstrap: true,
            })
            .collect();
        bootstrap.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(skills.into_iter().chain(bootstrap).collect())
    }

    fn names(&self, of: NameKind) -> Result<Vec<String>> {
        Ok(match of {
            NameKind::Skill => self.tables.skills.values().map(|it| it.skill.name.clone()).collect(),
            NameKind::FormerName => self.tables.former_names.keys().cloned().collect(),
            NameKind::AgentType => self.tables.agent_types().into_iter().map(str::to_owned).collect(),
        })
    }

    fn names_beginning(&self, of: NameKind, with: &str, most: usize) -> Result<Vec<String>> {
        let mut names = self.names(of)?;
        names.retain(|it| it.starts_with(with));
        names.sort();
        let last = names.last().cloned();
        names.truncate(most);
        names.extend(last.filter(|it| !names.contains(it)));
        Ok(names)
    }
}

impl Tables {
    fn has_file(&self, version: &VersionRecord, hash: &str) -> bool {
        version.content_hash == hash
            || version.folder_hash.as_deref() == Some(hash)
            || self.files.get(&version.id).is_some_and(|files| files.iter().any(|it| it.hash == hash))
    }

    fn listed(&self, skill: &Skill) -> ListedSkill {
        let mapped = self.mappings.iter().filter(|it| it.skill == skill.id && it.mapping.enabled);
        let mut agents: Vec<String> = mapped.map(|it| it.mapping.agent_type.clone()).collect();
        agents.sort();
        ListedSkill::new(skill.clone(), self.review(skill), agents)
    }

    fn uses(&self, skill: SkillId) -> i64 {
        i64::try_from(self.usage.values().filter(|it| it.skill == skill).count()).expect("a few")
    }

    fn described(&self, skill: &ListedSkill) -> Option<String> {
        let current = self.current(&self.skills.get(&skill.id)?.skill)?;
        let front_matter: serde_json::Value = current.front_matter.as_ref()?.read().ok()?;
        front_matter["description"].as_str().map(str::to_owned)
    }

    fn page(&self, page: &SkillPage, skills: Vec<ListedSkill>) -> Vec<ListedSkill> {
        let after = page.after.as_deref().map(|name| {
            let cursor = self.skill_named(name).map(|it| self.listed(&it.skill));
            cursor.map(|it| ListedSkill { uses: Some(self.uses(it.id)), ..it })
        });
        let is_after = |it: &ListedSkill| match (&after, page.order) {
            (None, _) => true,
            (Some(_), SkillOrder::Name) => Some(&it.name) > page.after.as_ref(),
            (Some(cursor), order) => {
                cursor.as_ref().is_some_and(|cursor| position(order, it) > position(order, cursor))
            }
        };
        let described = |it: ListedSkill| ListedSkill {
            description: if page.described { self.described(&it) } else { None },
            ..it
        };
        skills.into_iter().filter(is_after).take(page.limit.unwrap_or(usize::MAX)).map(described).collect()
    }
}

/// Where a skill stands in an order.
fn position(order: SkillOrder, skill: &ListedSkill) -> (Reverse<String>, Reverse<i64>, String) {
    let updated = skill.updated_at.as_ref().map(ToString::to_string).filter(|_| order == SkillOrder::Updated);
    let uses = skill.uses.filter(|_| order == SkillOrder::Uses);
    (Reverse(updated.unwrap_or_default()), Reverse(uses.unwrap_or_default()), skill.name.clone())
}

fn passes(filter: &SkillFilter, skill: &ListedSkill) -> bool {
    filter.category.is_none_or(|it| it.as_str() == skill.category)
        && filter.approval_level.is_none_or(|it| it == skill.approval_level)
        && filter.status.is_none_or(|it| it.as_str() == skill.status)
        && filter.agent_type.as_ref().is_none_or(|it| skill.agents.iter().any(|agent| agent == it.as_str()))
        && filter.tag.as_ref().is_none_or(|tag| skill.tags.iter().any(|it| it.eq_ignore_ascii_case(tag)))
        && filter.owner.as_ref().is_none_or(|it| skill.owner.as_ref() == Some(it))
        && filter.team.as_ref().is_none_or(|it| skill.team.as_ref() == Some(it))
        && (!filter.pending || skill.review == Review::Pending)
}
