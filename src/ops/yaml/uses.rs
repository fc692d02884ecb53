//! Adds the uses of a document.

use std::fs::File;

use super::entry::{UsageEntry, row};
use super::stream::{Item, Section, again, read};
use super::take::{Taker, id_of};
use crate::model::Remark;
use crate::ops::error::Result;
use crate::store::{Durability, RowKind, Store, write_unless};

/// Uses per transaction.
const BATCH_USES: usize = 4096;

/// Uses are added to a database that had no skills: elsewhere they would be counted twice.
pub(super) fn write_uses(store: &mut dyn Store, document: &mut File, taker: &mut Taker<'_>) -> Result<()> {
    if !taker.fresh {
        let reason = "uses are imported only into a database without skills".to_owned();
        taker.report.warnings.push(Remark::new("usage_statistics".to_owned(), (), reason));
        return Ok(());
    }
    again(document)?;
    let mut batch = Vec::new();
    let mut added = 0;
    read(document, Some(Section::Usage), &mut |item| {
        let Item::Usage(usage) = item else { return Ok(()) };
        batch.push(*usage);
        if batch.len() >= BATCH_USES {
            added += write_batch_of_uses(store, taker, &std::mem::take(&mut batch))?;
        }
        Ok(())
    })?;
    taker.report.uses_added = added + write_batch_of_uses(store, taker, &batch)?;
    Ok(())
}

fn write_batch_of_uses(store: &mut dyn Store, taker: &Taker<'_>, batch: &[UsageEntry]) -> Result<usize> {
    write_unless(taker.request.dry_run, store, Durability::Full, |tx| -> Result<usize> {
        let mut added = 0;
        for usage in batch {
            let name = usage.skill_id.and_then(|it| taker.checked.names.get(&it));
            let Some(skill) = name.map(|it| id_of(tx, it)).transpose()?.flatten() else { continue };
            let mut row = row(usage)?;
            row.insert("skill_id".to_owned(), skill.0.into());
            tx.add_whole_row(RowKind::Usage, &row)?;
            added += 1;
        }
        Ok(added)
    })
}
