//! Revisions: names for states of the tables that an answer depends on. The query cache relies on them.

use std::fmt;

use sha2::{Digest, Sha256};

/// The tables that an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Skills, versions, contents, mappings, approvals and bootstrap skills.
    Catalogue,
    /// The catalogue and the usage log.
    CatalogueAndUsage,
}

/// The state of some tables of a database. Equal revisions mean equal rows, whichever program wrote them. It is opaque:
/// only the engine knows what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    database: [u8; 16],
    state: Vec<u8>,
    cache_key: CacheKey,
}

impl Revision {
    /// A revision, from everything that changes with a write to the tables.
    #[must_use]
    pub fn new(database: [u8; 16], state: Vec<u8>, cache_key: CacheKey) -> Self {
        Self { database, state, cache_key }
    }

    /// The id of the database.
    #[must_use]
    pub fn database(&self) -> &[u8; 16] {
        &self.database
    }

    /// The bytes that distinguish it from other revisions of the database.
    #[must_use]
    pub fn state(&self) -> &[u8] {
        &self.state
    }

    /// The key that signs cached answers of this database.
    #[must_use]
    pub fn cache_key(&self) -> &CacheKey {
        &self.cache_key
    }
}

/// Sixteen digits for display.
impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Sha256::new().chain_update(self.database).chain_update(&self.state).finalize();
        digest.iter().take(8).try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// A secret of the database, with which answers can be forged.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheKey(pub [u8; 32]);

impl fmt::Debug for CacheKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CacheKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{CacheKey, Revision};

    #[test]
    fn its_digits_follow_the_state_and_keep_the_secret() {
        let of = |database, state: &[u8], secret| Revision::new([database; 16], state.to_vec(), CacheKey([secret; 32]));
        let digits = of(1, b"a", 1).to_string();
        assert!(digits.len() == 16 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
        assert_eq!(digits, of(1, b"a", 2).to_string());
        assert!([of(2, b"a", 1), of(1, b"b", 1)].iter().all(|it| it.to_string() != digits));
    }
}
