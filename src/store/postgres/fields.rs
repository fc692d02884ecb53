//! Rows, read column by column.

use std::str::FromStr;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::model::{ApprovalLevel, UnknownWord, Visible};
use crate::store::{Result, StoreError};

/// A row, read column by column in the order of the SELECT.
pub(super) struct Fields<'r> {
    row: &'r Row,
    table: &'static str,
    next: usize,
}

impl<'r> Fields<'r> {
    /// The first column must be the row's key.
    pub(super) fn new(table: &'static str, row: &'r Row) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column.
    pub(super) fn get<T: FromSql<'r>>(&mut self) -> Result<T> {
        let index = self.take();
        self.row.try_get(index).map_err(|error| self.damaged(error.to_string()))
    }

    /// The next column, which is text, as a value that keeps the text.
    pub(super) fn stored<T: From<String>>(&mut self) -> Result<Option<T>> {
        Ok(self.get::<Option<String>>()?.map(T::from))
    }

    /// The next column, which is text, with empty text for NULL.
    pub(super) fn text(&mut self) -> Result<String> {
        Ok(self.get::<Option<String>>()?.unwrap_or_default())
    }

    /// The next column, which is a `smallint`, as a flag.
    pub(super) fn flag(&mut self) -> Result<bool> {
        Ok(self.get::<Option<i16>>()?.is_some_and(|it| it != 0))
    }

    /// The next column as a level; an unknown word counts as the strictest one.
    pub(super) fn level(&mut self) -> Result<ApprovalLevel> {
        Ok(self.text()?.parse().unwrap_or(ApprovalLevel::Human))
    }

    /// The next column as one of its words.
    pub(super) fn word<T: FromStr<Err = UnknownWord>>(&mut self) -> Result<T> {
        let text: String = self.get()?;
        text.parse().map_err(|error: UnknownWord| self.damaged(error.to_string()))
    }

    fn take(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }

    /// An error about this row.
    pub(super) fn damaged(&self, detail: String) -> StoreError {
        let key = self.row.columns().first().map(|it| it.type_().clone());
        let row = match key {
            Some(Type::INT8) => self.row.try_get::<_, i64>(0).map(|id| id.to_string()).ok(),
            Some(Type::TEXT) => self.row.try_get::<_, String>(0).map(|key| format!("\"{}\"", Visible(key))).ok(),
            _ => None,
        };
        StoreError::DamagedRow { table: self.table, row: row.unwrap_or_else(|| "?".to_owned()), detail }
    }
}
