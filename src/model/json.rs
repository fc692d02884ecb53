//! JSON that is safe on a terminal: control and invisible characters are escaped. Programs read the same values.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::is_visible;

/// One document, on one line.
pub fn to_vec(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity(256);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Escaping))?;
    Ok(text)
}

/// The length of that document in bytes.
#[must_use]
pub fn size(value: &impl Serialize) -> u64 {
    let mut count = Count(0);
    match value.serialize(&mut serde_json::Serializer::with_formatter(&mut count, Escaping)) {
        Ok(()) => count.0,
        Err(_) => 0, // writing it reports the error
    }
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compact JSON. serde itself escapes only control characters below U+0020.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Fast path: most text is plain ASCII.
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut from = 0;
        for (at, character) in fragment.char_indices().filter(|(_, it)| !is_visible(*it)) {
            writer.write_all(&fragment.as_bytes()[from..at])?;
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            from = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[from..])
    }
}
