//! `other_values`: values that SQLite has in another class than the column of PostgreSQL. A row that is read whole gets them back
//! unless the column was changed since.

use super::binary::{Columns, begin_row, bytes, kept, restored};
use crate::store::copying::{Column, Kind, Owned, Table, Value};
use crate::store::postgres::session::Session;
use crate::store::{Result, StoreError};

/// The columns of a row here.
const COLUMNS: &str = "table_name, key, column_name, class, bytes";

/// Values of rows that are on their way, in the binary format.
#[derive(Default)]
pub(super) struct OtherValues {
    rows: Vec<Vec<u8>>,
    size: usize,
}

/// At most so many bytes of them are in memory.
const GATHERED: usize = 1024 * 1024;

impl OtherValues {
    pub(super) fn add(&mut self, table: &Table, row: &[Value<'_>], column: &Column, value: Value<'_>) {
        let mut encoded = Vec::new();
        begin_row(5, &mut encoded);
        bytes(table.name.as_bytes(), &mut encoded);
        bytes(table.key_text(row).as_bytes(), &mut encoded);
        bytes(column.name.as_bytes(), &mut encoded);
        bytes(value.class().as_bytes(), &mut encoded);
        bytes(&kept(column, value), &mut encoded);
        self.size += encoded.len();
        self.rows.push(encoded);
    }

    /// Whether they should be written before there are more.
    pub(super) fn is_full(&self) -> bool {
        self.size >= GATHERED
    }

    /// Writes them.
    pub(super) fn flush(&mut self, session: &Session) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut rows = super::stream::RowsIn::begin(session, "other_values", COLUMNS)?;
        for row in std::mem::take(self).rows {
            rows.add(session, |to| to.extend_from_slice(&row))?;
        }
        rows.end(session)
    }
}

/// Whether a table has any.
pub(super) fn has_any(session: &Session, table: &Table) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM other_values WHERE table_name = $1)";
    let row = session.first(sql, &[crate::store::postgres::parameters::text(table.name)])?;
    Ok(row.is_some_and(|it| it.get(0)))
}

/// A column of a query for the values of the row `t`: of each, its column, its class and its bytes, each after its length.
pub(in crate::store::postgres) fn of_row(table: &Table) -> String {
    let key = table.keys().iter().map(|it| match it.kind {
        Kind::Raw => format!("encode(t.{}, 'hex')", it.name),
        _ => format!("t.{}::text", it.name),
    });
    let key = key.collect::<Vec<_>>().join(" || '/' || ");
    let part = |it: &str| format!("int4send(octet_length({it})) || {it}");
    let (name, class) = ("convert_to(o.column_name, 'UTF8')", "convert_to(o.class, 'UTF8')");
    format!(
        "(SELECT string_agg({} || {} || {}, '') FROM other_values o WHERE o.table_name = '{}' AND o.key = {key})",
        part(name),
        part(class),
        part("o.bytes"),
        table.name
    )
}

/// The values that a row had, each with its column's number; `encoded` is what [`of_row`] returned.
pub(in crate::store::postgres) fn of(table: &Table, row: &[Value<'_>], encoded: &[u8]) -> Result<Vec<(usize, Owned)>> {
    // The same form as that of the columns of a row, but for their number.
    let (mut parts, mut others) = (Columns::after_number(encoded), Vec::new());
    while !parts.is_over() {
        let mut part = || parts.next()?.ok_or(StoreError::Defect("a value beside a row has another shape"));
        let (name, class, bytes) = (part()?, part()?, part()?);
        let column = table.columns.iter().enumerate().find(|(_, it)| it.name.as_bytes() == name);
        let Some((at, column)) = column else { continue };
        others.extend(restored(column, class, bytes, row[at]).map(|it| (at, it)));
    }
    Ok(others)
}
