//! The catalogue of skills.

use super::state::State;
use crate::model::*;
use crate::store::*;

impl Catalogue for State<'_> {
    fn skill(&self, _name: &SkillName) -> Result<Option<Skill>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn list(&self, _filter: &SkillFilter) -> Result<Vec<ListedSkill>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn versions(&self, _skill: SkillId) -> Result<Vec<VersionRecord>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn approvals(&self, _skill: SkillId) -> Result<Vec<Approval>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn latest_decision(
        &self,
        _skill: SkillId,
        _content_hash: &str,
        _folder_hash: Option<&str>,
    ) -> Result<Option<LatestDecision>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn review(&self, _skill: SkillId) -> Result<Review> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn holders(&self, _hash: &str) -> Result<Vec<Holder>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn unstored(&self) -> Result<Vec<Unstored>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn names(&self, _of: NameKind) -> Result<Vec<String>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
    fn names_beginning(&self, _of: NameKind, _with: &str, _most: usize) -> Result<Vec<String>> {
        Err(StoreError::Defect("PostgreSQL cannot do this yet"))
    }
}
