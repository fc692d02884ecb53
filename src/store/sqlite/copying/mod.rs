//! Copies of a whole database: every row read in one snapshot, and a staged file that gets the rows of another database.

mod source;
mod target;

pub(super) use source::value;
pub use target::FileTarget;
pub(super) use target::insert;
