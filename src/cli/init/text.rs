//! The report of `init` as text.

use std::fmt::Write as _;

use super::InitReport;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Remark, Visible};
use crate::ops::{ImportReport, RefusalKind};

/// Number of examples of each kind in the text.
const EXAMPLES: usize = 10;

impl Report for InitReport {
    fn text(&self, page: &mut Page) {
        let path = &self.path;
        page.line(if self.created { format!("created {path}") } else { format!("{path} exists already") });
        if let Some(added) = &self.bootstrap {
            let count = counted(added.len(), "bootstrap skill");
            page.line(format!("{count} added; 'cfn db capture --bootstrap' stores their files"));
        }
        let Some(import) = &self.import else { return };
        skipped(import, page);
        let nested = import.nested.iter().map(|it| format!("{}: part of another skill", Visible(it)));
        examples("nested", nested, page);
        examples("changed", import.changed.iter().map(said), page);
        for kind in import.refused_by_kind().into_keys() {
            examples("refused", import.refused.iter().filter(|it| it.kind == kind).map(said), page);
        }
        examples("warning", import.warnings.iter().map(said), page);
        for it in &import.updates {
            let (name, path) = (Visible(&it.name), Visible(&it.path));
            page.line(format!("updated: {name} {} to {} ({path})", Visible(&it.previous_version), it.version));
        }
        totals(import, page);
    }
}

fn said(remark: &Remark<String, RefusalKind>) -> String {
    let line = remark.line.map_or_else(String::new, |it| format!(":{it}"));
    format!("{}{line}: {}", Visible(&remark.subject), Visible(&remark.reason))
}

/// Prints the first entries of a list, and the number of the others.
fn examples(label: &str, entries: impl Iterator<Item = String>, page: &mut Page) {
    let mut more = 0;
    for (index, entry) in entries.enumerate() {
        if index < EXAMPLES {
            page.line(format!("{label}: {entry}"));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        page.line(format!("{label}: and {more} more; --report FILE lists all"));
    }
}

fn skipped(import: &ImportReport, page: &mut Page) {
    if import.skipped.is_empty() {
        return;
    }
    let names: Vec<_> =
        import.skipped.iter().take(EXAMPLES).map(|it| Visible(it.subject.to_string_lossy()).to_string()).collect();
    let more = import.skipped.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    page.line(format!("skipped: {}{more}", names.join(", ")));
}

fn totals(import: &ImportReport, page: &mut Page) {
    let mut line = format!(
        "{} found: {} imported, {} unchanged, {} updated, {} changed, {} refused",
        counted(import.found, "file"),
        import.imported,
        import.unchanged,
        import.updated,
        import.changed.len(),
        import.refused.len()
    );
    for (count, what) in [(import.copies, "copies"), (import.nested.len(), "nested")] {
        if count > 0 {
            let _ = write!(line, ", {count} {what}");
        }
    }
    page.line(line);
    if import.other_files > 0 {
        page.line(format!("{} beside them taken along", counted(import.other_files, "file")));
    }
    let kinds = import.refused_by_kind();
    if kinds.len() > 1 {
        let kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| format!("{count} {}", kind.label())).collect();
        page.line(format!("refused: {}", kinds.join(", ")));
    }
    for (count, what) in [(import.mappings_added, "mapping"), (import.approvals_recorded, "approval")] {
        if count > 0 {
            page.line(format!("{} added", counted(count, what)));
        }
    }
    if import.pending > 0 {
        page.line(format!("{} wait for review: 'cfn skill list --pending'", import.pending));
    }
}
