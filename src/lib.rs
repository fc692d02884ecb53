//! cfn: a skills database for fleets of AI coding agents.
//!
//! The layers, from the top; imports go down only, and a test (`tests/it/architecture.rs`) fails on one that goes up:
//!
//! | layer | module | what it owns |
//! |---|---|---|
//! | 4 | [`cli`] | what the user types and reads: arguments, the text of reports, exit codes |
//! | 3 | [`ops`] | what cfn does: a request becomes a report; no printing, no environment, no SQL |
//! | 3 | [`mod@bench`] | what cfn takes: workloads, measuring, statistics; only `cli` uses it |
//! | 2 | [`store`] | where skills live: the contract, and its SQLite implementation |
//! | 2 | [`cache`] | answers that were given before: the contract, the key, Redis, and the memory of a process that stays |
//! | 2 | [`workflow`] | the workflow database, which generates skills and is told what becomes of them |
//! | 1 | [`settings`] | flags, environment and defaults, judged by the command that uses them |
//! | 1 | [`process`] | other programs: the only place that starts some |
//! | 1 | [`skill_file`] | SKILL.md as it comes: where the front matter is, its fields, what there is to say about it |
//! | 0 | [`model`], [`clock`], [`draft`], [`output_file`], [`regular_file`], [`certificates`] | the nouns, parsed at the edge so that a value cannot be wrong; the time; files that are whole or not there; files that the user names for output; files that are opened without waiting; who may vouch for a server |

pub mod bench;
pub mod cache;
pub mod certificates;
pub mod cli;
pub mod clock;
pub mod draft;
pub mod model;
pub mod ops;
pub mod output_file;
pub mod process;
pub mod regular_file;
pub mod settings;
pub mod skill_file;
pub mod store;
pub mod workflow;
