//! What the pages are made of.

use std::fmt::Write as _;

use super::distribution::distribution;
use crate::cli::document::{Document, Escaped, Figure, Foldable, foldable};

/// A section of a page.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) body: String,
}

/// A whole page of sections.
pub(super) fn document(title: &str, lead: &[String], sections: &[Section], written: &str) -> String {
    let mut main = String::new();
    for Section { id, title, about, body } in sections {
        let (title, about) = (Escaped(title), Escaped(about));
        let _ = writeln!(main, "<section id=\"{id}\">\n<h2>{title}</h2>\n<p class=\"about\">{about}</p>");
        let _ = writeln!(main, "<div class=\"figures\">\n{body}</div>\n</section>");
    }
    let mut above = String::new();
    for line in lead {
        let _ = writeln!(above, "<p>{}</p>", Escaped(line));
    }
    let sections: Vec<(&str, &str)> = sections.iter().map(|it| (it.id, it.title.as_str())).collect();
    Document { title, lead: &above, nav: "Parts", sections: &sections, main: &main, written }.html()
}

/// A full-width table.
pub(super) fn table(caption: &str, columns: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let columns: Vec<_> = columns.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    let table = foldable(&Foldable { caption, columns: &columns, rows, charted: false });
    format!("<div class=\"figure wide\">\n{table}</div>\n")
}

/// A histogram of samples.
pub(super) fn distributed(id: &str, title: &str, samples: &[f64], target: Option<f64>) -> String {
    let Some(it) = distribution(id, title, samples, target) else { return String::new() };
    Figure { title, seen: &it.seen, legend: &[], svg: &it.svg, below: "" }.html()
}
