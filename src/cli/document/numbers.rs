//! Formats numbers for people.

/// A count, with thousands separators.
pub(in crate::cli) fn integer(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", thousands(&number.unsigned_abs().to_string()))
}

/// A number with `places` decimals, thousands separators, and a true minus sign.
pub(in crate::cli) fn grouped(number: f64, places: usize) -> String {
    let text = format!("{:.places$}", number.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), String::new()), |(a, b)| (a, format!(".{b}")));
    let zero = text.chars().all(|it| matches!(it, '0' | '.'));
    let sign = if number < 0.0 && !zero { "−" } else { "" };
    format!("{sign}{}{rest}", thousands(whole))
}

fn thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, integer};

    #[test]
    fn thousands_stand_apart_and_nothing_has_no_sign() {
        assert_eq!([999.0, 1234.5, -1234.5, -0.04].map(|it| grouped(it, 1)), ["999.0", "1,234.5", "−1,234.5", "0.0"]);
        assert_eq!([integer(0), integer(-1_234_567)], ["0", "−1,234,567"]);
    }
}
