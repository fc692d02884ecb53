//! The rows of the tables, shared by text, Markdown and HTML.

use crate::bench::compare::Way;
use crate::bench::growth::{GrowthReport, Subject};
use crate::bench::statistics::Summary;

/// Runs, minimum, mean, median, 95th and 99th percentile, standard deviation.
pub(super) const FIGURES: [&str; 7] = ["runs", "min", "mean", "median", "p95", "p99", "sd"];

pub(super) fn figures(summary: Option<&Summary>) -> Vec<String> {
    let Some(it) = summary else { return vec!["-".to_owned(); FIGURES.len()] };
    let mut cells = vec![it.runs.to_string()];
    cells.extend([it.minimum, it.mean, it.median, it.p95, it.p99, it.standard_deviation].map(ms));
    cells
}

/// Formats milliseconds: two decimals, four for small values.
pub(super) fn ms(milliseconds: f64) -> String {
    if milliseconds < 0.1 { format!("{milliseconds:.4}") } else { format!("{milliseconds:.2}") }
}

/// The row of a way: its name, its figures, and its ratio to cfn.
pub(super) fn way(it: &Way) -> Vec<String> {
    let mut row = vec![it.way.clone()];
    row.extend(figures(it.figures.as_ref()));
    row.extend(match it.times_cfn {
        Some(ratio) => [format!("{:.2}", ratio.estimate), format!("{:.2} to {:.2}", ratio.low, ratio.high)],
        None => ["1".to_owned(), "-".to_owned()],
    });
    row
}

/// The column headers, and a row for each size.
pub(super) fn sizes(report: &GrowthReport) -> (Vec<String>, Vec<Vec<String>>) {
    let operations = report.sizes.first().map(|it| it.operations.as_slice()).unwrap_or_default();
    let mut header = vec!["skills".to_owned(), "database".to_owned()];
    header.extend(operations.iter().map(|it| it.operation.name().to_owned()));
    header.push("memory of load".to_owned());
    let rows = report.sizes.iter().map(|size| {
        let mut row = vec![size.skills.to_string(), mebibytes(size.database_bytes)];
        row.extend(size.operations.iter().map(|it| {
            let median = it.figures.map_or("-".to_owned(), |it| ms(it.median));
            it.growth.map_or(median.clone(), |growth| format!("{median} ({growth:.2})"))
        }));
        row.push(mebibytes(size.load_peak_kib * 1024));
        row
    });
    (header, rows.collect())
}

/// The reference's projection for each size, beside the measured values.
pub(super) fn projected(report: &GrowthReport) -> Vec<Vec<String>> {
    let rows = report.sizes.iter().filter_map(|size| {
        let it = size.projected?;
        let load = size.operations.iter().find(|it| it.operation == Subject::Load)?.figures?.median;
        let bytes = mebibytes(size.database_bytes);
        Some(vec![size.skills.to_string(), it.database.to_owned(), bytes, it.query.to_owned(), ms(load) + " ms"])
    });
    rows.collect()
}

pub(super) fn mebibytes(bytes: u64) -> String {
    let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    format!("{:.1} MiB", f64::from(kibibytes) / 1024.0)
}
