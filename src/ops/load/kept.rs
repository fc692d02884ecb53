//! What a cache keeps of a load: everything but the bodies.

use serde::{Deserialize, Serialize};

use super::{LeftOut, Load, LoadReport, LoadedSkill, Origin, select};
use crate::cache::{Class, Question};
use crate::model::Tables;
use crate::ops::cached::Query;
use crate::ops::error::Result;
use crate::store::Snapshot;

#[derive(Serialize, Deserialize)]
struct Kept {
    skills: Vec<KeptSkill>,
    left_out: Vec<(String, String, bool)>,
    estimated_tokens: u64,
    did_you_mean: Vec<String>,
    unmapped: bool,
}

#[derive(Serialize, Deserialize)]
struct KeptSkill {
    name: String,
    version: String,
    content_hash: String,
    priority: i64,
    required: bool,
    content_path: String,
    description: Option<String>,
    origin: Option<Origin>,
}

impl Query for Load {
    type Answer = LoadReport;

    fn question(&self) -> Question {
        Question::new(Class::Load, Tables::Catalogue, "load")
            .text(self.agent_type.as_str())
            .set(&self.context)
            .optional(self.phase.as_deref())
            .number(Some(self.max_skills as u64))
            .number(self.max_tokens)
            .flag(self.bootstrap)
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<LoadReport> {
        select(snapshot, self)
    }

    fn kept(&self, answer: &LoadReport) -> Option<Vec<u8>> {
        if !answer.keepable {
            return None;
        }
        let left_out = answer.left_out.iter().map(|it| (it.name.clone(), it.reason.clone(), it.trouble));
        let kept = Kept {
            skills: answer.skills.iter().map(KeptSkill::from).collect(),
            left_out: left_out.collect(),
            estimated_tokens: answer.estimated_tokens,
            did_you_mean: answer.did_you_mean.clone(),
            unmapped: answer.unmapped,
        };
        serde_json::to_vec(&kept).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(LoadReport, Vec<String>)> {
        let kept: Kept = serde_json::from_slice(kept).ok()?;
        let hashes = kept.skills.iter().map(|it| it.content_hash.clone()).collect();
        let left_out = kept.left_out.into_iter().map(|(name, reason, trouble)| LeftOut { name, reason, trouble });
        let report = LoadReport {
            agent_type: self.agent_type.clone(),
            skills: kept.skills.into_iter().map(LoadedSkill::from).collect(),
            left_out: left_out.collect(),
            estimated_tokens: kept.estimated_tokens,
            did_you_mean: kept.did_you_mean,
            unmapped: kept.unmapped,
            keepable: true,
        };
        Some((report, hashes))
    }

    fn fill(&self, answer: &mut LoadReport, bodies: Vec<String>) {
        for (skill, body) in answer.skills.iter_mut().zip(bodies) {
            skill.content = body;
        }
    }
}

impl From<&LoadedSkill> for KeptSkill {
    fn from(skill: &LoadedSkill) -> Self {
        Self {
            name: skill.name.clone(),
            version: skill.version.clone(),
            content_hash: skill.content_hash.clone(),
            priority: skill.priority,
            required: skill.required,
            content_path: skill.content_path.clone(),
            description: skill.description.clone(),
            origin: skill.origin,
        }
    }
}

impl From<KeptSkill> for LoadedSkill {
    fn from(kept: KeptSkill) -> Self {
        Self {
            name: kept.name,
            version: kept.version,
            content_hash: kept.content_hash,
            priority: kept.priority,
            required: kept.required,
            content: String::new(),
            content_path: kept.content_path,
            description: kept.description,
            origin: kept.origin,
        }
    }
}
