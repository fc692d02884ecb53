//! Uses by day as one line of text.

use super::days;
use crate::cli::plural::counted;
use crate::ops::Table;

/// Zero, and eight heights: a day with one use must not look like a day without any.
const HEIGHTS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Maximum number of days: with the dates, they fit 100 columns.
const MOST: usize = 60;

/// The line of a table of uses by day; `None` for other tables, and without dates.
pub(super) fn of(table: &Table) -> Option<String> {
    if days::is_by_day(table) { line(&days::without_gaps(table)) } else { None }
}

/// One character for each day, followed by a legend; `None` without days.
fn line(days: &[(String, i64)]) -> Option<String> {
    let days = &days[days.len().saturating_sub(MOST)..];
    let ((first, _), (last, _)) = (days.first()?, days.last()?);
    let (peak, most) = days.iter().rev().max_by_key(|(_, uses)| *uses)?;
    let heights: String = days.iter().map(|(_, uses)| height(*uses, *most)).collect();
    Some(format!("{heights}  {first} to {last}, at most {} on {peak}", counted(most, "use")))
}

fn height(uses: i64, most: i64) -> char {
    let steps = i128::from(uses.max(0)) * 8;
    let step = usize::try_from((steps + i128::from(most.max(1)) - 1) / i128::from(most.max(1))).unwrap_or(0);
    HEIGHTS[step.min(8)]
}

#[cfg(test)]
mod tests {
    use super::line;

    fn drawn(uses: &[i64]) -> Option<String> {
        line(&(1..).zip(uses).map(|(day, uses)| (format!("2026-01-{day:02}"), *uses)).collect::<Vec<_>>())
    }

    #[test]
    fn heights_say_how_much_and_a_day_without_uses_looks_like_one() {
        let text = "·▁▂▄█  2026-01-01 to 2026-01-05, at most 800 uses on 2026-01-05";
        assert_eq!(drawn(&[0, 1, 200, 400, 800]).as_deref(), Some(text));
        assert_eq!(drawn(&[1]).as_deref(), Some("█  2026-01-01 to 2026-01-01, at most 1 use on 2026-01-01"));
        assert_eq!(drawn(&[]), None);
        assert!(drawn(&[0, 0]).is_some_and(|it| it.starts_with("··")));
        assert!(drawn(&[i64::MAX, 1]).is_some_and(|it| it.starts_with("█▁")));
    }
}
