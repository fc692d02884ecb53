//! Content hashes: the addresses of skill content.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// SHA-256 of a skill's bytes; 64 lower-case hex digits as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "&str")]
pub struct ContentHash([u8; 32]);

/// Text that is not a SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a content hash is 64 hexadecimal digits (SHA-256)")]
pub struct InvalidHash;

impl ContentHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash and the number of the bytes that remain to be read.
    pub fn of_reader(mut reader: impl io::Read) -> io::Result<(Self, u64)> {
        let (mut hasher, mut buffer, mut size) = (Sha256::new(), vec![0; 64 * 1024], 0);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok((Self(hasher.finalize().into()), size)),
                Ok(read) => {
                    hasher.update(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether these bytes have this hash.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        Self::of(bytes) == *self
    }
}

impl FromStr for ContentHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(InvalidHash);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<&str> for ContentHash {
    type Error = InvalidHash;

    fn try_from(text: &str) -> Result<Self, InvalidHash> {
        text.parse()
    }
}

fn digit(character: u8) -> Result<u8, InvalidHash> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        b'A'..=b'F' => Ok(character - b'A' + 10),
        _ => Err(InvalidHash),
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A table: formatting each byte would cost more than hashing and storing a few kilobytes.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// A prefix of a hash, of at least 8 digits, as people copy them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashPrefix(String);

/// Text that is not a prefix of a SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash must be the first 8 to 64 hexadecimal digits of the SHA-256")]
pub struct InvalidPrefix;

impl HashPrefix {
    /// Whether this hash, in hex, has the prefix.
    #[must_use]
    pub fn begins(&self, hash: &str) -> bool {
        hash.get(..self.0.len()).is_some_and(|it| it.eq_ignore_ascii_case(&self.0))
    }
}

impl FromStr for HashPrefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPrefix> {
        let is_hex = text.bytes().all(|it| it.is_ascii_hexdigit());
        if is_hex && (8..=64).contains(&text.len()) { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidPrefix) }
    }
}

impl fmt::Display for HashPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{ContentHash, HashPrefix};

    #[test]
    fn a_hash_survives_a_round_trip_and_other_text_is_refused() {
        let hash = ContentHash::of(b"abc");
        // FIPS 180-4, example of one block.
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        assert!("ba78".parse::<ContentHash>().is_err());
        assert!("é".repeat(32).parse::<ContentHash>().is_err());
        assert!(hash.matches(b"abc") && !hash.matches(b"abd"));
    }

    #[test]
    fn a_prefix_has_at_least_eight_digits_in_either_case() {
        let hash = ContentHash::of(b"abc").to_string();
        for length in [8, 12, 63, 64] {
            let prefix = hash[..length].to_uppercase().parse::<HashPrefix>();
            let begins = |text: &str| prefix.as_ref().is_ok_and(|it| it.begins(text));
            assert!(begins(&hash) && !begins(&ContentHash::of(b"abd").to_string()), "{length}");
            assert!(!begins(&hash[..length - 1]) && !begins("é"), "{length}");
        }
        for bad in ["", "ba7816b", "ba7816bg", "ba7816bé", &format!("{hash}0")] {
            assert!(bad.parse::<HashPrefix>().is_err(), "{bad}");
        }
    }
}
