//! Reads the bytes of a skill, and verifies their hash.

use super::error::Result;
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
