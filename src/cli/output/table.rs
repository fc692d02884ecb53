//! Tables. On a terminal they fit its width: columns are dropped in a stated order, then text cells are truncated. Numbers
//! and hashes are never truncated.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::paint::painted;
use crate::model::Visible;

/// Number of spaces between columns.
const GAP: usize = 2;

/// Minimum width of a truncated column.
const LEAST: usize = 12;

/// Minimum width of a column that fills the room that others leave.
const LEAST_FILLED: usize = 24;

/// Titles of columns that contain states.
const STATES: [&str; 5] = ["status", "review", "decision", "verdict", "state"];

/// A table and its layout.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: usize,
}

#[derive(Debug)]
struct Column {
    title: String,
    cells: Vec<String>,
    /// Width of the longest cell.
    full: usize,
    /// Width in the layout.
    width: usize,
}

impl Table {
    /// Escapes the cells.
    pub(super) fn new(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let column = |title: &str| Column { title: title.to_owned(), cells: Vec::new(), full: title.width(), width: 0 };
        let mut table = Self { columns: header.iter().map(|it| column(it)).collect(), rows: 0 };
        for row in rows {
            while table.columns.len() < row.len() {
                let cells = vec![String::new(); table.rows];
                table.columns.push(Column { cells, ..column("") });
            }
            let mut row = row.into_iter();
            for column in &mut table.columns {
                let cell = row.next().map(|it| Visible(it).to_string()).unwrap_or_default();
                column.full = column.full.max(cell.width());
                column.cells.push(cell);
            }
            table.rows += 1;
        }
        table.uncut();
        table
    }

    /// Fits the table into `width` and returns the dropped columns: first those of `order`, one by one, then, if truncating
    /// the others is not enough, from the last one.
    pub(super) fn fit(&mut self, width: usize, order: &[&str]) -> Vec<String> {
        let mut left_out = Vec::new();
        for title in order {
            let index = self.columns.iter().skip(1).position(|it| it.title == *title);
            if let Some(index) = index.filter(|_| self.width() > width) {
                left_out.push(self.columns.remove(index + 1).title);
            }
        }
        while self.width() > width && !self.cut(width) && self.columns.len() > 1 {
            left_out.extend(self.columns.pop().map(|it| it.title));
            self.uncut();
        }
        left_out
    }

    /// Gives a column the room that the others leave; removes it if that is too little, or if all its cells are empty.
    pub(super) fn fill(&mut self, width: usize, title: &str) {
        let Some(index) = self.columns.iter().position(|it| it.title == title) else { return };
        let column = &mut self.columns[index];
        let wanted = column.width;
        column.width = 0;
        let room = width.saturating_sub(self.width());
        let column = &mut self.columns[index];
        column.width = wanted.min(room);
        let is_empty = column.cells.iter().all(String::is_empty);
        if is_empty || (room < wanted && room < LEAST_FILLED) {
            self.columns.remove(index);
        }
    }

    fn uncut(&mut self) {
        self.columns.iter_mut().for_each(|it| it.width = it.full);
    }

    /// The lines, header first.
    pub(super) fn lines(&self, color: bool) -> impl Iterator<Item = String> {
        let header = self.line(color, |it| it.title.to_uppercase(), |_, _| None);
        let row = move |index: usize| {
            let cell = |it: &Column| cut(it.cells.get(index).map_or("", String::as_str), it.width);
            self.line(color, cell, |column, word| STATES.contains(&column.title.as_str()).then(|| style_of(word))?)
        };
        std::iter::once(header).chain((0..self.rows).map(row))
    }

    fn line(
        &self,
        color: bool,
        cell: impl Fn(&Column) -> String,
        style: impl Fn(&Column, &str) -> Option<Style>,
    ) -> String {
        let mut line = String::new();
        let mut blanks = 0;
        for column in &self.columns {
            let text = cell(column);
            let after = (column.width + GAP).saturating_sub(text.width());
            if !text.is_empty() {
                line.extend(std::iter::repeat_n(' ', blanks));
                blanks = 0;
                line += &style(column, &text).map_or(text.clone(), |it| painted(&text, it, color));
            }
            blanks += after;
        }
        line
    }

    fn width(&self) -> usize {
        let gaps = GAP * self.columns.len().saturating_sub(1);
        self.columns.iter().map(|it| it.width).sum::<usize>() + gaps
    }

