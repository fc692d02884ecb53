//! The text of exports and checks.

use crate::cli::output::{Output, Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentType, Remark, Visible};
use crate::ops::{ExportCheck, ExportReport, FolderState};

/// Prints what is left out, and what else the user should know.
pub(super) fn say(
    output: Output,
    left_out: &[Remark<String>],
    notes: &[String],
    unmapped: &[(AgentType, Vec<String>)],
) {
    let mut remarks = output.remarks();
    for it in left_out {
        remarks.warn(&it.reason, format!("left out {}: {}", Visible(&it.subject), Visible(&it.reason)));
    }
    for note in notes {
        remarks.note(note, Visible(note).to_string());
    }
    for (agent_type, near) in unmapped {
        let near: Vec<_> = near.iter().map(|it| Visible(it).to_string()).collect();
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        remarks.warn("unmapped", format!("no skill is mapped to agent type \"{agent_type}\"{hint}"));
    }
    remarks.say();
}

/// Prints what went to quarantine, what could not be done, and what is not cfn's.
pub(super) fn remarks(output: Output, report: &ExportReport) {
    let mut remarks = output.remarks();
    let written = report.written.iter().map(|it| (&it.path, &it.quarantined));
    for (path, quarantined) in written.chain(report.removed.iter().map(|it| (&it.path, &it.quarantined))) {
        if let Some(to) = quarantined {
            remarks.warn("quarantine", format!("{} was changed: it is in {}", Visible(path), Visible(to)));
        }
    }
    for it in &report.problems {
        remarks.warn("problem", format!("{}: {}", Visible(&it.subject), Visible(&it.reason)));
    }
    for path in &report.foreign {
        remarks.note("foreign", format!("cfn did not write {}: it stays", Visible(path)));
    }
    remarks.say();
}

impl Report for ExportReport {
    fn text(&self, page: &mut Page) {
        let cause = |was: FolderState| if was == FolderState::Missing { "new" } else { was.as_str() };
        let written = self.written.iter().map(|it| (&it.path, it.version.clone(), cause(it.was).to_owned()));
        let removed = self.removed.iter().map(|it| (&it.path, "removed".to_owned(), it.reason.clone()));
        let rows: Vec<_> =
            written.chain(removed).map(|(path, version, why)| vec![path.clone(), version, why]).collect();
        if !rows.is_empty() {
            page.table(&["folder", "version", "cause"], rows);
        }
        page.line(format!(
            "{}{} written, {} removed, {} unchanged",
            if self.dry_run { "dry run: " } else { "" },
            counted(self.written.len(), "skill"),
            self.removed.len(),
            self.unchanged
        ));
    }
}

impl Report for ExportCheck {
    fn text(&self, page: &mut Page) {
        if !self.differences.is_empty() {
            let rows = self
                .differences
                .iter()
                .map(|it| vec![it.path.clone(), it.state.as_str().to_owned(), it.reason.clone()]);
            page.table(&["folder", "state", "reason"], rows);
        }
        page.line(format!(
            "{} checked, {}",
            counted(self.checked, "folder"),
            counted(self.differences.len(), "difference")
        ));
    }
}
