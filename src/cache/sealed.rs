//! The format of values in Redis. Anyone with access to Redis can read, change and swap values, so each contains the
//! digest of its key, and a signature (HMAC) whose secret only the database has.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Key;

/// The first bytes of each value.
pub(super) const MAGIC: &[u8; 4] = b"cfn1";

const DIGEST: usize = 32;

/// Size of a value besides its answer.
pub(super) const OVERHEAD: usize = MAGIC.len() + DIGEST + DIGEST;

/// Size of the value for an answer of this size.
#[must_use]
pub fn sealed_bytes(answer: usize) -> usize {
    answer + OVERHEAD
}

/// Signs an answer.
pub(super) fn seal(key: &Key, answer: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(answer.len() + OVERHEAD);
    value.extend(MAGIC);
    value.extend(&key.digest);
    value.extend(answer);
    if let Some(mac) = mac(key, &value) {
        value.extend(mac.finalize().into_bytes());
    }
    value
}

/// Extracts the answer from a value, if it was sealed under this key.
pub(super) fn open(key: &Key, mut value: Vec<u8>) -> Option<Vec<u8>> {
    let signed = value.len().checked_sub(DIGEST)?;
    let (content, signature) = value.split_at(signed);
    mac(key, content)?.verify_slice(signature).ok()?; // in constant time
    if !content.strip_prefix(MAGIC)?.starts_with(&key.digest) {
        return None;
    }
    value.truncate(signed);
    Some(value.split_off(MAGIC.len() + DIGEST))
}

/// HMAC accepts keys of any length, so this always returns a digest.
fn mac(key: &Key, content: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.secret.0).ok()?;
    mac.update(content);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{OVERHEAD, open, seal};
    use crate::cache::key::tests::revision;
    use crate::cache::{Class, Key, Question};
    use crate::model::{CacheKey, Revision, Tables};

    fn key(name: &str) -> Key {
        Key::of(&revision(), &Question::new(Class::List, Tables::Catalogue, name))
    }

    #[test]
    fn a_sealed_answer_can_be_opened() {
        for answer in [b"".as_slice(), b"{}", &[0, 255, 13, 10]] {
            let value = seal(&key("a"), answer);
            assert_eq!(value.len(), answer.len() + OVERHEAD);
            assert_eq!(open(&key("a"), value).as_deref(), Some(answer));
        }
    }

    #[test]
    fn a_changed_value_cannot() {
        let value = seal(&key("a"), b"an answer");
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key("a"), changed), None, "byte {at}");
            assert_eq!(open(&key("a"), value[..at].to_vec()), None, "the first {at} bytes");
        }
        let longer = [value.as_slice(), b"x"].concat();
        assert_eq!(open(&key("a"), longer), None);
    }

    #[test]
    fn a_value_of_another_key_or_database_cannot() {
        let value = seal(&key("a"), b"an answer");
        assert_eq!(open(&key("b"), value.clone()), None);
        let other = Revision::new(*revision().database(), revision().state().to_vec(), CacheKey([8; 32]));
        let other = Key::of(&other, &Question::new(Class::List, Tables::Catalogue, "a"));
        assert_eq!(other.digest(), key("a").digest());
        assert_eq!(open(&other, value), None);
    }
}
