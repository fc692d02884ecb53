//! A histogram of an operation's times, with its median, and its target if that is within the range.

use std::fmt::Write as _;

use crate::bench::statistics::Summary;
use crate::cli::bench::table::ms;
use crate::cli::document::{About, Scale, open, place};

/// Minimum and maximum number of columns; between them, it is twice the square root of the number of samples.
const COLUMNS: (usize, usize) = (10, 40);
/// The top of the plot, leaving room for the median's label.
const TOP: f64 = 20.0;
/// The height of the plot.
const HEIGHT: f64 = 70.0;
/// The height of the chart, with the numbers of the axis below the plot.
const WHOLE: usize = 112;
/// With this many samples, the slowest 1 % are outliers.
const MANY: usize = 100;

/// A histogram and its description.
#[derive(Debug)]
pub(super) struct Distribution {
    pub(super) svg: String,
    pub(super) seen: String,
}

/// Draws the histogram; `None` without samples. Of many samples, the slowest 1 % are not drawn: they would compress all
/// others.
pub(super) fn distribution(id: &str, title: &str, samples: &[f64], target: Option<f64>) -> Option<Distribution> {
    let figures = Summary::of(samples)?;
    let slowest = samples.iter().copied().fold(figures.minimum, f64::max);
    let end = if figures.runs < MANY { slowest } else { figures.p99 };
    let scale = Scale::between(figures.minimum, end);
    let beyond = samples.iter().filter(|it| **it > end).count();
    let mut seen = format!(
        "Median {} ms, 95th percentile {} ms, fastest {} ms.",
        ms(figures.median),
        ms(figures.p95),
        ms(figures.minimum)
    );
    if beyond > 0 {
        let _ =
            write!(seen, " {beyond} of {} samples are not drawn; the slowest took {} ms.", figures.runs, ms(slowest));
    }
    let mut svg = open(&About { id, title, description: &seen }, WHOLE);
    columns(&mut svg, scale, samples, end);
    axis(&mut svg, scale);
    if let Some(target) = target.filter(|it| (figures.minimum..=end).contains(it)) {
        line(&mut svg, scale, target, "limit", &format!("target {target}"));
    }
    line(&mut svg, scale, figures.median, "mark", &format!("median {}", ms(figures.median)));
    Some(Distribution { svg: svg + "</svg>\n", seen })
}

fn columns(svg: &mut String, scale: Scale, samples: &[f64], end: f64) {
    let mut counts = vec![0_u32; (2 * samples.len().isqrt()).clamp(COLUMNS.0, COLUMNS.1)];
    let all = counts.len();
    for sample in samples.iter().filter(|it| **it <= end) {
        counts[column(scale.percent(*sample), all)] += 1;
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1));
    let width = 100.0 / number(all);
    for (index, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let height = HEIGHT * f64::from(count) / most;
        let (x, y) = (place(width * number(index)), place(TOP + HEIGHT - height));
        let _ = writeln!(
            svg,
            "<rect class=\"s0\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{}\"><title>{count}</title></rect>",
            place(height)
        );
    }
}

fn axis(svg: &mut String, scale: Scale) {
    let bottom = place(TOP + HEIGHT);
    let _ = writeln!(svg, "<line class=\"zero\" x1=\"0%\" x2=\"100%\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
    for tick in scale.ticks() {
        let percent = scale.percent(tick);
        let (x, text) = (place(percent), trimmed(tick));
        let _ = writeln!(
            svg,
            "<text class=\"tick\" x=\"{x}%\" y=\"106\" text-anchor=\"{}\">{text}</text>",
            anchor(percent)
        );
    }
}

fn line(svg: &mut String, scale: Scale, value: f64, class: &str, text: &str) {
    let percent = scale.percent(value);
    let (x, bottom) = (place(percent), place(TOP + HEIGHT));
    let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"16\" y2=\"{bottom}\"/>");
    let _ = writeln!(svg, "<text class=\"tick\" x=\"{x}%\" y=\"12\" text-anchor=\"{}\">{text}</text>", anchor(percent));
}

/// Keeps text at the ends of the axis inside the chart.
fn anchor(percent: f64) -> &'static str {
    match percent {
        it if it < 15.0 => "start",
        it if it > 85.0 => "end",
        _ => "middle",
    }
}

/// Formats a round number without rounding errors.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The column of a position, out of `all` columns.
fn column(percent: f64, all: usize) -> usize {
    let ends = (1..all).map(|it| 100.0 * number(it) / number(all));
    ends.filter(|end| percent >= *end).count()
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{column, distribution};

    #[test]
    fn each_sample_is_in_a_column_and_the_median_is_marked() {
        let samples: Vec<f64> = (0..40).map(|it| 10.0 + f64::from(it)).collect();
        let it = distribution("d", "t", &samples, None).expect("samples");
        assert_eq!(it.svg.matches("<rect class=\"s0\"").count(), 12, "{}", it.svg);
        assert!(it.svg.contains(">median 29.50</text>") && !it.svg.contains("limit"), "{}", it.svg);
        assert!(it.seen.starts_with("Median 29.50 ms") && !it.seen.contains("not drawn"), "{}", it.seen);
        assert_eq!([0.0, 2.4, 2.5, 99.9, 100.0].map(|it| column(it, 40)), [0, 0, 1, 39, 39]);
    }

    #[test]
    fn outliers_are_counted_but_not_drawn() {
        let mut samples = vec![10.0; 150];
        samples.extend([11.0; 49]);
        samples.push(500.0);
        let it = distribution("d", "t", &samples, None).expect("samples");
        assert!(it.seen.ends_with("1 of 200 samples are not drawn; the slowest took 500.00 ms."), "{}", it.seen);
        assert_eq!(it.svg.matches("<rect").count(), 2, "{}", it.svg);
    }

    #[test]
    fn a_target_in_range_is_drawn_and_a_single_value_does_not_divide_by_zero() {
        let near = distribution("d", "t", &[20.0, 40.0], Some(30.0)).expect("samples");
        assert!(near.svg.contains("class=\"limit\"") && near.svg.contains(">target 30</text>"), "{}", near.svg);
        let one = distribution("d", "t", &[5.0, 5.0], Some(30.0)).expect("samples");
        assert!(!one.svg.contains("NaN") && !one.svg.contains("limit"), "{}", one.svg);
        assert!(distribution("d", "t", &[], None).is_none());
    }
}
