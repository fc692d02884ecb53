//! `skill assess`: the risk of a skill or a file, with the lines that raise it; and the record of it with a decision.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::body::{body, require_body};
use super::content_file::{FileError, Files};
use super::error::{Error, Result, require_skill};
use super::risk::{self, Assessment, Thresholds};
use super::rules::describe;
use super::scripts::scripts;
use super::stored_folder::current_folder_hash;
use super::update::as_snapshot;
use crate::model::{ApprovalLevel, Category, Skill, SkillName};
use crate::store::{Durability, Snapshot, Store, Transaction, write_unless};

/// The file name inside a skill's folder.
const FILE: &str = "SKILL.md";

/// An assessed skill or file.
#[derive(Debug, Clone, Serialize)]
pub struct AssessReport {
    /// The skill; `None` for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version; `None` for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The path of the file.
    pub path: String,
    /// SHA-256 of the assessed bytes.
    pub content_hash: String,
    /// The category.
    pub category: String,
    /// The risk.
    #[serde(flatten)]
    pub assessment: Assessment,
    /// The approval level of the skill, which the suggestion does not change; `None` for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_level: Option<ApprovalLevel>,
    /// Whether it was recorded with the latest decision about these bytes.
    pub recorded: bool,
}

/// A file to assess.
#[derive(Debug, Clone)]
pub struct AssessFile<'a> {
    /// A skill file, or its folder.
    pub path: &'a Path,
    /// The category; by default that of the file, else `domain`.
    pub category: Option<Category>,
    /// Its test coverage; unknown by default.
    pub coverage: Option<f64>,
}

/// Assesses the current bytes of a skill, from one snapshot. A given coverage replaces the recorded one.
pub fn assess_skill(store: &mut dyn Store, name: &SkillName, coverage: Option<f64>) -> Result<AssessReport> {
    let snapshot = store.read()?;
    of_skill(snapshot.as_ref(), &require_skill(snapshot.as_ref(), name)?, coverage)
}

/// The same for several skills, recorded with the latest decisions about their current bytes: with all, or none.
pub fn record_assessments(
    store: &mut dyn Store,
    names: &[SkillName],
    coverage: Option<f64>,
    dry_run: bool,
) -> Result<Vec<AssessReport>> {
    write_unless(dry_run, store, Durability::Full, |tx| {
        let mut reports = Vec::new();
        for name in names {
            let skill = require_skill(as_snapshot(tx), name)?;
            let report = of_skill(as_snapshot(tx), &skill, coverage)?;
            let folder_hash = current_folder_hash(as_snapshot(tx), &skill)?;
            if !attach(tx, &skill, &skill.content_hash, folder_hash.as_deref(), &report.assessment)? {
                return Err(Error::NotDecided { name: skill.name });
            }
            reports.push(AssessReport { recorded: true, ..report });
        }
        Ok(reports)
    })
}

/// Assesses a file. Without a database, the default thresholds apply.
pub fn assess_file(
    store: Option<&mut (dyn Store + '_)>,
    files: &Files,
    request: &AssessFile<'_>,
) -> Result<AssessReport> {
    let path = file_of(request.path);
    let file = files.read(&path)?;
    let unusable = |problem: String| FileError::Content { path: path.clone(), problem, hint: "Correct the file." };
    let described = describe(&file.bytes, files.most_bytes).map_err(|error| unusable(error.to_string()))?;
    let text = std::str::from_utf8(&file.bytes).map_err(|error| unusable(error.to_string()))?;
    let category = request.category.or(described.category).unwrap_or(Category::Domain).as_str();
    let thresholds = match store {
        Some(store) => Thresholds::of(&store.read()?.criteria_templates(category)?),
        None => Thresholds::default(),
    };
    Ok(AssessReport {
        name: None,
        version: None,
        path: path.to_string_lossy().into_owned(),
        content_hash: described.hash.to_string(),
        category: category.to_owned(),
        assessment: risk::assess(text, &[], category, request.coverage, thresholds),
        approval_level: None,
        recorded: false,
    })
}

fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE) } else { path.to_owned() }
}

/// The assessment of a skill's current bytes.
pub(super) fn of_skill(snapshot: &dyn Snapshot, skill: &Skill, coverage: Option<f64>) -> Result<AssessReport> {
    let text = require_body(snapshot, &skill.name, &skill.version, &skill.content_hash)?;
    let folder_hash = current_folder_hash(snapshot, skill)?;
    Ok(AssessReport {
        name: Some(skill.name.clone()),
        version: Some(skill.version.clone()),
        path: skill.content_path.clone(),
        content_hash: skill.content_hash.clone(),
        category: skill.category.clone(),
        assessment: of_text(snapshot, skill, &text, folder_hash.as_deref(), coverage)?,
        approval_level: Some(skill.approval_level),
        recorded: false,
    })
}

fn of_text(
    snapshot: &dyn Snapshot,
    skill: &Skill,
    text: &str,
    folder_hash: Option<&str>,
    coverage: Option<f64>,
) -> Result<Assessment> {
    let coverage = match coverage {
        None => snapshot.test_coverage(skill.id)?,
        given => given,
    };
    let thresholds = Thresholds::of(&snapshot.criteria_templates(&skill.category)?);
    Ok(risk::assess(text, &scripts(snapshot, skill, folder_hash)?, &skill.category, coverage, thresholds))
}

/// Records the assessment of these bytes with the decision that was made last about them, if they can be read.
pub(super) fn record_with_decision(
    tx: &mut dyn Transaction,
    skill: &Skill,
    hash: &str,
    folder_hash: Option<&str>,
) -> Result<()> {
    if let Ok(text) = body(as_snapshot(tx), hash)? {
        let assessment = of_text(as_snapshot(tx), skill, &text, folder_hash, None)?;
        attach(tx, skill, hash, folder_hash, &assessment)?;
    }
    Ok(())
}

/// Returns whether there is a decision about these bytes.
fn attach(
    tx: &mut dyn Transaction,
    skill: &Skill,
    hash: &str,
    folder_hash: Option<&str>,
    assessment: &Assessment,
) -> Result<bool> {
    let Some(decision) = tx.latest_decision(skill.id, hash, folder_hash)? else { return Ok(false) };
    if let Some(stored) = assessment.stored() {
        tx.record_assessment(decision.id, &stored)?;
    }
    Ok(true)
}
