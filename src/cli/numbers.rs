//! Formats numbers for people.

use super::plural::{counted, thousands};

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

/// A size in bytes, in the largest binary unit that it reaches.
pub(in crate::cli) fn bytes(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match UNITS.iter().find(|(power, _)| bytes >> power > 0) {
        None => counted(bytes, "byte"),
        Some((power, unit)) => {
            let tenths = (u128::from(bytes) * 10 + (1 << power) / 2) >> power;
            format!("{}.{} {unit}", thousands(&(tenths / 10).to_string()), tenths % 10)
        }
    }
}

/// A duration in milliseconds; from ten seconds on, in seconds.
pub(in crate::cli) fn duration(milliseconds: f64) -> String {
    if milliseconds.abs() < 10_000.0 {
        format!("{} ms", grouped(milliseconds, 1))
    } else {
        format!("{} s", grouped(milliseconds / 1000.0, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, duration, grouped, integer};

    #[test]
    fn thousands_stand_apart_and_nothing_has_no_sign() {
        assert_eq!([999.0, 1234.5, -1234.5, -0.04].map(|it| grouped(it, 1)), ["999.0", "1,234.5", "−1,234.5", "0.0"]);
        assert_eq!([integer(0), integer(-1_234_567)], ["0", "−1,234,567"]);
    }

    #[test]
    fn sizes_and_durations_have_units() {
        let sizes = [0, 1, 1023, 1024, 1_587_000, (1 << 20) - 1, u64::MAX].map(bytes);
        let expected =
            ["0 bytes", "1 byte", "1,023 bytes", "1.0 KiB", "1.5 MiB", "1,024.0 KiB", "17,179,869,184.0 GiB"];
        assert_eq!(sizes, expected);
        assert_eq!([2.09, 0.0, 9_999.0, 12_345.0].map(duration), ["2.1 ms", "0.0 ms", "9,999.0 ms", "12.3 s"]);
    }
}
