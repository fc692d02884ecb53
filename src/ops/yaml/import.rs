//! The order of an import.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use super::check::{Checked, CheckedSkill};
use super::entry::{SkillEntry, VersionEntry};
use super::error::DocumentError;
use super::request::{ImportYaml, ImportYamlMode, ImportYamlReport};
use super::stream::{Item, Section, again, read};
use super::take::{Taker, id_of};
use super::uses::write_uses;
use crate::clock::Clock;
use crate::model::SkillName;
use crate::ops::content_file::{FileError, Files};
use crate::ops::delete::{Delete, delete};
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::ops::stored_folder::current_folder_hash;
use crate::regular_file;
use crate::store::{Durability, NameKind, SkillFilter, SkillPage, Store, write_unless};

/// Limits of a batch, which is one transaction.
const BATCH_SKILLS: usize = 256;
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Imports a document. Nothing is written if it has a finding, or a conflict that is not resolved.
pub fn import_yaml(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    request: &ImportYaml<'_>,
) -> Result<ImportYamlReport> {
    let mut document = open(request.document)?;
    let mut checked = Checked::default();
    read(&mut document, None, &mut |item| {
        checked.take(item, files);
        Ok(())
    })?;
    checked.finish();
    let mut report = ImportYamlReport::of(request, &mut checked);
    if request.mode == ImportYamlMode::ValidateOnly || !report.findings.is_empty() {
        return Ok(report);
    }
    report.skipped = conflicts(store, &checked)?;
    if !(report.skipped.is_empty() || request.force || request.skip_conflicts) {
        return Err(DocumentError::Conflicts { skills: report.skipped }.into());
    }
    if !request.skip_conflicts {
        report.skipped.clear();
    }
    let fresh = is_empty(store)?;
    let mut taker = Taker { request, files, project, checked: &checked, fresh, now: clock.moment(), report };
    write_skills(store, &mut document, &mut taker)?;
    link(store, &taker)?;
    if checked.uses > 0 {
        write_uses(store, &mut document, &mut taker)?;
    }
    let mut report = taker.report;
    if let Some(actor) = request.deleted_by.filter(|_| request.mode == ImportYamlMode::Replace) {
        report.deleted = delete_others(store, clock, request, &checked, &report, actor)?;
    }
    Ok(report)
}

/// Deletes skills that the document does not have, unless a skill of it was refused.
fn delete_others(
    store: &mut dyn Store,
    clock: Clock,
    request: &ImportYaml<'_>,
    checked: &Checked,
    report: &ImportYamlReport,
    actor: &str,
) -> Result<Vec<String>> {
    if !report.refused.is_empty() {
        return Ok(Vec::new());
    }
    let kept: HashSet<&str> = checked.skills.iter().map(|it| it.name.as_str()).collect();
    let all = store.read()?.names(NameKind::Skill)?;
    let mut names: Vec<SkillName> =
        all.iter().filter(|it| !kept.contains(it.as_str())).filter_map(|it| it.parse().ok()).collect();
    names.sort();
    let reason = Some("Not in the imported document");
    let deleted = delete(store, clock, &Delete { names: &names, actor, reason, dry_run: request.dry_run })?;
    Ok(deleted.skills.into_iter().map(|it| it.name).collect())
}

fn open(path: &Path) -> Result<File> {
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), source };
    Ok(regular_file::open(path).map_err(unreadable)?)
}

/// Skills of the document that exist with other bytes.
fn conflicts(store: &mut dyn Store, checked: &Checked) -> Result<Vec<String>> {
    let snapshot = store.read()?;
    let mut conflicts = Vec::new();
    for CheckedSkill { name, content_hash, folder_hash } in &checked.skills {
        let Ok(parsed) = name.parse::<SkillName>() else { continue };
        let Some(skill) = snapshot.skill(&parsed)? else { continue };
        if skill.content_hash != *content_hash || current_folder_hash(snapshot.as_ref(), &skill)? != *folder_hash {
            conflicts.push(name.clone());
        }
    }
    Ok(conflicts)
}

fn is_empty(store: &mut dyn Store) -> Result<bool> {
    let page = SkillPage { limit: Some(1), ..SkillPage::default() };
    Ok(store.read()?.list(&SkillFilter { page, ..SkillFilter::default() })?.is_empty())
}

fn write_skills(store: &mut dyn Store, document: &mut File, taker: &mut Taker<'_>) -> Result<()> {
    again(document)?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut place = 0;
    read(document, Some(Section::Skills), &mut |item| {
        let Item::Skill(skill) = item else { return Ok(()) };
        // It was checked before; only what has not changed since is written.
        if taker.checked.skills.get(place) != Some(&CheckedSkill::of(&skill)) {
            return Err(DocumentError::Invalid { problem: "it changed during the import".to_owned() }.into());
        }
        place += 1;
        bytes += skill.versions.iter().map(VersionEntry::len).sum::<usize>();
        batch.push(*skill);
        if batch.len() >= BATCH_SKILLS || bytes >= BATCH_BYTES {
            bytes = 0;
            return write_batch(store, taker, &std::mem::take(&mut batch));
        }
        Ok(())
    })?;
    write_batch(store, taker, &batch)
}

fn write_batch(store: &mut dyn Store, taker: &mut Taker<'_>, batch: &[SkillEntry]) -> Result<()> {
    let report = write_unless(taker.request.dry_run, store, Durability::Full, |tx| -> Result<_> {
        let mut report = taker.report.clone();
        for skill in batch {
            taker.take(tx, skill.clone(), &mut report)?;
        }
        Ok(report)
    })?;
    taker.report = report;
    Ok(())
}

/// Links skills that are new to their replacements, when all are there.
fn link(store: &mut dyn Store, taker: &Taker<'_>) -> Result<()> {
    if taker.checked.replaced.is_empty() || taker.request.dry_run {
        return Ok(());
    }
    write_unless(false, store, Durability::Full, |tx| -> Result<()> {
        for (name, replacement) in &taker.checked.replaced {
            let Some(replacement) = taker.checked.names.get(replacement) else { continue };
            let (skill, replacement) = (id_of(tx, name)?, id_of(tx, replacement)?);
            if let Some((skill, replacement)) = skill.zip(replacement).filter(|(one, other)| one != other) {
                tx.link_replacement(skill, replacement)?;
            }
        }
        Ok(())
    })
}
