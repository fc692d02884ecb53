//! A column chart over time: one column for each day, with round grid lines.

use std::fmt::Write as _;

use crate::cli::document::{About, Escaped, Scale, grouped, open, place};

/// The top of the plot, leaving room for the highest grid line's number.
const TOP: f64 = 18.0;
/// The height of the plot.
const HEIGHT: f64 = 160.0;
/// Left edge of the plot, in percent: the numbers of the grid lines are left of it.
const LEFT: f64 = 9.0;
/// The height of the chart, with the dates below the plot.
const WHOLE: usize = 204;

/// Draws a column for each day. Only the first, middle and last date are labelled, so that they fit a phone.
pub(super) fn draw(about: &About<'_>, days: &[(String, i64)]) -> String {
    let (scale, ticks) = Scale::rounded(days.iter().map(|(_, uses)| number(*uses)));
    let y = |percent: f64| place(TOP + HEIGHT * (1.0 - percent / 100.0));
    let mut svg = open(about, WHOLE);
    for tick in ticks.iter().filter(|it| it.fract() == 0.0) {
        let (line, class) = (y(scale.percent(*tick)), if *tick == 0.0 { "zero" } else { "grid" });
        let base = place(TOP + HEIGHT * (1.0 - scale.percent(*tick) / 100.0) + 4.0);
        let text = grouped(*tick, 0);
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{LEFT}%\" x2=\"100%\" y1=\"{line}\" y2=\"{line}\"/>");
        let _ = writeln!(svg, "<text class=\"tick\" x=\"8%\" y=\"{base}\" text-anchor=\"end\">{text}</text>");
    }
    let step = (100.0 - LEFT) / number(i64::try_from(days.len().max(1)).unwrap_or(i64::MAX));
    for (index, (day, uses)) in (0_u32..).zip(days) {
        let (from, length) = scale.bar(number(*uses));
        let (x, width) = (place(LEFT + step * (f64::from(index) + 0.1)), place(step * 0.8));
        let (top, height) = (y(from + length), place(HEIGHT * length / 100.0));
        let _ = writeln!(
            svg,
            "<rect class=\"s0\" x=\"{x}%\" y=\"{top}\" width=\"{width}%\" height=\"{height}\"><title>{}: {}</title></rect>",
            Escaped(day),
            grouped(number(*uses), 0)
        );
    }
    let middle = days.get(days.len() / 2).filter(|_| days.len() > 6);
    let named = [
        (days.first(), "9%", "start"),
        (middle, "54.5%", "middle"),
        (days.last().filter(|_| days.len() > 1), "100%", "end"),
    ];
    for (day, x, anchor) in named {
        if let Some((day, _)) = day {
            let text = Escaped(day);
            let _ = writeln!(svg, "<text class=\"tick\" x=\"{x}\" y=\"198\" text-anchor=\"{anchor}\">{text}</text>");
        }
    }
    svg + "</svg>\n"
}

#[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
fn number(uses: i64) -> f64 {
    uses as f64
}

#[cfg(test)]
mod tests {
    use super::{About, draw};

    const ABOUT: About<'_> = About { id: "c1", title: "Uses by day", description: "d" };

    fn drawn(uses: &[i64]) -> String {
        let days: Vec<_> = (1..).zip(uses).map(|(day, uses)| (format!("2026-01-{day:02}"), *uses)).collect();
        draw(&ABOUT, &days)
    }

    #[test]
    fn the_highest_day_ends_under_the_highest_grid_line() {
        let svg = drawn(&[100, 50, 0]);
        assert!(
            svg.contains(
                "<rect class=\"s0\" x=\"12.03%\" y=\"18\" width=\"24.27%\" height=\"160\"><title>2026-01-01: 100"
            ),
            "{svg}"
        );
        assert!(svg.contains("y=\"98\" width=\"24.27%\" height=\"80\""), "{svg}");
        assert!(svg.contains("y=\"178\" width=\"24.27%\" height=\"0\""), "{svg}");
        assert!(svg.contains(">100</text>") && svg.contains("class=\"zero\""), "{svg}");
    }

    #[test]
    fn only_days_that_fit_are_named() {
        let named = |uses: &[i64]| drawn(uses).matches("y=\"198\"").count();
        assert_eq!((named(&[]), named(&[1]), named(&[1, 2]), named(&[1; 31])), (0, 1, 2, 3));
    }

    #[test]
    fn nothing_and_zeros_are_drawn_without_division_by_zero() {
        for uses in [&[][..], &[0], &[0, 0]] {
            let svg = drawn(uses);
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn a_day_is_outside_text_too() {
        let svg = draw(&ABOUT, &[("<script>".to_owned(), 1)]);
        assert!(!svg.contains("<script>"), "{svg}");
    }
}
