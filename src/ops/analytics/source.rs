//! What the tables of a report are made from.

use std::cell::OnceCell;

use super::request::Analytics;
use crate::model::UsageCell;
use crate::ops::error::Result;
use crate::store::{Days, Snapshot};

/// What a report is made from.
pub(super) struct Source<'a> {
    pub(super) snapshot: &'a dyn Snapshot,
    pub(super) days: Option<Days>,
    pub(super) request: &'a Analytics,
    /// Read once for all tables of a report.
    cells: OnceCell<Vec<UsageCell>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(snapshot: &'a dyn Snapshot, days: Option<Days>, request: &'a Analytics) -> Self {
        Self { snapshot, days, request, cells: OnceCell::new() }
    }

    pub(super) fn category(&self) -> Option<&str> {
        self.request.category.as_deref()
    }

    /// The cells that pass the filters.
    pub(super) fn cells(&self) -> Result<&[UsageCell]> {
        if let Some(cells) = self.cells.get() {
            return Ok(cells);
        }
        let mut cells = self.snapshot.usage_cells(self.days)?;
        cells.retain(|it| {
            self.request.agent_type.as_ref().is_none_or(|agent| *agent == it.agent_type)
                && self.request.category.as_ref().is_none_or(|category| Some(category) == it.category.as_ref())
        });
        Ok(self.cells.get_or_init(|| cells))
    }
}
