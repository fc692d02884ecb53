//! Reports as one self-contained page: no script, nothing loaded, charts as inline SVG, each with its figures under it. Every
//! text from outside passes through `Escaped`; the content policy would stop what slipped through.

mod bars;
mod charts;
mod columns;
mod escape;
mod figures;
mod policy;
mod publish;
mod scale;

use std::fmt::Write as _;

use crate::ops::{AnalyticsReport, Table};
use escape::Escaped;

pub(super) use publish::publish;

/// Colours and layout, in both schemes and for paper.
const STYLE: &str = include_str!("style.css");

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
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"cfn {}\">\n\
         <title>{title} – cfn</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        policy::content_policy(STYLE),
        env!("CARGO_PKG_VERSION"),
    );
    let _ = writeln!(html, "<header>\n<h1>{title}</h1>\n<p>{}</p>", Escaped(&heading.period));
    for limit in &heading.limits {
        let _ = writeln!(html, "<p class=\"limit\">{}</p>", Escaped(limit));
    }
    html += "</header>\n";
    if reports.len() > 1 {
        html += "<nav aria-label=\"Reports\">\n<ul>\n";
        for report in reports {
            let _ = writeln!(html, "<li><a href=\"#{}\">{}</a></li>", report.report, about(report.report).0);
        }
        html += "</ul>\n</nav>\n";
    }
    html += "<main>\n";
    for (index, report) in reports.iter().enumerate() {
        section(&mut html, report, &reports[index + 1..], reports.len() > 1);
    }
    let _ = writeln!(html, "</main>\n<footer><p>Written by cfn on {} UTC.</p></footer>", Escaped(&heading.written));
    html + "</body>\n</html>\n"
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
    let _ = write!(
        html,
        "<figure class=\"figure\">\n<div class=\"drawn\">\n<figcaption><h3>{}</h3>\n<p>{}</p></figcaption>\n",
        chart.title,
        Escaped(&chart.seen)
    );
    if !chart.legend.is_empty() {
        *html += "<ul class=\"legend\">\n";
        for (number, (name, sum)) in chart.legend.iter().enumerate() {
            let (name, sum) = (Escaped(name), Escaped(sum));
            let _ =
                writeln!(html, "<li><span class=\"swatch b{number}\" aria-hidden=\"true\"></span>{name} {sum}</li>");
        }
        *html += "</ul>\n";
    }
    let _ = write!(html, "{}</div>\n{}</figure>\n", chart.svg, figures::table(table, true));
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
            "Over uses that have both confidences. Gain is the agent's confidence after minus before; success is the share of \
             uses that gained more than 0.05.",
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
            "Active skills above level auto whose current version has no approval, the longest waiting first.",
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
