//! One file into the database, inside the transaction of its batch.

use std::collections::HashMap;

use super::ahead::Piece;
use super::prepare::{Item, Prepared};
use super::{Import, ImportReport, Refusal};
use crate::model::{ApprovalLevel, Decision, Skill, SkillName, VersionSource};
use crate::ops::error::{Error, Result};
use crate::ops::publish::{Fields, Judgement, MappingFlags, Numbering, Publication, Published, Trust, publish};
use crate::ops::rules::Remark;
use crate::store::Transaction;

/// Writes files and keeps the report.
pub(super) struct Writer<'a> {
    pub(super) report: ImportReport,
    request: &'a Import<'a>,
    now: &'a str,
    /// Names that were taken in this run, and by which file.
    taken: HashMap<SkillName, String>,
}

/// A file, and what is needed to write it.
struct File<'a> {
    path: &'a str,
    item: &'a Item,
    bytes: &'a [u8],
}

impl<'a> Writer<'a> {
    pub(super) fn new(request: &'a Import<'a>, now: &'a str) -> Self {
        let report = ImportReport {
            folder: request.folder.to_owned(),
            found: 0,
            imported: 0,
            unchanged: 0,
            updated: 0,
            changed: Vec::new(),
            refused: Vec::new(),
            pending: 0,
            warnings: Vec::new(),
            transactions: 0,
        };
        Self { report, request, now, taken: HashMap::new() }
    }

    pub(super) fn fresh(&self) -> bool {
        self.request.fresh
    }

    fn refuse(&mut self, path: &str, line: Option<usize>, reason: String) {
        self.report.refused.push(Refusal { path: path.to_owned(), line, reason });
    }

    /// Takes some files; `Err` only where the database fails.
    pub(super) fn take(&mut self, tx: &mut dyn Transaction, piece: &Piece) -> Result<()> {
        self.report.found += piece.files.len();
        for Prepared { path, outcome } in &piece.files {
            match outcome {
                Ok(item) => self.take_one(tx, &File { path, item, bytes: &piece.bytes[item.bytes.clone()] })?,
                Err(unusable) => self.refuse(path, unusable.line, unusable.reason.clone()),
            }
        }
        Ok(())
    }

    fn take_one(&mut self, tx: &mut dyn Transaction, file: &File<'_>) -> Result<()> {
        let File { path, item, bytes } = *file;
        self.report.warnings.extend_from_slice(&item.warnings);
        if let Some(first) = self.taken.get(&item.name) {
            let reason = format!("it has the same name \"{}\" as {first}, which comes first", item.name);
            self.refuse(path, None, reason);
            return Ok(());
        }
        self.taken.insert(item.name.clone(), path.to_owned());
        // In a fresh database there is nothing but what was taken.
        let known = if self.request.fresh { None } else { tx.skill(&item.name)? };
        match known {
            None => self.insert(tx, file),
            Some(skill) if skill.content_hash == item.described.hash.to_string() => {
                tx.store_content(&item.described.hash, bytes)?; // where it was missing or damaged
                self.report.unchanged += 1;
                Ok(())
            }
            Some(skill) if self.request.update => match self.update(tx, &skill, file) {
                Err(error @ (Error::Store(_) | Error::File(_))) => Err(error),
                Err(error) => {
                    self.refuse(path, None, error.to_string());
                    Ok(())
                }
                Ok(()) => Ok(()),
            },
            Some(skill) => {
                let reason = format!("\"{}\" is {} in the database, with other bytes", item.name, skill.version);
                self.report.changed.push(Refusal { path: path.to_owned(), line: None, reason });
                Ok(())
            }
        }
    }

    fn insert(&mut self, tx: &mut dyn Transaction, file: &File<'_>) -> Result<()> {
        let published = publish(tx, None, &self.publication(file))?;
        self.report.imported += 1;
        self.count(file, published);
        Ok(())
    }

    fn update(&mut self, tx: &mut dyn Transaction, skill: &Skill, file: &File<'_>) -> Result<()> {
        let published = publish(tx, Some(skill), &self.publication(file))?;
        self.report.updated += 1;
        self.count(file, published);
        Ok(())
    }

    fn count(&mut self, file: &File<'_>, published: Published) {
        self.report.pending += usize::from(!published.decided && published.level != ApprovalLevel::Auto);
        let warning = |it: Remark| Refusal { path: file.path.to_owned(), line: it.line, reason: it.message };
        self.report.warnings.extend(published.warnings.into_iter().map(warning));
    }

    fn publication<'b>(&self, file: &File<'b>) -> Publication<'b>
    where
        'a: 'b,
    {
        let item = file.item;
        Publication {
            name: &item.name,
            content: item.described.content(file.bytes, &item.stored_path),
            file: Some(&item.described),
            command: Fields::default(),
            default_category: self.request.category,
            trust: Trust::Warn,
            least_level: None,
            numbering: Numbering::Declared,
            source: VersionSource::Import,
            judgement: self.request.approve_as.map(|approver| Judgement {
                decision: Decision::Approved,
                approver,
                level: None,
                reasoning: "Approved at import",
                criteria: None,
            }),
            overrule: None,
            mappings: MappingFlags { agents: self.request.agents, ..MappingFlags::default() },
            now: self.now,
        }
    }
}
