//! Answers that need not be worked out again.

mod memory;

pub use memory::{Bounds, Counts, Memory};

/// What kind of read an answer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `load`.
    Load,
    /// `list`.
    List,
}
