//! What a reviewer sees of a skill.

use crate::cli::output::{Page, Report as _};
use crate::cli::skill::assess;
use crate::cli::skill::diff::{self, lines};
use crate::model::Visible;
use crate::ops::{Proposal, ReviewReport};
use crate::skill_file::Severity;

/// The keys.
pub(super) const QUESTION: &str = "approve (a), reject (r), escalate (e), skip (s), details (d), quit (q)? ";

/// Maximum number of signals and of findings on the screen of a skill.
const SHOWN: usize = 5;

/// Minimum number of lines of the diff on the screen of a skill.
const LEAST: usize = 8;

/// A skill on about one screen; the details have the rest.
pub(super) fn summary(proposal: &Proposal, (number, count): (usize, usize), rows: usize, page: &mut Page) {
    page.line("");
    head(proposal, &format!("[{number} of {count}] "), page);
    let signals: Vec<String> = signals(proposal).collect();
    some(&signals, page);
    some(&findings(proposal), page);
    let changes = lines(&proposal.diff);
    let room = rows.saturating_sub(8 + signals.len().min(SHOWN + 1)).max(LEAST);
    let shown = if changes.len() > room { room - 1 } else { changes.len() };
    page.heading(&diff::heading(&proposal.diff));
    for (mark, text) in changes.iter().take(shown) {
        page.diff_line(mark, text);
    }
    if shown < changes.len() {
        page.line(format!("… {} more lines: details (d)", changes.len() - shown));
    }
}

/// Everything about a skill.
pub(super) fn details(proposal: &Proposal, page: &mut Page) {
    head(proposal, "", page);
    assess::parts(&proposal.assessed.assessment, &proposal.assessed.path, page);
    for finding in findings(proposal) {
        page.line(finding);
    }
    proposal.diff.text(page);
}

pub(super) fn decided(report: &ReviewReport, page: &mut Page) {
    report.text(page);
}

fn head(proposal: &Proposal, position: &str, page: &mut Page) {
    page.heading(&format!("{position}{} {}", Visible(&proposal.name), Visible(&proposal.version)));
    let decided = proposal.decided.map_or_else(|| "not decided yet".to_owned(), |it| format!("{} before", it.1));
    let (category, level) = (Visible(&proposal.category), proposal.approval_level);
    page.cut_line(&format!("{category}, level {level}, {decided}, {}", Visible(&proposal.assessed.path)));
    page.line(assess::suggestion(&proposal.assessed.assessment));
}

/// What raises the risk of security and external dependencies, with the first line of each.
fn signals(proposal: &Proposal) -> impl Iterator<Item = String> {
    let of_lines = |name: &str| matches!(name, "security" | "external");
    let parts = proposal.assessed.assessment.parts.iter().filter(move |it| of_lines(it.name));
    parts.flat_map(|it| &it.signals).map(|it| {
        let place = it.lines.first().map(|it| format!(": line {}: {}", it.line, Visible(&it.text)));
        format!("  {}{}", Visible(&it.what), place.unwrap_or_default())
    })
}

fn findings(proposal: &Proposal) -> Vec<String> {
    let finding = |severity| if severity == Severity::Error { "error" } else { "warning" };
    let text = proposal.findings.iter().map(|it| {
        let line = it.line.map_or_else(String::new, |it| format!(": line {it}"));
        format!("  {}{line}: {}", finding(it.kind), Visible(&it.reason))
    });
    text.collect()
}

/// The first lines, each cut, and the number of the others.
fn some(lines: &[String], page: &mut Page) {
    lines.iter().take(SHOWN).for_each(|it| page.cut_line(it));
    if lines.len() > SHOWN {
        page.line(format!("  … {} more: details (d)", lines.len() - SHOWN));
    }
}
