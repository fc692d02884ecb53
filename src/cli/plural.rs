//! Numbers in sentences.

use std::fmt::Display;

/// `1 file`, `2 files`, `1,234 files`.
pub(super) fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(&count))
}

/// Separates the thousands of a whole number.
pub(super) fn thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
