//! Horizontal bars, simple or stacked. Each label is above its bar, so that long names fit small screens.

use std::fmt::Write as _;

use super::escape::{Escaped, shortened};
use super::scale::{Scale, place};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Bar {
    pub(in crate::cli) label: String,
    /// The formatted value, shown at the right.
    pub(in crate::cli) shown: String,
    /// Its parts in order: the number of the series, and the value. A single part may be negative.
    pub(in crate::cli) parts: Vec<(usize, f64)>,
}

/// The title and the description of a chart, which screen readers read.
#[derive(Debug, Clone)]
pub(in crate::cli) struct About<'a> {
    /// An id, unique on the page.
    pub(in crate::cli) id: &'a str,
    pub(in crate::cli) title: &'a str,
    /// The description, one sentence.
    pub(in crate::cli) description: &'a str,
}

/// The height of a row: its label and its bar.
const ROW: usize = 38;
/// The baseline of the label.
const LABEL: usize = 13;
/// The top and height of the bar.
const BAR: (usize, usize) = (19, 12);
/// Maximum width of a label, in columns; at 14 pixels this leaves room for the value on a phone.
pub(in crate::cli) const LONGEST_LABEL: usize = 24;

/// The opening tag of a chart, with its title and description.
pub(in crate::cli) fn open(about: &About<'_>, height: usize) -> String {
    let About { id, title, description } = about;
    format!(
        "<svg class=\"chart\" role=\"img\" width=\"100%\" height=\"{height}\" aria-labelledby=\"{id}-t {id}-d\">\n\
         <title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n",
        Escaped(title),
        Escaped(description)
    )
}

/// Draws the bars from top to bottom; `series` names the parts of a stack.
pub(in crate::cli) fn draw(about: &About<'_>, bars: &[Bar], series: &[String]) -> String {
    let ends = bars.iter().flat_map(|bar| {
        let sum: f64 = bar.parts.iter().map(|(_, value)| value).sum();
        [sum, bar.parts.iter().fold(0.0, |least: f64, (_, value)| least.min(*value))]
    });
    let scale = Scale::over(ends);
    let mut svg = open(about, bars.len() * ROW + 2);
    for (index, bar) in bars.iter().enumerate() {
        row(&mut svg, index * ROW, bar, scale, series);
    }
    if !bars.is_empty() {
        // The zero line crosses the bars, but not the labels: one segment for each row.
        let at = place(scale.zero());
        for top in (0..bars.len()).map(|index| index * ROW + BAR.0 - 3) {
            let bottom = top + BAR.1 + 6;
            let _ = writeln!(svg, "<line class=\"zero\" x1=\"{at}%\" x2=\"{at}%\" y1=\"{top}\" y2=\"{bottom}\"/>");
        }
    }
    svg + "</svg>\n"
}

fn row(svg: &mut String, top: usize, bar: &Bar, scale: Scale, series: &[String]) {
    let base = top + LABEL;
    let (label, shown) = (Escaped(&bar.label), Escaped(&bar.shown));
    let short = shortened(&bar.label, LONGEST_LABEL);
    let _ = writeln!(svg, "<g>\n<title>{label}: {shown}</title>");
    let _ = writeln!(svg, "<text class=\"label\" x=\"0\" y=\"{base}\">{}</text>", Escaped(short));
    let _ = writeln!(svg, "<text class=\"value\" x=\"100%\" y=\"{base}\" text-anchor=\"end\">{shown}</text>");
    let (y, height) = (top + BAR.0, BAR.1);
    let _ = writeln!(svg, "<rect class=\"track\" x=\"0\" y=\"{y}\" width=\"100%\" height=\"{height}\"/>");
    let mut before = 0.0;
    for (number, value) in &bar.parts {
        let (start, length) = scale.bar(*value);
        let (x, width) = (place(start + before), place(length));
        let below = if *value < 0.0 { " below" } else { "" };
        let _ = write!(
            svg,
            "<rect class=\"s{number}{below}\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{height}\"",
        );
        match series.get(*number) {
            Some(name) => {
                let _ = writeln!(svg, "><title>{label}, {}: {value}</title></rect>", Escaped(name));
            }
            None => svg.push_str("/>\n"),
        }
        before += length;
    }
    svg.push_str("</g>\n");
}

