//! One line of text with marked words, cut to the width of the terminal.

use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthChar as _;

use super::Page;
use super::paint::{RED, painted};

impl Page {
    /// Adds a line, in which these parts are coloured. On a terminal it is cut so that the first one shows. Pass text from
    /// outside through [`Visible`](crate::model::Visible) first.
    pub(in crate::cli) fn marked(&mut self, indent: &str, text: &str, marks: &[Range<usize>]) {
        let width = self.width.map_or(usize::MAX, |it| it.saturating_sub(indent.len()));
        let shown = window(text, marks.first().map_or(0..0, Clone::clone), width);
        let mut line = indent.to_owned();
        if shown.start > 0 {
            line.push('…');
        }
        let mut at = shown.start;
        for mark in marks.iter().filter(|it| it.start >= shown.start && it.end <= shown.end) {
            line.push_str(&text[at..mark.start]);
            let _ = write!(line, "{}", painted(&text[mark.clone()], RED, self.color));
            at = mark.end;
        }
        line.push_str(&text[at..shown.end]);
        if shown.end < text.len() {
            line.push('…');
        }
        self.line(line);
    }
}

/// The part of a text that fits into a width, with room for an ellipsis on each side that is cut; it starts so that
/// `first` is in it.
fn window(text: &str, first: Range<usize>, width: usize) -> Range<usize> {
    let wide = |it: &str| it.chars().map(|it| it.width().unwrap_or(0)).sum::<usize>();
    if width == usize::MAX || wide(text) <= width {
        return 0..text.len();
    }
    let room = width.saturating_sub(2);
    let mut start = 0;
    if wide(&text[..first.end]) > room {
        let mut before = room.saturating_sub(wide(&text[first.clone()])) / 3;
        start = first.start;
        for (at, character) in text[..first.start].char_indices().rev() {
            let Some(left) = before.checked_sub(character.width().unwrap_or(0)) else { break };
            (before, start) = (left, at);
        }
    }
    let mut left = room;
    let end = text[start..].char_indices().find_map(|(at, character)| {
        match left.checked_sub(character.width().unwrap_or(0)) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(start + at),
        }
    });
    start..end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_window_fits_and_has_the_first_mark() {
        let text = format!("{}key {}", "abc ".repeat(50), "xyz ".repeat(50));
        let at = text.find("key").unwrap_or_default();
        for width in [10, 40, 80] {
            let shown = window(&text, at..at + 3, width);
            assert!(shown.start <= at && at + 3 <= shown.end, "{width}");
            assert!(text[shown].chars().count() <= width - 2);
        }
        assert_eq!(window("short", 0..0, 80), 0..5);
        assert_eq!(window(&text, 0..3, 12), 0..10);
        let wide = "\u{8bfb}".repeat(20);
        assert_eq!(window(&wide, 0..3, 12), 0..15, "two columns a character");
    }
}