    /// Truncates the widest text columns, the first column last. Returns whether the table fits.
    fn cut(&mut self, width: usize) -> bool {
        for first_too in [false, true] {
            while self.width() > width {
                let excess = self.width() - width;
                let start = usize::from(!first_too);
                let columns = self.columns.iter_mut().skip(start).filter(|it| it.width > LEAST && it.is_text());
                let Some(widest) = columns.max_by_key(|it| it.width) else { break };
                // In small steps, so that several wide columns share the loss.
                widest.width = (widest.width - excess.min(widest.width / 8 + 1)).max(LEAST);
            }
        }
        self.width() <= width
    }
}

impl Column {
    /// Whether some cell is neither a number nor a hash.
    fn is_text(&self) -> bool {
        self.cells.iter().any(|it| !is_figure(it))
    }
}

fn is_figure(cell: &str) -> bool {
    cell.is_empty() || cell.starts_with(|it: char| it.is_ascii_digit()) || cell.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Truncates to a width, marked with `…`.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = |it: &char| {
        let after = left.checked_sub(it.width().unwrap_or(0));
        after.map(|it| left = it).is_some()
    };
    text.chars().take_while(fits).collect::<String>() + "…"
}

/// Green: good; yellow: waiting; red: refused.
fn style_of(word: &str) -> Option<Style> {
    let color = match word {
        "active" | "approved" | "good" | "passed" => AnsiColor::Green,
        "pending" | "escalated" | "deprecated" | "unknown" | "waits" => AnsiColor::Yellow,
        "rejected" | "revoked" | "not approved" | "archived" | "change it" | "missed" => AnsiColor::Red,
        _ => return None,
    };
    Some(color.on_default())
}

#[cfg(test)]
mod tests {
    use super::Table;

    const HEADER: [&str; 4] = ["name", "status", "hash", "note"];

    fn table(note: &str) -> Table {
        let row = |it: [&str; 4]| it.map(str::to_owned).to_vec();
        Table::new(&HEADER, [row(["jwt", "active", "0123456789ab", note]), row(["a-longer-name", "rejected", "x", ""])])
    }

    fn lines(table: &Table) -> Vec<String> {
        table.lines(false).collect()
    }

    #[test]
    fn columns_stand_below_each_other_without_blanks_at_the_end() {
        assert_eq!(
            lines(&table("some text")),
            [
                "NAME           STATUS    HASH          NOTE",
                "jwt            active    0123456789ab  some text",
                "a-longer-name  rejected  x",
            ]
        );
    }

    #[test]
    fn columns_are_left_out_in_the_stated_order_and_only_as_many_as_must_be() {
        let long = "a note that is rather long";
        let mut fits = table(long);
        assert!(fits.fit(80, &["hash", "note"]).is_empty());
        let mut one = table(long);
        assert_eq!(one.fit(60, &["hash", "note"]), ["hash"]);
        assert_eq!(lines(&one)[0], "NAME           STATUS    NOTE");
        let mut two = table(long);
        assert_eq!(two.fit(30, &["hash", "note", "name"]), ["hash", "note"]);
        assert_eq!(lines(&two)[1], "jwt            active");
    }

    #[test]
    fn text_is_cut_with_a_mark_and_figures_are_not() {
        let mut cut = table("a note that is rather long");
        assert!(cut.fit(55, &[]).is_empty());
        assert_eq!(lines(&cut)[1], "jwt            active    0123456789ab  a note that is …");
        let mut first = Table::new(&["name", "n"], [vec!["界".repeat(20), "1234567890123456".to_owned()]]);
        assert!(first.fit(32, &[]).is_empty());
        assert_eq!(lines(&first)[1], "界界界界界界…   1234567890123456", "wide characters count twice");
    }

    #[test]
    fn where_even_that_is_too_wide_the_last_columns_go() {
        let mut narrow = table("a note");
        assert_eq!(narrow.fit(24, &[]), ["note", "hash"]);
        let mut hash = Table::new(&["hash"], [vec!["0123456789abcdef0123456789abcdef".to_owned()]]);
        assert!(hash.fit(10, &[]).is_empty(), "a hash is never broken");
        assert_eq!(lines(&hash)[1].len(), 32);
    }

    #[test]
    fn rows_may_have_more_cells_than_the_header() {
        let row = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let table = Table::new(&["a"], [row(&["1"]), row(&["2", "more"]), row(&[])]);
        assert_eq!(lines(&table), ["A", "1", "2  more", ""]);
    }

    #[test]
    fn states_have_colours_and_line_up_all_the_same() {
        let lines: Vec<_> = table("n").lines(true).collect();
        assert!(lines[1].contains("\u{1b}[32mactive\u{1b}[0m    0123"), "{:?}", lines[1]);
        assert!(lines[2].contains("\u{1b}[31mrejected\u{1b}[0m  x"), "{:?}", lines[2]);
    }
}
