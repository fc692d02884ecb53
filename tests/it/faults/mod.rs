//! Faults and hostile input: each happens here, on real files, with real processes.
//!
//! Campaigns run small by default. At full size:
//!
//! ```sh
//! CFN_KILLS=3000 cargo test --release --test it faults::kills -- --nocapture
//! CFN_BATCH_REQUESTS=100000 cargo test --release --test it faults::stale -- --nocapture
//! CFN_WRITERS=64 CFN_DEPLOYS=20 cargo test --release --test it faults::crowds -- --nocapture
//! ```
//!
//! A tool or a right that is missing is a failure, never a skipped test. What needs root (mounts, other users) runs directly as
//! root, and through `sudo -n` as anybody else.

mod archives;
mod bombs;
mod clocks;
mod copies;
mod crowds;
mod damage;
mod errors;
mod exchanged;
mod files;
mod hidden;
mod hostile;
mod journals;
mod killed_calls;
mod kills;
mod locks;
mod logs;
mod modes;
mod pairs;
mod power_cuts;
mod replaced;
mod restores;
mod rights;
mod roots;
mod space;
mod stale;
mod streams;
mod syncs;
pub(crate) mod tools;
mod unwritable;
mod victims;
mod whole_files;

pub(crate) use tools::{as_root, figure, must};
pub(crate) use unwritable::Mount;
