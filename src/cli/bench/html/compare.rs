//! The page of `cfn bench compare`.

use super::intervals::{Interval, intervals};
use super::parts::{Section, distributed, document, table};
use crate::bench::compare::{CompareReport, Compared};
use crate::cli::bench::table::{FIGURES, ms, way};
use crate::cli::document::{About, Bar, Figure, bars};

pub(in crate::cli::bench) fn page(report: &CompareReport, written: &str) -> String {
    let lead = format!("Whole processes, in turn, each with its own database of {} skills.", report.skills);
    let sections: Vec<_> = report.operations.iter().map(section).collect();
    document("cfn beside the old way", &[lead], &sections, written)
}

fn section(compared: &Compared) -> Section {
    let operation = compared.operation;
    let bars = compared.ways.iter().filter_map(|it| {
        let figures = it.figures?;
        Some(Bar {
            label: it.way.clone(),
            shown: format!("{} ms", ms(figures.median)),
            parts: vec![(0, figures.median)],
        })
    });
    let ratios = compared.ways.iter().filter_map(|it| {
        let ratio = it.times_cfn?;
        let shown = format!("{:.2}", ratio.estimate);
        Some(Interval { label: it.way.clone(), shown, ratio, bad: false })
    });
    let (bars, ratios): (Vec<_>, Vec<_>) = (bars.collect(), ratios.collect());
    let (title, id) = (format!("{operation}: medians"), format!("{operation}-medians"));
    let seen = "Median times.";
    let svg = bars::draw(&About { id: &id, title: &title, description: seen }, &bars, &[]);
    let mut body = Figure { title: &title, seen, legend: &[], svg: &svg, below: "" }.html();
    let (title, id) = (format!("{operation}: ratio to cfn"), format!("{operation}-ratios"));
    let seen = "Ratios of pairs; each bar is the 95 % confidence interval.";
    let svg = intervals(&About { id: &id, title: &title, description: seen }, &ratios, None);
    body += &Figure { title: &title, seen, legend: &[], svg: &svg, below: "" }.html();
    for (index, way) in compared.ways.iter().enumerate() {
        let (id, title) = (format!("{operation}-{index}"), format!("{operation}: {}", way.way));
        body += &distributed(&id, &title, &way.samples_ms, None);
    }
    let mut columns = vec![("Way (ms)", false)];
    columns.extend(FIGURES.map(|it| (it, true)));
    columns.extend([("times cfn", true), ("95 % interval", false)]);
    let rows: Vec<_> = compared.ways.iter().map(way).collect();
    body += &table("Figures", &columns, &rows);
    let about = "The time of each way, in milliseconds.".to_owned();
    Section { id: compared.operation, title: operation.to_owned(), about, body }
}
