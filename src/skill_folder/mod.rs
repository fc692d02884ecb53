//! Folders of skills on disk: written whole, read, moved and removed, relative to opened folders, so that no link is followed.
//!
//! What a file must contain is the caller's to know: its hash is in the [`SkillFolder`](crate::model::SkillFolder).

mod folders;
mod materialized;
mod places;
mod read;
mod remove;
mod write;

#[cfg(test)]
mod tests;

pub use folders::{create_below, open_below};
pub use materialized::{Check, MaterializeError, Materialized, MaterializedFolder};
pub use places::Place;
pub use read::{OnDisk, is_skill, read};
pub use remove::{remove, remove_what_is_in};
pub use write::{Rights, WriteFault, write};
