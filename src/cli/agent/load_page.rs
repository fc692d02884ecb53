//! The page of a load test.

use std::fmt::Write as _;

use super::load_report::{COLUMNS, LoadReport, LoadSample};
use crate::cli::document::{About, Bar, Document, Escaped, Figure, Foldable, bars, foldable};

/// The page, self-contained.
pub(super) fn page(report: &LoadReport, written: &str) -> String {
    let mut lead = String::new();
    for sentence in report.sentences() {
        let _ = writeln!(lead, "<p>{}</p>", Escaped(sentence));
    }
    let spawns = report.spawn_ms.map(|it| [("50 %", it.median), ("95 %", it.p95), ("99 %", it.p99)]);
    let spawns: Vec<Bar> = spawns
        .into_iter()
        .flatten()
        .map(|(label, value)| Bar { label: label.to_owned(), shown: format!("{value:.1} ms"), parts: vec![(0, value)] })
        .collect();
    let mut main = section("spawns", "Spawns", &figure("spawn", "So many spawns take at most", &spawns));
    let mut charts = chart(report, "memory", "Memory of all agents in MiB", &|it| Some(mebibytes(it.memory_bytes)));
    charts += &chart(report, "redis", "Redis commands a second", &|it| it.redis_commands_per_s);
    main += &section("samples", "Over time", &charts);
    let columns: Vec<_> = COLUMNS.iter().enumerate().map(|(index, name)| ((*name).to_owned(), index > 0)).collect();
    let rows = report.rows();
    let table = foldable(&Foldable { caption: "Samples", columns: &columns, rows: &rows, charted: true });
    main += &section("figures", "Figures", &format!("<div class=\"figure wide\">\n{table}</div>\n"));
    let sections = [("spawns", "Spawns"), ("samples", "Over time"), ("figures", "Figures")];
    Document { title: "Load test of agents", lead: &lead, nav: "Parts", sections: &sections, main: &main, written }
        .html()
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\">\n<h2>{title}</h2>\n<div class=\"figures\">\n{body}</div>\n</section>\n")
}

fn chart(report: &LoadReport, id: &str, title: &str, value: &dyn Fn(&LoadSample) -> Option<f64>) -> String {
    let bars: Vec<Bar> = report
        .samples
        .iter()
        .filter_map(|it| {
            let value = value(it)?;
            Some(Bar { label: format!("{:.0} s", it.seconds), shown: format!("{value:.1}"), parts: vec![(1, value)] })
        })
        .collect();
    figure(id, title, &bars)
}

fn figure(id: &str, title: &str, values: &[Bar]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let seen = format!("{} values.", values.len());
    let svg = bars::draw(&About { id, title, description: &seen }, values, &[]);
    Figure { title, seen: &seen, legend: &[], svg: &svg, below: "" }.html()
}

#[expect(clippy::cast_precision_loss, reason = "a memory has less than 2^53 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
