//! The catalogue of skills.

use super::parameters::{big, text};
use super::state::State;
use super::{about, approvals, listing, skills, versions};
use crate::model::{Approval, ListedSkill, Review, Skill, SkillId, SkillName, VersionRecord};
use crate::store::{
    About, Catalogue, Holder, LatestDecision, NameKind, Result, SkillFilter, SkillOrder, Unstored, UsageLog,
};

impl Catalogue for State<'_> {
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>> {
        self.skill_and(name, &[])
    }

    fn skill_and(&self, name: &SkillName, next: &[About<'_>]) -> Result<Option<Skill>> {
        let found = about::find(self.session, name, next)?;
        if let Some(skill) = &found {
            self.note(name, &skill.name);
        }
        Ok(found)
    }

    fn list(&self, filter: &SkillFilter) -> Result<Vec<ListedSkill>> {
        let mut uses = (Vec::new(), Vec::new());
        if filter.page.order == SkillOrder::Uses {
            for cell in self.usage_cells(None)? {
                uses.0.push(cell.skill_id);
                uses.1.push(cell.uses);
            }
        }
        listing::list(self.session, filter, &uses)
    }

    fn versions(&self, skill: SkillId) -> Result<Vec<VersionRecord>> {
        versions::of(self.session, skill)
    }

    fn approvals(&self, skill: SkillId) -> Result<Vec<Approval>> {
        approvals::of(self.session, skill)
    }

    fn latest_decision(
        &self,
        skill: SkillId,
        content_hash: &str,
        folder_hash: Option<&str>,
    ) -> Result<Option<LatestDecision>> {
        approvals::latest(self.session, skill, content_hash, folder_hash)
    }

    fn review(&self, skill: SkillId) -> Result<Review> {
        skills::review_of(self.session, skill)
    }

    fn holders(&self, hash: &str) -> Result<Vec<Holder>> {
        versions::holders(self.session, hash)
    }

    fn unstored(&self) -> Result<Vec<Unstored>> {
        versions::unstored(self.session)
    }

    fn names(&self, of: NameKind) -> Result<Vec<String>> {
        let sql = match of {
            NameKind::Skill => "SELECT name FROM skills",
            NameKind::FormerName => "SELECT a.name FROM cfn_aliases a JOIN skills s ON s.id = a.skill_id",
            NameKind::AgentType => "SELECT DISTINCT agent_type FROM agent_skill_mappings WHERE enabled <> 0",
        };
        Ok(self.session.rows(sql, &[])?.iter().map(|row| row.get(0)).collect())
    }

    fn names_beginning(&self, of: NameKind, with: &str, most: usize) -> Result<Vec<String>> {
        // No text that begins so sorts after it: there is no higher character.
        let (end, limit) = (format!("{with}{}", char::MAX), i64::try_from(most).unwrap_or(i64::MAX));
        let sql = match of {
            NameKind::Skill => BEGINNING_SKILLS,
            NameKind::FormerName => BEGINNING_FORMER,
            NameKind::AgentType => BEGINNING_AGENT_TYPES,
        };
        Ok(self.session.rows(sql, &[text(with), text(&end), big(limit)])?.iter().map(|row| row.get(0)).collect())
    }
}

/// The first names of a range, and the last one.
macro_rules! beginning {
    ($column:literal, $from:literal) => {
        concat!(
            "(SELECT DISTINCT ",
            $column,
            " FROM ",
            $from,
            " AND ",
            $column,
            " >= $1 AND ",
            $column,
            " < $2 ORDER BY 1 LIMIT $3)
             UNION (SELECT ",
            $column,
            " FROM ",
            $from,
            " AND ",
            $column,
            " >= $1 AND ",
            $column,
            " < $2 ORDER BY 1 DESC LIMIT 1)
             ORDER BY 1"
        )
    };
}

const BEGINNING_SKILLS: &str = beginning!("s.name", "skills s WHERE true");
const BEGINNING_FORMER: &str = beginning!("a.name", "cfn_aliases a JOIN skills s ON s.id = a.skill_id WHERE true");
const BEGINNING_AGENT_TYPES: &str = beginning!("m.agent_type", "agent_skill_mappings m WHERE m.enabled <> 0");
