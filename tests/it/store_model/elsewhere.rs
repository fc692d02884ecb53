//! Writes by other programs, if the row that they change exists.

use cfn::store::{Snapshot, UsageFilter};

use super::files::hash;
use super::perform::name;
use super::steps::Foreign;
use crate::store_contract::OtherProgram;

impl Foreign {
    pub(super) fn perform(&self, snapshot: &dyn Snapshot, other: &dyn OtherProgram) -> String {
        let find = |skill: &str| snapshot.skill(&name(skill)).expect("a read").filter(|it| it.name == skill);
        match self {
            Self::Overwrite { skill, version, body } => {
                let Some(found) = find(skill) else { return "no skill".to_owned() };
                let version = version.map_or(found.version, |it| it.to_string());
                other.overwrite(skill, &version, &hash(skill, *body).to_string());
            }
            Self::Decide { skill, version, decision } => {
                let Some(found) = find(skill) else { return "no skill".to_owned() };
                let version = version.map_or(found.version, |it| it.to_string());
                other.decide(skill, &version, *decision);
            }
            Self::SetMapping { skill, agent, enabled, gate } => {
                let mapped = |id| snapshot.mappings(id).expect("a read").iter().any(|it| it.agent_type == *agent);
                if !find(skill).is_some_and(|it| mapped(it.id)) {
                    return "no mapping".to_owned();
                }
                other.set_mapping(skill, agent, *enabled, *gate);
            }
            Self::SetTests { skill, coverage } if find(skill).is_some() => other.set_tests(skill, *coverage),
            Self::LogAt { skill, time } if find(skill).is_some() => other.log_at(skill, time),
            Self::SetTests { .. } | Self::LogAt { .. } => return "no skill".to_owned(),
            Self::SetContent { skill, body, lose } => {
                let hash = hash(skill, *body).to_string();
                if snapshot.content(&hash).expect("a read").is_none() {
                    return "no bytes".to_owned();
                }
                other.set_content(&hash, (!lose).then_some(b"damaged"));
            }
            Self::CompleteUse { task } => {
                let rows = snapshot.usage_rows(&UsageFilter::Task(task), 1).expect("rows");
                let Some(row) = rows.first() else { return "no use".to_owned() };
                other.complete_use(row.id);
            }
        }
        String::new()
    }
}
