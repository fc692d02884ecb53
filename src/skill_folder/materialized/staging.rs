//! The names of what is being written.

use std::hash::{BuildHasher, RandomState};

const MARK: &str = ".cfn-tmp-";

/// A name that nobody else has: the hasher's keys are random.
pub(super) fn staged_name() -> String {
    format!("{MARK}{:016x}", RandomState::new().hash_one(std::process::id()))
}

/// Whether a name is that of something that was being written.
pub(super) fn is_staged(name: &str) -> bool {
    name.strip_prefix(MARK).is_some_and(|it| it.len() == 16 && it.bytes().all(|it| it.is_ascii_hexdigit()))
}