#[cfg(test)]
mod tests {
    use super::{About, Bar, draw};

    const ABOUT: About<'_> = About { id: "c1", title: "Uses", description: "a & b" };

    fn bar(label: &str, parts: &[(usize, f64)]) -> Bar {
        Bar { label: label.to_owned(), shown: "x".to_owned(), parts: parts.to_vec() }
    }

    #[test]
    fn a_chart_names_and_describes_itself() {
        let svg = draw(&ABOUT, &[], &[]);
        assert!(svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"c1-t c1-d\""), "{svg}");
        assert!(svg.contains("<title id=\"c1-t\">Uses</title>\n<desc id=\"c1-d\">a &amp; b</desc>"), "{svg}");
        assert!(!svg.contains("<rect") && !svg.contains("<line"), "nothing to draw: {svg}");
    }

    #[test]
    fn the_longest_bar_is_as_wide_as_the_chart() {
        let svg = draw(&ABOUT, &[bar("a", &[(0, 40.0)]), bar("b", &[(0, 10.0)])], &[]);
        assert!(svg.contains("<rect class=\"s0\" x=\"0%\" y=\"19\" width=\"100%\""), "{svg}");
        assert!(svg.contains("<rect class=\"s0\" x=\"0%\" y=\"57\" width=\"25%\""), "{svg}");
    }

    #[test]
    fn losses_go_left_from_the_zero_line() {
        let svg = draw(&ABOUT, &[bar("a", &[(0, 0.3)]), bar("b", &[(0, -0.1)])], &[]);
        assert!(svg.contains("<rect class=\"s0\" x=\"25%\" y=\"19\" width=\"75%\""), "{svg}");
        assert!(svg.contains("<rect class=\"s0 below\" x=\"0%\" y=\"57\" width=\"25%\""), "{svg}");
        assert_eq!(svg.matches("class=\"zero\" x1=\"25%\"").count(), 2, "{svg}");
    }

    #[test]
    fn parts_of_a_stack_stand_one_after_the_other() {
        let series = ["approved".to_owned(), "rejected".to_owned()];
        let svg = draw(&ABOUT, &[bar("human", &[(0, 3.0), (1, 1.0)])], &series);
        assert!(svg.contains("<rect class=\"s0\" x=\"0%\" y=\"19\" width=\"75%\""), "{svg}");
        assert!(svg.contains("<rect class=\"s1\" x=\"75%\" y=\"19\" width=\"25%\""), "{svg}");
        assert!(svg.contains("<title>human, rejected: 1</title>"), "{svg}");
    }

    #[test]
    fn one_value_and_only_zeros_are_drawn_without_division_by_zero() {
        for value in [0.0, 7.0, -7.0, f64::NAN] {
            let svg = draw(&ABOUT, &[bar("a", &[(0, value)])], &[]);
            assert!(svg.contains("class=\"zero\"") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn long_names_are_cut_with_the_whole_name_beside_and_markup_is_escaped() {
        let name = format!("<script>alert(1)</script>{}", "x".repeat(60));
        let svg = draw(&ABOUT, &[bar(&name, &[(0, 1.0)])], &[]);
        assert!(!svg.contains("<script"), "{svg}");
        assert!(svg.contains(&format!("<title>&lt;script&gt;alert(1)&lt;/script&gt;{}: x</title>", "x".repeat(60))));
        assert!(svg.contains(">&lt;script&gt;alert(1)&lt;/scrip…</text>"), "{svg}");
    }
}
