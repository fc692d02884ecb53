//! Writes files to the database, inside the transaction of their batch.

use std::collections::HashSet;

use super::ahead::Piece;
use super::choose::{Candidate, Holder, Holders};
use super::prepare::{Chosen, Item, Prepared, Task};
use super::report::{ImportReport, Kind, UpdatedSkill};
use super::request::Import;
use super::source::Sources;
use crate::model::{ApprovalLevel, ContentHash, Decision, Moment, Remark, Skill, SkillFolder, Visible};
use crate::ops::error::{Error, Result};
use crate::ops::publish::{self, Judgement, Publication, Published};
use crate::ops::refusal::purge_of;
use crate::ops::source::another_source;
use crate::ops::tree::TreeFile;
use crate::store::Transaction;

/// Writes files, and collects the report.
pub(super) struct Writer<'a> {
    /// Of what is committed.
    pub(super) report: ImportReport,
    /// Unique names of folders with a skill file; `None` before the walk has ended.
    pub(super) unique: Option<HashSet<String>>,
    /// The files with final names.
    pub(super) holders: Holders,
    /// Files with final names whose folders are to be read one at a time.
    pub(super) large: Vec<Task>,
    /// Files to decide on when all are known.
    pub(super) candidates: Vec<Candidate>,
    pub(super) sources: &'a Sources<'a>,
    pub(super) request: &'a Import<'a>,
    pub(super) now: Moment,
    batch: Taken,
}

/// The outcome of one batch, whose transaction may run again.
#[derive(Default)]
struct Taken {
    report: ImportReport,
    holders: Vec<Holder>,
    candidates: Vec<Candidate>,
    large: Vec<Task>,
}

