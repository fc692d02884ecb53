//! The report as text.

use crate::bench::statistics::Ratio;
use crate::bench::suite::{Comparison, Noise, Row, SuiteReport};
use crate::cli::bench::table::{FIGURES, figures, ms};
use crate::cli::output::{Page, Report};
use crate::model::Visible;

impl Report for SuiteReport {
    fn text(&self, page: &mut Page) {
        let mut header = vec!["operation (ms)"];
        header.extend(FIGURES);
        header.extend(["target", "", "measured as"]);
        let rows = self.operations.iter().map(|it| {
            let mut row = vec![it.operation.name().to_owned()];
            row.extend(figures(it.figures.as_ref()));
            row.extend([format!("< {}", it.target_ms), verdict(it.passed).to_owned(), it.measured_as.to_owned()]);
            row
        });
        page.table(&header, rows);
        page.line("");
        page.heading(&score(self));
        for line in remarks(self) {
            page.line(Visible(line));
        }
        if !self.run.about.system.is_empty() {
            page.heading("\nSystem");
            page.table(&["metric", "measured", "threshold", ""], system(self));
        }
        if let Some(baseline) = &self.baseline {
            page.heading("\nComparison with the baseline");
            page.table(&COMPARED, compared(baseline));
            for line in comparison_remarks(baseline) {
                page.line(Visible(line));
            }
        }
    }
}

pub(in crate::cli::bench) fn verdict(passed: Option<bool>) -> &'static str {
    match passed {
        Some(true) => "PASS",
        Some(false) => "FAIL",
        None => "NOT MEASURED",
    }
}

pub(in crate::cli::bench) fn score(report: &SuiteReport) -> String {
    match report.score {
        Some(score) => format!("Score: {score:.2} of 10"),
        None => "No score: some operations were not measured".to_owned(),
    }
}

/// What was measured, one sentence each.
pub(in crate::cli::bench) fn remarks(report: &SuiteReport) -> Vec<String> {
    let (about, machine) = (&report.run.about, &report.run.about.machine);
    let rounds = report.operations.iter().filter_map(|it| it.figures).map(|it| it.runs).min().unwrap_or(0);
    let mut lines = vec![format!(
        "The {} is judged. {rounds} rounds of {} planned, in turn, after a warm-up{}.",
        report.judged_by,
        about.planned_rounds,
        if report.run.ending.interrupted { "; stopped before it was done" } else { "" }
    )];
    lines.extend(report.operations.iter().filter(|it| !it.reports.is_empty()).map(reports));
    let build = [&[about.build.profile.clone() + " build"], about.build.features.as_slice()].concat().join(", with ");
    lines.push(format!("cfn {} ({build}), SQLite {}.", about.cfn, about.sqlite));
    let database = &about.database;
    lines.push(format!(
        "Database: {}, {} skills, {} usage rows, {:.1} MiB.",
        database.origin,
        database.skills,
        database.usage_rows,
        mebibytes(database.bytes / 1024)
    ));
    lines.push(format!(
        "Machine: {}, {}, {} cores, {:.1} GiB, {}.",
        if machine.processor.is_empty() { "unknown processor" } else { &machine.processor },
        machine.architecture,
        machine.cores,
        mebibytes(machine.memory_kib) / 1024.0,
        machine.system
    ));
    lines.push(noise(&report.noise));
    lines
}

fn reports(row: &Row) -> String {
    let all = row.reports.iter().map(|it| format!("{} {}", it.report, ms(it.figures.median)));
    format!("Slowest report first: {}.", all.collect::<Vec<_>>().join(", "))
}

fn noise(noise: &Noise) -> String {
    let share = noise.other_work.map(|it| format!("{:.0} % of its time went to other programs", it * 100.0));
    if !noise.noisy {
        let share = share.map_or_else(String::new, |it| format!(": {it}"));
        return format!("The machine was quiet{share}.");
    }
    let drifting: Vec<_> =
        noise.drifting.iter().map(|it| format!("{} by {:.0} %", it.subject, it.drift * 100.0)).collect();
    let halves = format!("the halves of the samples differ of {}", drifting.join(", "));
    let signs: Vec<_> = share.into_iter().chain((!drifting.is_empty()).then_some(halves)).collect();
    format!("THE MACHINE IS NOISY, so another run may differ: {}.", signs.join("; "))
}

pub(in crate::cli::bench) fn system(report: &SuiteReport) -> Vec<Vec<String>> {
    let rows = report.run.about.system.iter().map(|it| {
        let value = |number: f64| format!("{number:.2} {}", it.unit);
        let passes = verdict(Some(it.passes())).to_owned();
        vec![it.metric.to_string(), value(it.measured), format!("< {} {}", it.threshold, it.unit), passes]
    });
    rows.collect()
}

pub(in crate::cli::bench) const COMPARED: [&str; 5] = ["operation", "ratio", "95 % interval", "relative to pace", ""];

pub(in crate::cli::bench) fn compared(baseline: &Comparison) -> Vec<Vec<String>> {
    let interval = |it: Ratio| format!("{:.2} to {:.2}", it.low, it.high);
    let or_nothing = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
    let rows = baseline.operations.iter().map(|it| {
        vec![
            it.operation.name().to_owned(),
            or_nothing(it.ratio.map(|it| format!("{:.2}", it.estimate))),
            or_nothing(it.ratio.map(interval)),
            or_nothing(it.against_pace.map(interval)),
            it.change.words().to_owned(),
        ]
    });
    rows.collect()
}

/// How to read the comparison, one sentence each.
pub(in crate::cli::bench) fn comparison_remarks(baseline: &Comparison) -> Vec<String> {
    let mut lines = vec![format!(
        "Baseline of {} UTC. A regression has both intervals above {:.2}: its own, and the one relative to the machine's pace.",
        baseline.started_at,
        1.0 + baseline.max_regression
    )];
    if let Some(pace) = baseline.pace {
        let Ratio { estimate, low, high } = pace;
        lines.push(format!(
            "The machine itself took {estimate:.2} times as long ({low:.2} to {high:.2}) for fixed work."
        ));
    }
    if !baseline.comparable {
        lines.push("The baseline measured something else, so nothing was compared:".to_owned());
    }
    lines.extend(baseline.differences.iter().map(|it| format!("Different in the baseline: {it}.")));
    if baseline.comparable {
        let gaps = baseline.not_compared().filter_map(|it| Some((it.operation.name(), it.reason.as_deref()?)));
        lines.extend(gaps.map(|(operation, reason)| format!("Not compared: {operation}: {reason}.")));
    }
    lines
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
}
