//! `skill lint`: checks the stored skills.

mod confusable;

use serde::Serialize;

use super::body::body;
use super::error::Result;
use crate::model::{Remark, SkillId, Visible};
use crate::skill_file::{self, Limits, Mode, Severity, SkillFile, first_sentence};
use crate::store::{Searchable, Snapshot, Store};

pub use confusable::{ConfusableReport, Pair, confusable};

/// The findings about stored skills.
#[derive(Debug, Clone, Serialize)]
pub struct LintReport {
    /// Number of skills.
    pub checked: usize,
    /// Number of skills with errors.
    pub invalid: usize,
    /// Skills with findings, in the order of recording.
    pub skills: Vec<LintedSkill>,
}

/// A skill with findings.
#[derive(Debug, Clone, Serialize)]
pub struct LintedSkill {
    /// Its name.
    pub name: String,
    /// The version that agents get, or the current one.
    pub version: String,
    /// Whether it has no errors.
    pub valid: bool,
    /// Errors and warnings, by line.
    pub findings: Vec<Remark<(), Severity>>,
    /// Why its bytes could not be read, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// Validates the bytes of every skill, from one snapshot. `progress` gets the number of skills done and in total.
pub fn lint(store: &mut dyn Store, strict: bool, progress: &mut dyn FnMut(usize, usize)) -> Result<LintReport> {
    let mode = if strict { Mode::Strict } else { Mode::Lenient };
    let snapshot = store.read()?;
    let ids = ids(snapshot.as_ref(), |_| true)?;
    let mut report = LintReport { checked: ids.len(), invalid: 0, skills: Vec::new() };
    for (done, id) in ids.iter().enumerate() {
        progress(done, ids.len());
        let Some(skill) = snapshot.searchable_skill(*id)? else { continue };
        let linted = one(snapshot.as_ref(), skill, mode)?;
        report.invalid += usize::from(!linted.valid);
        if !linted.valid || !linted.findings.is_empty() {
            report.skills.push(linted);
        }
    }
    Ok(report)
}

/// The ids of the skills that pass.
fn ids(snapshot: &dyn Snapshot, passes: impl Fn(&Searchable) -> bool) -> Result<Vec<SkillId>> {
    let mut ids = Vec::new();
    snapshot.searchable(&mut |it| ids.extend(passes(&it).then_some(it.id)))?;
    Ok(ids)
}

fn one(snapshot: &dyn Snapshot, skill: Searchable, mode: Mode) -> Result<LintedSkill> {
    let text = body(snapshot, &skill.content_hash)?;
    let checked = match &text {
        Ok(text) => SkillFile::read(text.as_bytes(), &limits())
            .map(|file| skill_file::validate(&file, Some(&skill.name), mode))
            .map_err(|error| format!("line {}: {}", error.line(), Visible(error.to_string()))),
        Err(_) => Err("its bytes are missing, altered or not UTF-8".to_owned()),
    };
    let (findings, unreadable) = match checked {
        Ok(findings) => (findings, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let valid = unreadable.is_none() && findings.iter().all(|it| it.kind != Severity::Error);
    Ok(LintedSkill { name: skill.name, version: skill.version, valid, findings, unreadable })
}

/// The size was checked when the bytes were stored.
fn limits() -> Limits {
    Limits { file_bytes: usize::MAX, ..Limits::default() }
}

/// What an agent reads to choose the skill: its description, or the first sentence of its body.
fn description(text: &str) -> Option<String> {
    let file = SkillFile::read(text.as_bytes(), &limits()).ok()?;
    let described = file.front_matter.and_then(|it| it.description).filter(|it| !it.is_empty());
    described.or_else(|| first_sentence(file.body))
}
