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
