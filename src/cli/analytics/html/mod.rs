//! Reports as one self-contained page: charts of their tables, each with its figures under it.

mod charts;
mod columns;
mod figures;

use std::fmt::Write as _;

use crate::cli::page::{Document, Escaped, Figure};
use crate::ops::{AnalyticsReport, Table};

/// What a page says about all its reports.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    /// Which days.
    pub(super) period: String,
    /// What was filtered, each as a sentence.
    pub(super) limits: Vec<String>,
    /// When it was written, in UTC.
    pub(super) written: String,
}

/// The page of these reports.
pub(super) fn page(heading: &Heading, reports: &[AnalyticsReport]) -> String {
    let title = match reports {
        [only] => about(only.report).0,
        _ => "Skill analytics",
    };
    let mut lead = format!("<p>{}</p>\n", Escaped(&heading.period));
    for limit in &heading.limits {
        let _ = writeln!(lead, "<p class=\"limit\">{}</p>", Escaped(limit));
    }
    let sections =
        if reports.len() > 1 { reports.iter().map(|it| (it.report, about(it.report).0)).collect() } else { vec![] };
    let mut main = String::new();
    for (index, report) in reports.iter().enumerate() {
        section(&mut main, report, &reports[index + 1..], reports.len() > 1);
    }
    Document { title, lead: &lead, nav: "Reports", sections: &sections, main: &main, written: &heading.written }.html()
}

/// A report; what a later one on the same page shows as well is left to that.
fn section(html: &mut String, report: &AnalyticsReport, later: &[AnalyticsReport], headed: bool) {
    let (title, about) = about(report.report);
    let _ = writeln!(html, "<section id=\"{}\">", report.report);
    if headed {
        let _ = writeln!(html, "<h2>{title}</h2>");
    }
    let _ = writeln!(html, "<p class=\"about\">{about}</p>\n<div class=\"figures\">");
    for (index, table) in report.tables.iter().enumerate() {
        let repeated = table.rows.len() > 1 && later.iter().any(|it| it.tables.contains(table));
        if !repeated {
            figure(html, table, &format!("{}-{index}", report.report));
        }
    }
    *html += "</div>\n</section>\n";
}

fn figure(html: &mut String, table: &Table, id: &str) {
    if table.rows.is_empty() {
        let _ = writeln!(html, "<p class=\"empty\">{}</p>", empty(table));
        return;
    }
    if KEY_FIGURES.contains(&table.name) && table.rows.len() == 1 {
        *html += &figures::key_figures(table);
        return;
    }
    let Some(chart) = charts::of(table, id) else {
        let _ = write!(html, "<div class=\"figure\">\n{}</div>\n", figures::table(table, false));
        return;
    };
    let below = figures::table(table, true);
    let charts::Chart { title, seen, legend, svg } = &chart;
    *html += &Figure { title, seen, legend, svg, below: &below }.html();
}

/// Tables that are one row of sums.
const KEY_FIGURES: &[&str] = &["overall", "in all", "generated skills"];

/// What an empty table means.
fn empty(table: &Table) -> &'static str {
    match table.name {
        "waiting for review" => "No skill waits for a review.",
        "unused skills" => "Every active skill was used.",
        "decisions" | "time to decision" | "decisions by level" => "No decision was taken in this period.",
        "skills by level and status" => "There are no skills yet.",
        "most used generated skills" => "No generated skill was used in this period.",
        "by skill" | "by approval level" => "No use was measured in this period.",
        _ => "Nothing was logged in this period.",
    }
}

/// A report's name for a person, and what its figures mean.
fn about(report: &str) -> (&'static str, &'static str) {
    match report {
        "overview" => ("Overview", "What skills are used, whether they help, and what they save."),
        "effectiveness" => (
            "Effectiveness",
            "Over uses that have both confidences. Gain is the agent's confidence after minus before; helped is the share of uses \
             that gained more than 0.05, and success the share of exit code 0 among those that have one.",
        ),
        "effectiveness-by-approval" => {
            ("Effectiveness by approval level", "The same, by the level that the skill had when it was used.")
        }
        "phase4-performance" => {
            ("Generated skills", "The same, over the skills that the workflow codification generated.")
        }
        "velocity" => (
            "Decisions",
            "How versions were decided on, and the hours from a version's creation to its decision. The service level is 7 days \
             for human review and 48 hours for escalations.",
        ),
        "bottlenecks" => (
            "Waiting for review",
            "Active skills above level auto whose current version waits for a decision, the longest waiting first.",
        ),
        "by-approval" => ("Skills", "How many skills there are, by approval level and status."),
        "approval-efficiency" => ("Approval efficiency", "How decisions turn out, by level."),
        "usage" => ("Usage", "Who uses what, and what nobody used."),
        "cost" => (
            "Cost avoided",
            "Tokens and money that did not have to be spent. Projections take the mean per day from the first to the last logged \
             day.",
        ),
        _ => ("Report", ""),
    }
}

#[cfg(test)]
mod tests;
