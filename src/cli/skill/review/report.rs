//! What came of a review.

use serde::Serialize;

use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Decision, Remark};
use crate::ops::ReviewReport;

/// What came of a review.
#[derive(Debug, Default, Serialize)]
pub(super) struct SessionReport {
    pub(super) decisions: Vec<ReviewReport>,
    pub(super) skipped: Vec<String>,
    /// Skills that could not be shown, or are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<Remark<String>>,
    /// Number of skills that were not looked at.
    pub(super) left: usize,
    pub(super) dry_run: bool,
}

impl Report for SessionReport {
    fn text(&self, page: &mut Page) {
        let seen = self.decisions.len() + self.skipped.len() + self.refused.len();
        if seen + self.left == 0 {
            return page.line("no skill waits for review");
        }
        let count = |decision| self.decisions.iter().filter(|it| it.decision == decision).count();
        let dry = if self.dry_run { "dry run: " } else { "" };
        let (approved, rejected) = (count(Decision::Approved), count(Decision::Rejected));
        let (escalated, skipped) = (count(Decision::Escalated), self.skipped.len());
        page.line(format!("{dry}approved {approved}, rejected {rejected}, escalated {escalated}, skipped {skipped}"));
        if !self.refused.is_empty() {
            page.line(format!("{} could not be reviewed", counted(self.refused.len(), "skill")));
        }
        if self.left > 0 {
            page.line(format!("{} not looked at", counted(self.left, "skill")));
        }
    }
}
