//! Values as they lie in Redis, which whoever reaches it can read, change and swap. So a value carries the whole digest of its
//! key, and a keyed digest of everything, whose key only the database has.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Key;

/// The first bytes of every value.
pub(super) const MAGIC: &[u8; 4] = b"cfn1";

const DIGEST: usize = 32;

/// How much longer a value is than the answer in it.
pub(super) const OVERHEAD: usize = MAGIC.len() + DIGEST + DIGEST;

/// What an answer of this length takes in Redis.
#[must_use]
pub fn sealed_bytes(answer: usize) -> usize {
    answer + OVERHEAD
}

/// The value for this answer.
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

/// The answer in a value, if it is one that was sealed under this very key.
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

/// A key of any length is one, so there always is a digest.
fn mac(key: &Key, content: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.secret.0).ok()?;
    mac.update(content);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::{OVERHEAD, open, seal};
    use crate::cache::key::tests::mark;
    use crate::cache::{Class, Key, Question};
    use crate::model::{CacheKey, Mark, Tables};

    fn key(name: &str) -> Key {
        Key::of(&mark(), &Question::new(Class::List, Tables::Catalogue, name))
    }

    #[test]
    fn what_was_sealed_comes_back() {
        for answer in [b"".as_slice(), b"{}", &[0, 255, 13, 10]] {
            let value = seal(&key("a"), answer);
            assert_eq!(value.len(), answer.len() + OVERHEAD);
            assert_eq!(open(&key("a"), value).as_deref(), Some(answer));
        }
    }

    #[test]
    fn what_was_changed_does_not() {
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
    fn a_value_of_another_key_or_database_does_not() {
        let value = seal(&key("a"), b"an answer");
        assert_eq!(open(&key("b"), value.clone()), None);
        let other = Mark { cache_key: CacheKey([8; 32]), ..mark() };
        let other = Key::of(&other, &Question::new(Class::List, Tables::Catalogue, "a"));
        assert_eq!(other.digest(), key("a").digest());
        assert_eq!(open(&other, value), None);
    }
}
