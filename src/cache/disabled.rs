//! The absence of a cache.

use super::{Cache, Class, Key};

/// A cache that stores nothing, so that every answer is computed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disabled;

impl Cache for Disabled {
    fn serves(&self, _: Class) -> bool {
        false
    }

    fn get(&self, _: &Key) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &Key, _: &[u8]) {}

    fn forget(&self, _: &Key) {}
}
