//! Reads the bytes of a skill, and verifies their hash.

use super::error::{Error, Result};
use crate::model::ContentHash;
use crate::store::Serving;

/// Why the bytes of a hash cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// They are not in the database.
    Missing,
    /// The stored bytes have another hash.
    Altered,
    /// They are not UTF-8.
    NotText,
}

/// The bytes of a hash, verified.
pub(super) fn body<S: Serving + ?Sized>(snapshot: &S, hash: &str) -> Result<std::result::Result<String, Unusable>> {
    let Some(bytes) = snapshot.content(hash)? else { return Ok(Err(Unusable::Missing)) };
    if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) {
        return Ok(Err(Unusable::Altered));
    }
    Ok(String::from_utf8(bytes).map_err(|_| Unusable::NotText))
}

/// The same for a version that was requested by name; an error if its bytes are unusable.
pub(super) fn require_body<S: Serving + ?Sized>(snapshot: &S, name: &str, version: &str, hash: &str) -> Result<String> {
    let problem = match body(snapshot, hash)? {
        Ok(body) => return Ok(body),
        Err(Unusable::Missing) => "its bytes are not in the database",
        Err(Unusable::Altered) => "its stored bytes are not those of its hash",
        Err(Unusable::NotText) => "its stored bytes are not UTF-8",
    };
    Err(Error::Integrity { name: name.to_owned(), version: version.to_owned(), problem: problem.to_owned() })
}