/// A file, and the inputs for writing it.
pub(super) struct File<'a> {
    path: &'a str,
    found: &'a TreeFile,
    pub(super) item: &'a Item,
    pub(super) bytes: &'a [u8],
    /// The bytes of the files beside it.
    pub(super) contents: Vec<(ContentHash, &'a [u8])>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Import<'a>, sources: &'a Sources<'a>, now: Moment) -> Self {
        Self {
            report: ImportReport::of(request.folder),
            unique: None,
            holders: Holders::default(),
            candidates: Vec::new(),
            large: Vec::new(),
            sources,
            request,
            now,
            batch: Taken::default(),
        }
    }

    /// Takes the files of a batch, as often as its transaction runs.
    pub(super) fn take_all(&mut self, tx: &mut dyn Transaction, pieces: &[Piece]) -> Result<()> {
        self.batch = Taken::default();
        pieces.iter().try_for_each(|it| self.take(tx, it))
    }

    /// Counts the batch, which is committed.
    pub(super) fn settle(&mut self) {
        let Taken { report, holders, candidates, large } = std::mem::take(&mut self.batch);
        self.report.append(report);
        self.report.transactions += 1;
        for holder in holders {
            self.holders.keep(holder);
        }
        self.candidates.extend(candidates);
        self.large.extend(large);
    }

    pub(super) fn fresh(&self) -> bool {
        self.request.fresh
    }

    pub(super) fn namespaces(&self) -> bool {
        self.request.namespace
    }

    /// Writes some files. `Err` only if the database fails.
    pub(super) fn take(&mut self, tx: &mut dyn Transaction, piece: &Piece) -> Result<()> {
        for Prepared { found, path, outcome } in &piece.files {
            match outcome {
                Ok(item) if item.is_large() && item.settled => {
                    let chosen = Chosen { name: item.name.clone(), sum: item.sum() };
                    self.batch.large.push(Task { found: found.clone(), chosen: Some(chosen) });
                }
                Ok(item) if !item.is_large() && (item.settled || self.has_its_name(found, item)) => {
                    let contents = item.folder.as_ref().map_or_else(Vec::new, |it| it.others.contents(&piece.bytes));
                    self.write(tx, &File { path, found, item, bytes: &piece.bytes[item.bytes.clone()], contents })?;
                }
                Ok(item) => self.batch.candidates.push(Candidate::of(found, item)),
                Err(why) => self.batch.report.refused.push(why.clone().about(path.clone(), Kind::Unusable)),
            }
        }
        Ok(())
    }

    fn write(&mut self, tx: &mut dyn Transaction, file: &File<'_>) -> Result<()> {
        let item = file.item;
        // A new database has only the imported files.
        let known = match if self.request.fresh { Ok(None) } else { publish::find(tx, &item.name) } {
            Ok(known) => known,
            Err(error) => return self.refuse(file, error),
        };
        let same = known.as_ref().map_or(Ok(false), |it| is_same(tx, it, item))?;
        let source = match &known {
            Some(skill) if !(same && item.settled) => self.sources.other(tx, skill, &item.stored_path, file.found)?,
            _ => None,
        };
        if !item.settled {
            if source.is_some() {
                // The skill's source may be another file of the folder.
                self.batch.candidates.push(Candidate::of(file.found, item));
                return Ok(());
            }
            self.batch.holders.push(Holder::of(file.found, item));
        }
        self.batch.report.warnings.extend_from_slice(&item.warnings);
        match known {
            Some(skill) if same => self.complete(tx, &skill, file),
            Some(skill) => self.replace(tx, &skill, source, file),
            None => match publish::publish(tx, None, &self.publication(file, self.approval())) {
                Ok(published) => {
                    self.batch.report.imported += 1;
                    self.batch.report.other_files += item.others();
                    self.note(file, published, self.approval());
                    Ok(())
                }
                Err(error) => self.refuse(file, error),
            },
        }
    }

    /// Adds the missing parts of existing bytes.
    fn complete(&mut self, tx: &mut dyn Transaction, skill: &Skill, file: &File<'_>) -> Result<()> {
        self.batch.report.unchanged += 1;
        let overrules = self.request.override_rejection;
        let others = file.contents.iter().map(|(hash, _)| hash.to_string());
        let purged = purge_of(tx, others.chain([skill.content_hash.clone()]), Some(skill.id))?;
        if let Some(event) = purged.filter(|_| !overrules) {
            self.batch.report.unchanged -= 1;
            return self.refuse(file, Error::revoked(skill.name.clone(), &event));
        }
        if self.request.agents.is_empty() && self.request.approve_as.is_none() && !overrules {
            tx.store_content(&file.item.described.hash, file.bytes)?; // where it was missing or damaged
            for (hash, bytes) in &file.contents {
                tx.store_content(hash, bytes)?;
            }
            return Ok(());
        }
        let latest = tx
            .latest_decision(skill.id, &skill.content_hash, file.item.folder_hash().as_deref())?
            .map(|it| it.decision);
        let judgement = self.approval().filter(|_| match latest {
            None | Some(Decision::Approved) => true,
            Some(Decision::Rejected) => overrules,
            Some(_) => false,
        });
        if let Some(latest) = latest.filter(|_| judgement.is_none() && self.request.approve_as.is_some()) {
            let reason =
                format!("its bytes remain {}: an import approves only bytes that wait for review", latest.as_str());
            self.batch.report.warnings.push(Remark::new(file.path.to_owned(), Kind::Warning, reason));
        }
        let publication = Publication { file: None, ..self.publication(file, judgement) };
        match publish::publish(tx, Some(skill), &publication) {
            Ok(published) => {
                let pending = self.batch.report.pending; // it was pending before
                self.note(file, published, judgement);
                self.batch.report.pending = pending;
                Ok(())
            }
            Err(error) => {
                self.batch.report.unchanged -= 1;
                self.refuse(file, error)
            }
        }
    }

    /// Publishes new bytes for an existing skill.
    fn replace(
        &mut self,
        tx: &mut dyn Transaction,
        skill: &Skill,
        source: Option<String>,
        file: &File<'_>,
    ) -> Result<()> {
        let (name, new) = (&file.item.name, Visible(&file.item.stored_path));
        if let Some(old) = source.as_deref().filter(|_| !self.request.from_any) {
            let reason = another_source(name.as_str(), old, &file.item.stored_path);
            self.batch.report.refused.push(Remark::new(file.path.to_owned(), Kind::OtherSource, reason));
            return Ok(());
        }
        if !self.request.update {
            let is_file = skill.content_hash != file.item.described.hash.to_string();
            let what = if is_file { "bytes" } else { "files beside it" };
            let reason = format!("\"{name}\" {} in the database has other {what}", Visible(&skill.version));
            self.batch.report.changed.push(Remark::new(file.path.to_owned(), Kind::Changed, reason));
            return Ok(());
        }
        let moved = source.as_ref().map(|old| format!("New source: {new}, previously {}", Visible(old)));
        let judgement = moved.as_deref().map(|why| self.escalation(why)).or_else(|| self.approval());
        match publish::publish(tx, Some(skill), &self.publication(file, judgement)) {
            Ok(published) => {
                self.batch.report.updated += 1;
                self.batch.report.other_files += file.item.others();
                self.batch.report.updates.push(UpdatedSkill {
                    name: skill.name.clone(),
                    path: file.path.to_owned(),
                    previous_version: skill.version.clone(),
                    version: published.version.clone(),
                    previous_source: source,
                });
                self.note(file, published, judgement);
                Ok(())
            }
            Err(error) => self.refuse(file, error),
        }
    }

    /// Counts a publication in the report.
    fn note(&mut self, file: &File<'_>, published: Published, judgement: Option<Judgement<'_>>) {
        let approved = judgement.is_some_and(|it| it.decision == Decision::Approved);
        let escalated = judgement.is_some_and(|it| it.decision == Decision::Escalated);
        self.batch.report.pending += usize::from(escalated || !approved && published.level != ApprovalLevel::Auto);
        self.batch.report.mappings_added += published.mapped.added.len();
        self.batch.report.approvals_recorded += usize::from(published.decided && approved);
        let warnings = published.warnings.into_iter();
        self.batch.report.warnings.extend(warnings.map(|it| it.about(file.path.to_owned(), Kind::Warning)));
    }

    /// Records why a file was refused. A failure of the database ends the import.
    fn refuse(&mut self, file: &File<'_>, error: Error) -> Result<()> {
        let kind = match &error {
            Error::Store(_) | Error::File(_) => return Err(error),
            Error::NameTaken { .. } => Kind::CaseTwin,
            Error::Rejected { .. } | Error::Revoked { .. } => Kind::Rejected,
            Error::LowersLevel { .. } => Kind::LowersLevel,
            _ => Kind::Version,
        };
        self.batch.report.refused.push(Remark::new(file.path.to_owned(), kind, error.to_string()));
        Ok(())
    }
}

/// Whether the current version of a skill has these bytes and files.
fn is_same(tx: &dyn Transaction, skill: &Skill, item: &Item) -> Result<bool> {
    if skill.content_hash != item.described.hash.to_string() {
        return Ok(false);
    }
    let recorded = tx.files(skill.id, &skill.version)?;
    Ok(match item.folder_hash() {
        None => recorded.is_empty(),
        Some(hash) => SkillFolder::recorded(&recorded, &hash).is_ok(),
    })
}
