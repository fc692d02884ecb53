use super::{Heading, page};
use crate::ops::{AnalyticsReport, Cell, ReportName, Table, TableName};

fn report(report: ReportName, tables: Vec<Table>) -> AnalyticsReport {
    AnalyticsReport { report, first_day: None, last_day: None, tables }
}

fn heading() -> Heading {
    Heading { period: "The whole usage log".into(), limits: Vec::new(), written: "2026-01-01 00:00:00".into() }
}

fn most_used(names: &[&str]) -> Table {
    let row = |name: &&str| vec![Cell::Text((*name).to_owned()), Cell::Integer(3), Cell::Missing];
    Table { name: TableName::MostUsed, rows: names.iter().map(row).collect() }
}

#[test]
fn a_page_loads_and_runs_nothing() {
    let html = page(&heading(), &[report(ReportName::Overview, vec![most_used(&["a", "b"])])]);
    for forbidden in ["<script", "http:", "https:", "url(", "@import", "style=", "onload", "<img", "<link"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("content=\"default-src 'none'; style-src 'sha256-"), "{html}");
}

#[test]
fn text_from_outside_is_escaped_wherever_it_stands() {
    let evil = "</style><script>alert(1)</script>\u{202e}\" onload=\"x";
    let limits = vec![evil.to_owned()];
    let html = page(&Heading { limits, ..heading() }, &[report(ReportName::Overview, vec![most_used(&[evil, "b"])])]);
    assert!(!html.contains("<script") && !html.contains('\u{202e}') && !html.contains("\" onload"), "{html}");
    assert!(html.contains("\\u{202e}"), "{html}");
}

#[test]
fn an_empty_report_says_so() {
    let html = page(&heading(), &[report(ReportName::Overview, vec![most_used(&[])])]);
    assert!(
        html.contains("<p class=\"empty\">Nothing was logged in this period.</p>") && !html.contains("<svg"),
        "{html}"
    );
}

#[test]
fn what_a_later_report_shows_is_not_shown_twice() {
    let both = [
        report(ReportName::Overview, vec![most_used(&["a", "b"])]),
        report(ReportName::Usage, vec![most_used(&["a", "b"])]),
    ];
    assert_eq!(page(&heading(), &both).matches("<svg").count(), 1);
    assert_eq!(page(&heading(), &both[..1]).matches("<svg").count(), 1);
}

#[test]
fn ids_are_unique() {
    let reports = [
        report(ReportName::Overview, vec![most_used(&["a"]), most_used(&["b"])]),
        report(ReportName::Usage, vec![most_used(&["c"])]),
    ];
    let html = page(&heading(), &reports);
    let mut ids: Vec<_> = html.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count), (8, 8));
}
