//! The page of `cfn bench`.

use super::intervals::{Interval, intervals};
use super::parts::{Section, distributed, document, table};
use crate::bench::statistics::Summary;
use crate::bench::suite::{Change, Comparison, SuiteReport};
use crate::cli::bench::suite::text::{COMPARED, compared, comparison_remarks, remarks, system, verdict};
use crate::cli::bench::table::ms;
use crate::cli::document::{About, Figure, Foldable, foldable, key_figures};

pub(in crate::cli::bench) fn page(report: &SuiteReport, written: &str) -> String {
    let mut sections = vec![operations(report), distributions(report)];
    sections.extend(report.baseline.as_ref().map(baseline));
    if !report.run.about.system.is_empty() {
        let columns = [("Metric", false), ("Measured", true), ("Threshold", true), ("Result", false)];
        sections.push(Section {
            id: "system",
            title: "System".to_owned(),
            about: "System metrics of the reference that apply to cfn.".to_owned(),
            body: table("System", &columns, &system(report)),
        });
    }
    document("Benchmark", &remarks(report), &sections, written)
}

fn operations(report: &SuiteReport) -> Section {
    let met = report.operations.iter().filter(|it| it.passed == Some(true)).count();
    let mut pairs = vec![
        ("Score out of 10", report.score.map_or_else(|| "–".to_owned(), |it| format!("{it:.2}"))),
        ("Targets met", format!("{met} of {}", report.operations.len())),
        ("Machine", if report.noise.noisy { "noisy" } else { "quiet" }.to_owned()),
    ];
    pairs.extend(report.baseline.as_ref().map(|it| ("Regressions", it.regressions().count().to_string())));
    let key = key_figures(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Section {
        id: "operations",
        title: "Operations".to_owned(),
        about: "Milliseconds. The median must be below the target.".to_owned(),
        body: key + &figures(report),
    }
}

fn figures(report: &SuiteReport) -> String {
    let columns = [
        ("Operation", false),
        ("Median", true),
        ("Target", true),
        ("Result", false),
        ("Minimum", true),
        ("Mean", true),
        ("p95", true),
        ("p99", true),
        ("Deviation", true),
        ("Runs", true),
        ("Measured as", false),
    ];
    let rows = report.operations.iter().map(|it| {
        let figure = |of: fn(&Summary) -> f64| it.figures.as_ref().map_or_else(|| "–".to_owned(), |it| ms(of(it)));
        vec![
            it.operation.name().to_owned(),
            figure(|it| it.median),
            format!("< {}", it.target_ms),
            verdict(it.passed).to_owned(),
            figure(|it| it.minimum),
            figure(|it| it.mean),
            figure(|it| it.p95),
            figure(|it| it.p99),
            figure(|it| it.standard_deviation),
            it.figures.map_or(0, |it| it.runs).to_string(),
            it.measured_as.to_owned(),
        ]
    });
    table("Operations", &columns, &rows.collect::<Vec<_>>())
}

fn distributions(report: &SuiteReport) -> Section {
    let charts = report.operations.iter().enumerate().map(|(index, it)| {
        let (id, samples) = (format!("distribution-{index}"), report.samples(it.operation));
        distributed(&id, it.operation.name(), samples, Some(it.target_ms))
    });
    Section {
        id: "distributions",
        title: "Distributions".to_owned(),
        about: "Distribution of the times of each operation, in milliseconds.".to_owned(),
        body: charts.collect(),
    }
}

fn baseline(it: &Comparison) -> Section {
    let rows = it.operations.iter().filter_map(|row| {
        let (ratio, label) = (row.ratio?, row.operation.name().to_owned());
        // The text beside the name must fit a phone; the rest is in the table.
        let word = match row.change {
            it @ (Change::Regression | Change::Gain) => it.words(),
            Change::Unclear => "noisy",
            Change::Small | Change::NoDifference | Change::NotCompared => "",
        };
        let shown = format!("{:.2} {word}", ratio.estimate).trim_end().to_owned();
        Some(Interval { label, shown, ratio, bad: row.change == Change::Regression })
    });
    let rows: Vec<_> = rows.collect();
    let remarks = comparison_remarks(it).join(" ");
    let title = "Ratio to the baseline";
    let about = About { id: "baseline-chart", title, description: &remarks };
    let svg = intervals(&about, &rows, Some(1.0 + it.max_regression));
    let columns: Vec<_> = COMPARED.iter().map(|name| ((*name).to_owned(), false)).collect();
    let below = foldable(&Foldable { caption: "Ratios", columns: &columns, rows: &compared(it), charted: true });
    let body = Figure {
        title,
        seen: "Each bar is the 95 % confidence interval of the ratio.",
        legend: &[],
        svg: &svg,
        below: &below,
    };
    Section {
        id: "baseline",
        title: "Comparison with the baseline".to_owned(),
        about: remarks.clone(),
        body: body.html(),
    }
}
