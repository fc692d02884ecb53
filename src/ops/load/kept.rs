//! The cached form of a load: everything but the content.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::format::Format;
use super::paths::complete;
use super::picked::{Cause, Picked};
use super::report::{LoadReport, LoadedSkill};
use super::request::Load;
use super::selection::select;
use crate::cache::{Class, Question};
use crate::model::{Remark, Tables};
use crate::ops::cached::Query;
use crate::ops::error::Result;
use crate::ops::served_folder::first_unusable;
use crate::store::Snapshot;

#[derive(Serialize, Deserialize)]
struct Kept<'a> {
    skills: Vec<Cow<'a, Picked>>,
    left_out: Vec<(String, String, Cause)>,
    did_you_mean: Vec<String>,
    unmapped: bool,
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
            // The format matters only with a token limit.
            .number(self.max_tokens.map(|_| self.format.code()))
            .flag(self.bootstrap)
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<LoadReport> {
        select(snapshot, self)
    }

    fn kept(&self, answer: &LoadReport) -> Option<Vec<u8>> {
        if !answer.keepable {
            return None;
        }
        let left_out = answer.left_out.iter().map(|it| (it.subject.clone(), it.reason.clone(), it.kind));
        let kept = Kept {
            skills: answer.skills.iter().map(|it| Cow::Borrowed(&it.picked)).collect(),
            left_out: left_out.collect(),
            did_you_mean: answer.did_you_mean.clone(),
            unmapped: answer.unmapped,
        };
        serde_json::to_vec(&kept).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(LoadReport, Vec<String>)> {
        let kept: Kept<'_> = serde_json::from_slice(kept).ok()?;
        let hashes = kept.skills.iter().map(|it| it.content_hash.clone()).collect();
        let left_out = kept.left_out.into_iter().map(|(name, reason, cause)| Remark::new(name, cause, reason));
        let report = LoadReport {
            agent_type: self.agent_type.clone(),
            skills: kept.skills.into_iter().map(|it| without_body(it.into_owned())).collect(),
            left_out: left_out.collect(),
            estimated_tokens: 0,
            did_you_mean: kept.did_you_mean,
            unmapped: kept.unmapped,
            keepable: true,
            depends_on_files: false,
        };
        Some((report, hashes))
    }

    fn fill(&self, answer: &mut LoadReport, bodies: Vec<String>) {
        for (skill, body) in answer.skills.iter_mut().zip(bodies) {
            skill.content = body;
        }
    }

    fn is_intact(&self, answer: &LoadReport, snapshot: &dyn Snapshot) -> Result<bool> {
        for skill in answer.skills.iter().filter_map(|it| it.picked.folder.as_ref()) {
            if first_unusable(snapshot, skill)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn complete(&self, answer: &mut LoadReport, snapshot: &dyn Snapshot) -> Result<()> {
        complete(snapshot, self, answer)
    }
}

fn without_body(picked: Picked) -> LoadedSkill {
    LoadedSkill::new(picked, String::new())
}

impl Format {
    fn code(self) -> u64 {
        match self {
            Self::Json => 0,
            Self::Prompt => 1,
            Self::Xml => 2,
            Self::Names => 3,
        }
    }
}
