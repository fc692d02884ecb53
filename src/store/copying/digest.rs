//! The digest of a database: one SHA-256 over all rows that are copied, whichever engine has them.
//!
//! A table is `T`, the length of its name and the name, and then its rows in the order of their keys. A row is its columns in
//! the order of [`TABLES`](super::TABLES): the class, and 8 bytes of a number, or the length and the bytes of text and blobs.
//! Numbers and lengths are big-endian. Nothing else is needed to tell two databases apart: each table's number of columns is
//! known, and no class is `T`.

use sha2::{Digest as _, Sha256};

use super::Value;
use crate::store::archives::hex;

/// So many bytes are gathered before they are hashed.
const GATHERED: usize = 64 * 1024;

/// A digest, row by row.
#[derive(Debug, Default)]
pub struct Digest {
    hash: Sha256,
    gathered: Vec<u8>,
}

impl Digest {
    /// The beginning of a table.
    pub fn table(&mut self, name: &str) {
        self.bytes(b'T', name.as_bytes());
    }

    /// The next row of the table.
    pub fn row(&mut self, row: &[Value<'_>]) {
        for value in row {
            match *value {
                Value::Null => self.gathered.push(b'0'),
                Value::Integer(number) => self.number(b'I', number.to_be_bytes()),
                Value::Real(number) => self.number(b'R', number.to_be_bytes()),
                Value::Text(bytes) => self.bytes(b'S', bytes),
                Value::Blob(bytes) => self.bytes(b'B', bytes),
            }
        }
        if self.gathered.len() >= GATHERED {
            self.hash.update(&self.gathered);
            self.gathered.clear();
        }
    }

    /// Of all rows so far, in hexadecimal digits.
    #[must_use]
    pub fn so_far(&self) -> String {
        hex(&self.hash.clone().chain_update(&self.gathered).finalize())
    }

    fn number(&mut self, class: u8, number: [u8; 8]) {
        self.gathered.push(class);
        self.gathered.extend_from_slice(&number);
    }

    fn bytes(&mut self, class: u8, bytes: &[u8]) {
        self.number(class, (bytes.len() as u64).to_be_bytes());
        self.gathered.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Digest, Value};

    fn of(rows: &[&[Value<'_>]]) -> String {
        let mut digest = Digest::default();
        digest.table("skills");
        for it in rows {
            digest.row(it);
        }
        digest.so_far()
    }

    #[test]
    fn classes_and_borders_of_values_count() {
        let different = [
            of(&[]),
            of(&[&[Value::Null]]),
            of(&[&[Value::Integer(1)]]),
            of(&[&[Value::Real(1.0)]]),
            of(&[&[Value::Text(b"1")]]),
            of(&[&[Value::Blob(b"1")]]),
            of(&[&[Value::Text(b"ab"), Value::Text(b"")]]),
            of(&[&[Value::Text(b"a"), Value::Text(b"b")]]),
        ];
        for (at, one) in different.iter().enumerate() {
            assert!(different[at + 1..].iter().all(|other| one != other), "{at}");
        }
    }

    #[test]
    fn it_is_the_same_however_much_was_gathered() {
        let long = vec![b'x'; 100_000];
        assert_eq!(of(&[&[Value::Text(&long)], &[Value::Null]]), of(&[&[Value::Text(&long), Value::Null]]));
    }
}
