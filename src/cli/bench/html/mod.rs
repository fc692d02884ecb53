//! Measurements as one self-contained HTML page: distributions, comparison with a baseline, growth, and comparison with
//! other programs.

mod compare;
mod distribution;
mod growth;
mod intervals;
mod suite;

use std::fmt::Write as _;

use crate::cli::document::{Document, Escaped, Figure, Foldable, foldable};

pub(super) use compare::page as compare;
pub(super) use growth::page as growth;
pub(super) use suite::page as suite;

/// A section of a page.
struct Section {
    id: &'static str,
    title: String,
    about: String,
    body: String,
}

fn document(title: &str, lead: &[String], sections: &[Section], written: &str) -> String {
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
fn table(caption: &str, columns: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let columns: Vec<_> = columns.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    let table = foldable(&Foldable { caption, columns: &columns, rows, charted: false });
    format!("<div class=\"figure wide\">\n{table}</div>\n")
}

/// A histogram of samples.
fn distributed(id: &str, title: &str, samples: &[f64], target: Option<f64>) -> String {
    let Some(it) = distribution::distribution(id, title, samples, target) else { return String::new() };
    Figure { title, seen: &it.seen, legend: &[], svg: &it.svg, below: "" }.html()
}

#[cfg(test)]
mod tests;
