//! Options that a report has no use for.

use super::{Args, Failure};
use crate::ops::ReportName;

impl Args {
    /// The options that do not apply to this report.
    pub(super) fn unused_by(&self, report: ReportName) -> Vec<&'static str> {
        let mut unused = Vec::new();
        if !report.has_period() {
            unused.extend(self.period_options());
        }
        unused.extend(self.agent.as_ref().filter(|_| !report.is_about_uses()).map(|_| "--agent"));
        unused.extend(self.usd_per_million_tokens.filter(|_| !report.has_money()).map(|_| "--usd-per-million-tokens"));
        unused
    }

    /// Checks the options of check and rebuild, which are about all rows.
    pub(super) fn require_no_report(&self) -> Result<(), Failure> {
        if self.html.is_some() || self.csv {
            let message = "check and rebuild are not reports: they have neither a page nor a table";
            return Err(Failure::input(message, "Name a report."));
        }
        let mut given = self.period_options();
        given.extend(self.agent.as_ref().map(|_| "--agent"));
        given.extend(self.category.map(|_| "--category"));
        given.extend(self.limit.map(|_| "--limit"));
        given.extend(self.usd_per_million_tokens.map(|_| "--usd-per-million-tokens"));
        if given.is_empty() {
            return Ok(());
        }
        let message = format!("check and rebuild read the whole usage log, without {}", given.join(", "));
        Err(Failure::input(message, "Leave these options out, or name a report."))
    }

    fn period_options(&self) -> Vec<&'static str> {
        let options =
            [("--days", self.days.is_some()), ("--since", self.since.is_some()), ("--until", self.until.is_some())];
        options.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}
