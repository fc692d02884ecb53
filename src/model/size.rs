//! Sizes of memory as text.

/// A size: a number with k, m, g or t, in units of 1024. `None` for other text, and for zero.
#[must_use]
pub fn size_of(text: &str) -> Option<u64> {
    let parsed = parse_size::Config::new().with_binary().parse_size(text.trim()).ok();
    parsed.filter(|it| *it > 0)
}

/// A size as container engines take it, such as `512m`.
#[must_use]
pub fn size_text(bytes: u64) -> String {
    match [(30, 'g'), (20, 'm'), (10, 'k')].into_iter().find(|(power, _)| bytes.trailing_zeros() >= *power) {
        Some((power, unit)) if bytes > 0 => format!("{}{unit}", bytes >> power),
        _ => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{size_of, size_text};

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, bytes) in [("512m", 512 << 20), ("1g", 1 << 30), ("1536m", 3 << 29), ("4k", 4096), ("1025", 1025)] {
            assert_eq!((size_of(text), size_text(bytes)), (Some(bytes), text.to_owned()));
        }
        assert_eq!((size_of("1.5G"), size_of(" 40g ")), (Some(3 << 29), Some(40 << 30)));
        assert_eq!(["", "0", "x", "-1"].map(size_of), [None; 4]);
        assert_eq!(size_text(0), "0");
    }
}
