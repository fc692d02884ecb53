//! The bytes of a skill: nothing is handed out that is not what its hash says.

use super::error::Result;
use crate::model::ContentHash;
use crate::store::Serving;

/// Why the bytes under a hash cannot be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// They are not in the database.
    Missing,
    /// What is stored has another hash.
    Altered,
    /// They are no text.
    NotText,
}

/// The bytes under a hash, after they were hashed again.
pub(super) fn body<S: Serving + ?Sized>(snapshot: &S, hash: &str) -> Result<std::result::Result<String, Unusable>> {
    let Some(bytes) = snapshot.content(hash)? else { return Ok(Err(Unusable::Missing)) };
    if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(&bytes)) {
        return Ok(Err(Unusable::Altered));
    }
    Ok(String::from_utf8(bytes).map_err(|_| Unusable::NotText))
}
