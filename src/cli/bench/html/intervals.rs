//! A chart of ratios with their confidence intervals, one per row, around the line at 1.

use std::fmt::Write as _;

use crate::bench::statistics::Ratio;
use crate::cli::document::bars::LONGEST_LABEL;
use crate::cli::document::{About, Escaped, Scale, open, place, shortened};

#[derive(Debug, Clone)]
pub(super) struct Interval {
    pub(super) label: String,
    /// The formatted value, shown at the right.
    pub(super) shown: String,
    pub(super) ratio: Ratio,
    /// Whether to mark it as a regression.
    pub(super) bad: bool,
}

/// The height of a row: its label and its interval.
const ROW: usize = 42;

/// Draws the intervals, and a line at `limit`.
pub(super) fn intervals(about: &About<'_>, rows: &[Interval], limit: Option<f64>) -> String {
    let ends = rows.iter().flat_map(|it| [it.ratio.low, it.ratio.high]).chain([1.0]).chain(limit);
    let (low, high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
    let room = (high - low) * 0.05;
    let scale = Scale::between(low - room, high + room);
    let bottom = rows.len() * ROW;
    let mut svg = open(about, bottom + 20);
    for (index, it) in rows.iter().enumerate() {
        row(&mut svg, index * ROW, it, scale, limit);
    }
    for tick in scale.ticks() {
        let percent = scale.percent(tick);
        let anchor = if percent < 10.0 {
            "start"
        } else if percent > 90.0 {
            "end"
        } else {
            "middle"
        };
        let (x, y, text) = (place(percent), bottom + 12, format!("{tick:.2}"));
        let _ = writeln!(svg, "<text class=\"tick\" x=\"{x}%\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>");
    }
    svg + "</svg>\n"
}

fn row(svg: &mut String, top: usize, it: &Interval, scale: Scale, limit: Option<f64>) {
    let (label, shown, base) = (Escaped(&it.label), Escaped(&it.shown), top + 13);
    let _ = writeln!(svg, "<g>\n<title>{label}: {shown}</title>");
    let short = Escaped(shortened(&it.label, LONGEST_LABEL));
    let _ = writeln!(svg, "<text class=\"label\" x=\"0\" y=\"{base}\">{short}</text>");
    let _ = writeln!(svg, "<text class=\"value\" x=\"100%\" y=\"{base}\" text-anchor=\"end\">{shown}</text>");
    let _ = writeln!(svg, "<rect class=\"track\" x=\"0\" y=\"{}\" width=\"100%\" height=\"14\"/>", top + 20);
    let (from, to) = (scale.percent(it.ratio.low), scale.percent(it.ratio.high));
    // Keep an interval of no width visible.
    let (x, width) = (place(from), place((to - from).max(0.4)));
    let class = if it.bad { "s1 below" } else { "s0" };
    let _ = writeln!(svg, "<rect class=\"{class}\" x=\"{x}%\" y=\"{}\" width=\"{width}%\" height=\"8\"/>", top + 23);
    let mut line = |value: f64, class: &str| {
        let x = place(scale.percent(value));
        let (from, to) = (top + 18, top + 36);
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{from}\" y2=\"{to}\"/>");
    };
    line(1.0, "zero");
    line(it.ratio.estimate, "mark");
    if let Some(limit) = limit {
        line(limit, "limit");
    }
    svg.push_str("</g>\n");
}

#[cfg(test)]
mod tests {
    use super::{Interval, intervals};
    use crate::bench::statistics::Ratio;
    use crate::cli::document::About;

    const ABOUT: About<'_> = About { id: "i", title: "t", description: "d" };

    fn interval(label: &str, low: f64, estimate: f64, high: f64) -> Interval {
        let ratio = Ratio { estimate, low, high };
        Interval { label: label.to_owned(), shown: "x".to_owned(), ratio, bad: low > 1.1 }
    }

    #[test]
    fn an_interval_goes_from_its_low_to_its_high_end() {
        let svg = intervals(&ABOUT, &[interval("a", 0.9, 1.0, 1.1), interval("b", 1.2, 1.5, 1.9)], Some(1.1));
        // From 0.85 to 1.95: 0.9 is at 4.55 %, and 0.2 are 18.18 %.
        assert!(svg.contains("<rect class=\"s0\" x=\"4.55%\" y=\"23\" width=\"18.18%\""), "{svg}");
        assert!(svg.contains("<rect class=\"s1 below\" x=\"31.82%\""), "{svg}");
        assert_eq!((svg.matches("class=\"limit\"").count(), svg.matches("class=\"zero\"").count()), (2, 2), "{svg}");
    }

    #[test]
    fn nothing_and_no_width_are_drawn_without_division_by_zero() {
        for svg in [intervals(&ABOUT, &[], None), intervals(&ABOUT, &[interval("<b>", 1.0, 1.0, 1.0)], None)] {
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("<b>"), "{svg}");
        }
    }
}
