//! What the risk of a skill is assessed by.

use cfn::model::{ApprovalLevel, SkillId, StoredJson};
use cfn::store::{Criteria, Result};

use super::transaction::MemoryTransaction;

impl Criteria for MemoryTransaction<'_> {
    fn test_coverage(&self, skill: SkillId) -> Result<Option<f64>> {
        Ok(self.tables.skills.get(&skill).and_then(|it| it.test_coverage))
    }

    fn criteria_templates(&self, category: &str) -> Result<Vec<(ApprovalLevel, StoredJson)>> {
        let enabled = self.tables.templates.iter().filter(|it| it.1 == category && it.3);
        Ok(enabled.map(|(level, _, criteria, _)| (*level, criteria.clone())).collect())
    }
}
