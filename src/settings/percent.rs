//! Percent-encoding in URLs.

/// Decodes each `%XX`; `None` if one is malformed, or the result is not UTF-8.
pub(super) fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = if byte == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, after)
        } else {
            (byte, after)
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// Encodes everything that may mean something in a URL.
pub(super) fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded};

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in ["ann", "a b", "a@b:c/d?e=f&g", "\u{e9}%41'\"", ""] {
            assert_eq!(decoded(&encoded(text)).as_deref(), Some(text));
        }
        assert_eq!(encoded("ann.b@x y"), "ann.b%40x%20y");
    }
}
