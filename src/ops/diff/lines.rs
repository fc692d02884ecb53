//! The differences between two texts, by line.

use std::time::{Duration, Instant};

use serde::Serialize;
use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{ChangeTag, DiffOp, DiffableStr, group_diff_ops};

/// The time after which a comparison is no longer the shortest one: files of strangers may be made to take forever. All
/// files of a comparison share it.
const LONGEST: Duration = Duration::from_secs(2);

/// Number of context lines around a change.
const CONTEXT: usize = 3;

/// Adjacent lines.
#[derive(Debug, Clone, Serialize)]
pub struct Hunk {
    /// The first line of the earlier version, from 1.
    pub from_line: usize,
    /// The first line of the later version, from 1.
    pub to_line: usize,
    /// The lines, in order.
    pub lines: Vec<DiffLine>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// The change.
    pub change: LineChange,
    /// Its text, without the line end.
    pub text: String,
}

/// The change of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineChange {
    /// It is in both versions.
    Same,
    /// It is in the later version only.
    Added,
    /// It is in the earlier version only.
    Removed,
}

/// Number of lines with this change.
pub(super) fn count<'a>(hunks: impl Iterator<Item = &'a Hunk>, change: LineChange) -> usize {
    hunks.flat_map(|it| &it.lines).filter(|it| it.change == change).count()
}

/// The end of a comparison that begins now.
pub(super) fn deadline() -> Instant {
    Instant::now() + LONGEST
}

/// The changes, with context lines; the shortest ones, if the deadline allows it.
pub(super) fn hunks(earlier: &str, later: &str, deadline: Instant) -> Vec<Hunk> {
    let (earlier, later) = (earlier.tokenize_lines(), later.tokenize_lines());
    let mut hunks = Vec::new();
    for group in group_diff_ops(changes(&earlier, &later, deadline), CONTEXT) {
        let Some(first) = group.first() else { continue };
        let lines = group.iter().flat_map(|it| it.iter_changes(&earlier, &later)).map(|it| DiffLine {
            change: match it.tag() {
                ChangeTag::Equal => LineChange::Same,
                ChangeTag::Insert => LineChange::Added,
                ChangeTag::Delete => LineChange::Removed,
            },
            text: it.value().trim_end_matches(['\n', '\r']).to_owned(),
        });
        hunks.push(Hunk {
            from_line: first.old_range().start + 1,
            to_line: first.new_range().start + 1,
            lines: lines.collect(),
        });
    }
    hunks
}

/// The algorithm is called by its name: a choice between all of the crate's would make the program half a MiB larger.
fn changes(earlier: &[&str], later: &[&str], deadline: Instant) -> Vec<DiffOp> {
    let mut hook = Compact::new(Replace::new(Capture::new()), earlier, later);
    let all = (0..earlier.len(), 0..later.len());
    let Ok(()) = myers::diff_deadline(&mut hook, earlier, all.0, later, all.1, Some(deadline));
    hook.into_inner().into_inner().into_ops()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{LineChange, deadline};

    fn hunks(earlier: &str, later: &str) -> Vec<super::Hunk> {
        super::hunks(earlier, later, deadline())
    }

    /// The numbers from 1 on, a line each.
    fn numbers(most: usize) -> String {
        let numbers: Vec<_> = (1..=most).map(|it| it.to_string()).collect();
        numbers.join("\n") + "\n"
    }

    #[test]
    fn changes_come_with_the_lines_around_them() {
        let earlier = numbers(20);
        let hunks = hunks(&earlier, &earlier.replace("\n10\n", "\nten\nand more\n"));
        let places: Vec<_> = hunks.iter().map(|it| (it.from_line, it.to_line, it.lines.len())).collect();
        assert_eq!(places, [(7, 7, 9)]);
        let changed = hunks.iter().flat_map(|it| &it.lines).filter(|it| it.change != LineChange::Same);
        let texts: Vec<_> = changed.map(|it| (it.change, it.text.as_str())).collect();
        let expected = [(LineChange::Removed, "10"), (LineChange::Added, "ten"), (LineChange::Added, "and more")];
        assert_eq!(texts, expected);
    }

    #[test]
    fn after_the_deadline_a_comparison_is_no_longer_the_shortest() {
        let (earlier, later) = ("a\nb\nc\n".repeat(100), "b\na\nc\n".repeat(100));
        let removed = |deadline| super::count(super::hunks(&earlier, &later, deadline).iter(), LineChange::Removed);
        let (shortest, late) = (removed(deadline()), removed(Instant::now()));
        assert!(shortest < 200 && late > shortest, "{shortest} {late}");
    }

    #[test]
    fn equal_texts_have_no_hunks_and_far_changes_have_their_own() {
        assert!(hunks("a\nb\n", "a\nb\n").is_empty());
        let earlier = numbers(40);
        let later = earlier.replacen("2\n", "two\n", 1).replace("\n39\n", "\nthirty-nine\n");
        assert_eq!(hunks(&earlier, &later).len(), 2);
    }
}
