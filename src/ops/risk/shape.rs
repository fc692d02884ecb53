//! How complex a skill is: its length, its code blocks, its nesting and its tools.

use super::report::{Part, Raised};
use crate::skill_file::FrontMatter;

/// Columns of a level of indentation.
const LEVEL: usize = 4;

/// The figures of a text, taken line by line.
#[derive(Debug, Default)]
pub(super) struct Shape<'t> {
    last: Line<'t>,
    /// The fence of the open code block, and the line that opens it.
    open: Option<(&'t str, Line<'t>)>,
    /// Lines inside the longest block, and the line that opens it.
    longest: (usize, Line<'t>),
    /// Levels of indentation.
    deepest: (usize, Line<'t>),
}

/// A line with its number.
#[derive(Debug, Default, Clone, Copy)]
struct Line<'t> {
    number: usize,
    text: &'t str,
}

impl<'t> Shape<'t> {
    pub(super) fn add(&mut self, number: usize, text: &'t str) {
        self.last = Line { number, text };
        let trimmed = text.trim_start();
        match (self.open, ["```", "~~~"].into_iter().find(|it| trimmed.starts_with(it))) {
            (None, Some(fence)) => self.open = Some((fence, self.last)),
            (Some((fence, from)), Some(closing)) if fence == closing => self.close(from, number),
            _ => {}
        }
        let depth = columns(text) / LEVEL;
        if !trimmed.is_empty() && depth > self.deepest.0 {
            self.deepest = (depth, self.last);
        }
    }

    fn close(&mut self, from: Line<'t>, number: usize) {
        self.open = None;
        let length = number.saturating_sub(from.number + 1);
        if length > self.longest.0 {
            self.longest = (length, from);
        }
    }

    pub(super) fn part(mut self, weight: f64, front_matter: Option<&FrontMatter>) -> Part {
        if let Some((_, from)) = self.open {
            self.close(from, self.last.number + 1); // it ends with the file
        }
        let tools = front_matter.map_or(0, |it| it.allowed_tools.len());
        let tools_line = front_matter.and_then(|it| it.line_of("allowed-tools")).unwrap_or(1);
        let listed = front_matter.map(|it| it.allowed_tools.join(" ")).unwrap_or_default();
        let figures = [
            (self.last.number, 500, 0.3, "lines", self.last),
            (self.longest.0, 80, 0.3, "lines in one code block", self.longest.1),
            (self.deepest.0.saturating_sub(1), 6, 0.2, "more levels of indentation than one", self.deepest.1),
            (tools, 10, 0.2, "tools", Line { number: tools_line, text: &listed }),
        ];
        let raised = figures.into_iter().filter(|it| it.0 > 0).map(|(figure, most, share, what, line)| {
            Raised::new(format!("{figure} {what}"), share * fraction(figure, most)).at(line.number, line.text)
        });
        Part::of("complexity", weight, raised.filter(|it| it.adds > 0.0).collect())
    }
}

/// The share of a figure in the most that counts, 0 to 1.
fn fraction(figure: usize, most: usize) -> f64 {
    let exact = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    exact(figure.min(most)) / exact(most)
}

/// The width of the indentation; a tab is a level.
fn columns(line: &str) -> usize {
    let blanks = line.bytes().take_while(|it| matches!(it, b' ' | b'\t'));
    blanks.map(|it| if it == b'\t' { LEVEL } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::Shape;

    fn score(text: &str) -> f64 {
        let mut shape = Shape::default();
        text.lines().zip(1..).for_each(|(line, number)| shape.add(number, line));
        shape.part(0.25, None).score
    }

    #[test]
    fn length_blocks_and_nesting_raise_it() {
        let lines = |count: usize| "word\n".repeat(count);
        assert!(score("One line.\n") < 0.01);
        assert!((score(&lines(250)) - 0.15).abs() < 1e-9 && (score(&lines(5000)) - 0.3).abs() < 1e-9);
        let block = format!("```sh\n{}```\n", lines(80));
        assert!(score(&block) > 0.3 && score(&block) < 0.4, "{}", score(&block));
        assert!((score(&block) - score(block.trim_end_matches("```\n"))).abs() < 0.01, "a block may end with the file");
        assert!(score("```\na\n```\ntext\n```\nb\n```\n") < 0.02, "what is between two blocks is in none");
        assert!(score(&format!("{}deep\n", " ".repeat(28))) > 0.19);
    }
}
