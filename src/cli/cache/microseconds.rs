//! How long an answer takes, as text.

/// Formats a duration.
pub(super) fn shown_us(microseconds: Option<f64>) -> String {
    microseconds.map_or_else(|| "-".to_owned(), |it| format!("{it:.0} µs"))
}
