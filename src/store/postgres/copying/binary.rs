//! PostgreSQL's binary format of rows: how many columns, and of each how many bytes, or -1 for NULL, and the bytes.

use crate::store::copying::{Column, Kind, Owned, Value};
use crate::store::{Result, StoreError};

/// What is before all rows: the signature, no flags, no extension.
pub(super) const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What is after all rows.
pub(super) const END: [u8; 2] = (-1_i16).to_be_bytes();

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Begins a row.
pub(super) fn begin_row(columns: usize, to: &mut Vec<u8>) {
    to.extend_from_slice(&i16::try_from(columns).unwrap_or(i16::MAX).to_be_bytes());
}

pub(super) fn bytes(value: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(value);
}

pub(super) fn null(to: &mut Vec<u8>) {
    to.extend_from_slice(&NULL);
}

/// A value that its column can hold.
pub(super) fn value(column: &Column, value: Value<'_>, to: &mut Vec<u8>) {
    match value {
        Value::Null => null(to),
        Value::Integer(number) if column.kind == Kind::Flag => {
            bytes(&i16::try_from(number).unwrap_or(i16::MAX).to_be_bytes(), to);
        }
        Value::Integer(number) => bytes(&number.to_be_bytes(), to),
        Value::Real(number) => bytes(&number.to_be_bytes(), to),
        Value::Text(text) | Value::Blob(text) => bytes(text, to),
    }
}

/// A row, column by column.
pub(super) struct Columns<'r> {
    rest: &'r [u8],
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r [u8]) -> Result<Self> {
        let (_, rest) = row.split_first_chunk::<2>().ok_or(NOT_A_ROW)?;
        Ok(Self { rest })
    }

    /// Values in the same form, without their number.
    pub(super) fn after_number(rest: &'r [u8]) -> Self {
        Self { rest }
    }

    /// Whether there is nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes of the next column; `None` for NULL.
    pub(super) fn next(&mut self) -> Result<Option<&'r [u8]>> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or(NOT_A_ROW)?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.rest = rest;
            return Ok(None);
        };
        let (bytes, rest) = rest.split_at_checked(length).ok_or(NOT_A_ROW)?;
        self.rest = rest;
        Ok(Some(bytes))
    }

    /// The next column, as a value of its type.
    pub(super) fn value(&mut self, column: &Column) -> Result<Value<'r>> {
        value_of(column, self.next()?)
    }
}

/// The value of a column in the binary format.
pub(in crate::store::postgres) fn value_of<'r>(column: &Column, bytes: Option<&'r [u8]>) -> Result<Value<'r>> {
    let Some(bytes) = bytes else { return Ok(Value::Null) };
    let number = || bytes.try_into().map_err(|_| NOT_A_ROW);
    Ok(match column.kind {
        Kind::Whole => Value::Integer(i64::from_be_bytes(number()?)),
        Kind::Flag => Value::Integer(i16::from_be_bytes(bytes.try_into().map_err(|_| NOT_A_ROW)?).into()),
        Kind::Real => Value::Real(f64::from_be_bytes(number()?)),
        Kind::Text | Kind::Raw => Value::Text(bytes),
        Kind::Bytes => Value::Blob(bytes),
    })
}

const NOT_A_ROW: StoreError = StoreError::Defect("the server sent a row of another shape");

/// The bytes by which a value of another class is kept.
pub(super) fn kept(column: &Column, value: Value<'_>) -> Vec<u8> {
    match value {
        // They are in the column already.
        Value::Text(_) if column.kind == Kind::Bytes => Vec::new(),
        Value::Null => Vec::new(),
        Value::Integer(number) => number.to_be_bytes().to_vec(),
        Value::Real(number) => number.to_be_bytes().to_vec(),
        Value::Text(bytes) | Value::Blob(bytes) => bytes.to_vec(),
    }
}

/// The value that was kept so, beside what is in the column; `None` if the column was changed since.
pub(super) fn restored(column: &Column, class: &[u8], bytes: &[u8], now: Value<'_>) -> Option<Owned> {
    let original = match (class, now) {
        (b"text", Value::Blob(now)) if column.kind == Kind::Bytes => Owned::Text(now.to_vec()),
        (b"text", _) => Owned::Text(bytes.to_vec()),
        (b"blob", _) => Owned::Blob(bytes.to_vec()),
        (b"integer", _) => Owned::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        (b"real", _) => Owned::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => return None,
    };
    let is_unchanged = column.stand_in(original.as_value()).as_value() == now;
    is_unchanged.then_some(original)
}
