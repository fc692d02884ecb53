//! The text of a report.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::paint::{BOLD, painted};
use super::table::{Table, cut};
use crate::model::VisibleText;

/// The text of a report under construction.
#[derive(Debug)]
pub(in crate::cli) struct Page {
    pub(super) text: String,
    pub(super) color: bool,
    pub(super) width: Option<usize>,
    /// Whether it is for a terminal.
    is_seen: bool,
    /// Dropped columns.
    pub(super) left_out: Vec<String>,
}

impl Page {
    /// An empty page of this width.
    pub(super) fn new(color: bool, width: Option<usize>) -> Self {
        Self { text: String::new(), color, width, is_seen: false, left_out: Vec::new() }
    }

    /// The page, for a terminal or not.
    pub(super) fn seen(self, is_seen: bool) -> Self {
        Self { is_seen, ..self }
    }

    /// Adds a line unchanged. Pass text from outside through [`Visible`] first.
    pub(in crate::cli) fn line(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{line}");
    }

    /// Adds the text of a file: its exact bytes, or what can be seen of them on a terminal.
    pub(in crate::cli) fn body(&mut self, text: &str) {
        if self.is_seen {
            let _ = write!(self.text, "{}", VisibleText(text));
        } else {
            self.text.push_str(text);
        }
    }

    /// Adds a highlighted line.
    pub(in crate::cli) fn heading(&mut self, text: &str) {
        let line = painted(text, BOLD, self.color);
        self.line(line);
    }

    /// Adds a line, cut where the terminal ends.
    pub(in crate::cli) fn cut_line(&mut self, text: &str) {
        self.line(self.width.map_or_else(|| text.to_owned(), |width| cut(text, width)));
    }

    /// Adds a line of a diff.
    pub(in crate::cli) fn diff_line(&mut self, mark: &str, text: &str) {
        let style = match mark {
            "+" => AnsiColor::Green.on_default(),
            "-" => AnsiColor::Red.on_default(),
            _ => Style::new(),
        };
        let line = format!("{mark}{text}");
        self.line(painted(&line, style, self.color && style != Style::new()));
    }

    /// Adds a table. If it does not fit the terminal, columns are dropped from the last one.
    pub(in crate::cli) fn table(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.table_without(&[], header, rows);
    }

    /// Adds a table. If it does not fit the terminal, the columns of `order` are dropped, one by one.
    pub(in crate::cli) fn table_without(
        &mut self,
        order: &[&str],
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) {
        self.add(Table::new(header, rows), order);
    }

    /// The same, with a column that takes the room that the others leave, and is not there without room or cells.
    pub(in crate::cli) fn table_filled_by(
        &mut self,
        filling: &str,
        order: &[&str],
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) {
        let mut table = Table::new(header, rows);
        table.fill(self.width.unwrap_or(usize::MAX), filling);
        self.add(table, order);
    }

    fn add(&mut self, mut table: Table, order: &[&str]) {
        for title in self.width.map(|width| table.fit(width, order)).unwrap_or_default() {
            if !self.left_out.contains(&title) {
                self.left_out.push(title);
            }
        }
        for line in table.lines(self.color) {
            self.line(line);
        }
    }
}
