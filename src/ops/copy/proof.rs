//! Counts and digests of tables, of the rows that were read and of those that were written.

use super::report::CopyError;
use crate::ops::Result;
use crate::store::copying::{CopySource, Digest, TABLES, Table, Value};

/// Progress is reported after so many rows.
const REPORTED: u64 = 1000;

/// The rows that were seen.
#[derive(Debug, Default)]
pub(super) struct Tally {
    digest: Digest,
    pub(super) tables: Vec<Tallied>,
}

/// The rows of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tallied {
    pub(super) name: &'static str,
    pub(super) rows: u64,
    /// The digest of everything before it.
    before: String,
}

impl Tally {
    pub(super) fn begin(&mut self, table: &'static Table) {
        self.tables.push(Tallied { name: table.name, rows: 0, before: self.digest.so_far() });
        self.digest.table(table.name);
    }

    pub(super) fn row(&mut self, row: &[Value<'_>]) {
        self.digest.row(row);
        if let Some(table) = self.tables.last_mut() {
            table.rows += 1;
        }
    }

    /// The digest of all rows.
    pub(super) fn sha256(&self) -> String {
        self.digest.so_far()
    }

    /// The first table with other rows.
    fn first_difference(&self, other: &Self) -> Option<&'static str> {
        let after =
            |tally: &Self, at: usize| tally.tables.get(at + 1).map_or_else(|| tally.sha256(), |it| it.before.clone());
        let mut both = self.tables.iter().zip(&other.tables).enumerate();
        let different = both.find(|(at, (one, two))| one.rows != two.rows || after(self, *at) != after(other, *at));
        different.map(|(_, (table, _))| table.name)
    }
}

/// Reads everything that was written, and compares it.
pub(super) fn compare(read: &Tally, written: &dyn CopySource, progress: &mut dyn FnMut(u64)) -> Result<()> {
    let (mut tally, mut done) = (Tally::default(), 0_u64);
    for table in TABLES {
        tally.begin(table);
        written.each_row(table, &mut |row| {
            tally.row(row);
            done += 1;
            if done.is_multiple_of(REPORTED) {
                progress(done);
            }
            Ok(())
        })?;
    }
    match read.first_difference(&tally) {
        Some(table) => Err(CopyError::Differs { table }.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use crate::store::copying::{TABLES, Value};

    fn tally(rows: [&[i64]; 2]) -> Tally {
        let mut tally = Tally::default();
        for (table, rows) in TABLES.iter().zip(rows) {
            tally.begin(table);
            for it in rows {
                tally.row(&[Value::Integer(*it)]);
            }
        }
        tally
    }

    #[test]
    fn the_first_table_that_differs_is_named() {
        let one = tally([&[1, 2], &[3]]);
        assert_eq!(one.first_difference(&tally([&[1, 2], &[3]])), None);
        assert_eq!(one.first_difference(&tally([&[1, 2], &[4]])), Some(TABLES[1].name));
        assert_eq!(one.first_difference(&tally([&[1], &[3]])), Some(TABLES[0].name));
        assert_eq!(one.first_difference(&tally([&[2, 1], &[3]])), Some(TABLES[0].name));
    }
}
