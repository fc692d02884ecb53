//! Warnings and notes that may be numerous: prints a few of each kind, and the number of the others.

use std::collections::HashSet;

use super::Output;
use crate::model::Remark;

/// Maximum number of lines of a kind without `--verbose`.
const SHOWN: usize = 3;

/// Warnings and notes, collected while a command works, without duplicates.
#[derive(Debug)]
#[must_use = "nothing is said before `say`"]
pub(in crate::cli) struct Remarks {
    output: Output,
    kinds: Vec<Kind>,
    seen: HashSet<String>,
}

#[derive(Debug)]
struct Kind {
    name: String,
    level: Level,
    lines: Vec<String>,
    /// Number of lines that are not in `lines`.
    more: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Warning,
    Note,
}

impl Remarks {
    pub(super) fn new(output: Output) -> Self {
        Self { output, kinds: Vec::new(), seen: HashSet::new() }
    }

    /// Adds a warning. Lines of the same `kind` are counted together.
    pub(in crate::cli) fn warn(&mut self, kind: &str, line: impl Into<String>) {
        self.add(Level::Warning, kind, line.into());
    }

    /// Adds a note.
    pub(in crate::cli) fn note(&mut self, kind: &str, line: impl Into<String>) {
        self.add(Level::Note, kind, line.into());
    }

    /// Prints everything, kinds in order of their first line.
    pub(in crate::cli) fn say(self) {
        for kind in self.kinds {
            let say = |line: &str| match kind.level {
                Level::Warning => self.output.warn(line),
                Level::Note => self.output.note(line),
            };
            kind.lines.iter().for_each(|line| say(line));
            if kind.more > 0 {
                say(&format!("and {} more; -v shows all", kind.more));
            }
        }
    }

    fn add(&mut self, level: Level, kind: &str, line: String) {
        if !self.seen.insert(line.clone()) {
            return;
        }
        let known = self.kinds.iter().position(|it| it.level == level && it.name == kind);
        let index = known.unwrap_or_else(|| {
            self.kinds.push(Kind { name: kind.to_owned(), level, lines: Vec::new(), more: 0 });
            self.kinds.len() - 1
        });
        let Some(kind) = self.kinds.get_mut(index) else { return };
        if kind.lines.len() < SHOWN || self.output.verbose {
            kind.lines.push(line);
        } else {
            kind.more += 1;
        }
    }
}

impl Output {
    /// Starts a collection of warnings and notes.
    pub(in crate::cli) fn remarks(self) -> Remarks {
        Remarks::new(self)
    }

    /// Prints the remarks about a file. Findings in its content count as one kind; every other remark is a kind of its
    /// own.
    pub(in crate::cli) fn about_file(self, about: &[Remark]) {
        let mut remarks = self.remarks();
        for it in about {
            let kind = if it.line.is_some() { "finding" } else { it.reason.as_str() };
            remarks.warn(kind, it.to_string());
        }
        remarks.say();
    }

    /// Abbreviates a list to one line: `a, b, c and 262 more`; complete with `--verbose`.
    pub(in crate::cli) fn several<T: AsRef<str>>(self, items: &[T]) -> String {
        let shown = if self.verbose { items.len() } else { items.len().min(SHOWN) };
        let shown = items.get(..shown).unwrap_or(items);
        let text = shown.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        match items.len() - shown.len() {
            0 => text,
            more => format!("{text} and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Remarks};
    use crate::cli::output::{Color, Output};

    fn remarks(verbose: bool) -> Remarks {
        Output::new(false, true, Color::Never, true).with_verbose(verbose).remarks()
    }

    fn shape(remarks: &Remarks) -> Vec<(Level, usize, usize)> {
        remarks.kinds.iter().map(|it| (it.level, it.lines.len(), it.more)).collect()
    }

    #[test]
    fn shows_three_of_each_kind_and_counts_the_rest() {
        let mut some = remarks(false);
        for index in 0..10 {
            some.warn("missing", format!("{index} is missing"));
            some.note("cut", format!("{index} was cut"));
        }
        some.warn("altered", "3 is altered");
        assert_eq!(shape(&some), [(Level::Warning, 3, 7), (Level::Note, 3, 7), (Level::Warning, 1, 0)]);
        let mut all = remarks(true);
        (0..10).for_each(|index| all.warn("missing", format!("{index} is missing")));
        assert_eq!(shape(&all), [(Level::Warning, 10, 0)]);
    }

    #[test]
    fn says_nothing_twice() {
        let mut some = remarks(false);
        for _ in 0..10 {
            some.warn("missing", "a is missing");
            some.note("other", "a is missing");
        }
        assert_eq!(shape(&some), [(Level::Warning, 1, 0)]);
    }

    #[test]
    fn names_a_few_of_many_on_one_line() {
        let output = Output::new(false, true, Color::Never, true);
        assert_eq!(output.several(&["a", "b", "c"]), "a, b, c");
        assert_eq!(output.several(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!(output.with_verbose(true).several(&["a", "b", "c", "d"]), "a, b, c, d");
        assert_eq!(output.several::<&str>(&[]), "");
    }
}
