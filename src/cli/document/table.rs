//! Figures as HTML: a collapsible table, and a list of key figures.

use std::fmt::Write as _;

use super::Escaped;
use crate::cli::plural::counted;

/// A table with up to this many rows starts open.
const SHORT: usize = 12;

#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Foldable<'a> {
    pub(in crate::cli) caption: &'a str,
    /// The names of its columns, and whether they hold numbers, which are right-aligned.
    pub(in crate::cli) columns: &'a [(String, bool)],
    /// Its formatted cells; the first of a row is the row's header.
    pub(in crate::cli) rows: &'a [Vec<String>],
    /// Whether a chart shows the same data; then a long table starts collapsed.
    pub(in crate::cli) charted: bool,
}

/// Renders a collapsible table.
pub(in crate::cli) fn foldable(table: &Foldable<'_>) -> String {
    let count = table.rows.len();
    let open = if table.charted && count > SHORT { "" } else { " open" };
    let rows = counted(count, "row");
    let caption = Escaped(table.caption).to_string();
    let mut html = format!(
        "<details{open}>\n<summary>{caption}: {rows}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"{caption}\">\n<table>\n<thead><tr>"
    );
    let class = |number: &bool| if *number { " class=\"number\"" } else { "" };
    for (name, number) in table.columns {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(number), Escaped(name));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in table.rows {
        html += "<tr>";
        for (index, ((_, number), cell)) in table.columns.iter().zip(row).enumerate() {
            let (cell, align) = (Escaped(cell), class(number));
            let _ = match index {
                0 => write!(html, "<th scope=\"row\">{cell}</th>"),
                _ => write!(html, "<td{align}>{cell}</td>"),
            };
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table>\n</div>\n</details>\n"
}

/// Renders key figures, each with its name.
pub(in crate::cli) fn key_figures(pairs: impl IntoIterator<Item = (String, String)>) -> String {
    let mut html = "<dl class=\"key\">\n".to_owned();
    for (name, value) in pairs {
        let _ = writeln!(html, "<div><dt>{}</dt><dd>{}</dd></div>", Escaped(name), Escaped(value));
    }
    html + "</dl>\n"
}
