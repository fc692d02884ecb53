//! A name for the state of the tables that an answer is made of: what the query cache stands on.

use std::fmt;

/// Which tables an answer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Skills, versions, contents, mappings, approvals and bootstrap skills.
    Catalogue,
    /// Those, and the usage log.
    CatalogueAndUsage,
}

/// The state of some tables. Two marks are equal only where the tables hold the same rows, whoever wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Which database.
    pub database_id: [u8; 16],
    /// Changes with every write to the catalogue.
    pub catalogue: [u8; 16],
    /// Changes with every write to the usage log; only where that is one of the tables.
    pub usage: Option<[u8; 16]>,
    /// The schema that the database has.
    pub schema_version: i64,
    /// Changes with every change of the schema, so with triggers that are dropped and come back too.
    pub schema_cookie: i64,
    /// What cached answers of this database are signed with.
    pub cache_key: CacheKey,
}

/// A secret of the database; whoever has it can make answers up.
#[derive(Clone, PartialEq, Eq)]
pub struct CacheKey(pub [u8; 32]);

impl fmt::Debug for CacheKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CacheKey(…)")
    }
}
