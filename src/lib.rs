//! cfn: a skills database for fleets of AI coding agents.
//!
//! The layers, from the top. Imports go down only; a test (`tests/it/architecture.rs`) fails on one that goes up:
//!
//! | layer | module | what it owns |
//! |---|---|---|
//! | 4 | [`cli`] | arguments, the text of reports, hints, exit codes; the only user of [`mod@bench`] |
//! | 3 | [`ops`] | the operations: a request becomes a report; no printing, no environment, no SQL |
//! | 3 | [`agents`] | runs of agents: plans, supervisors, results; processes and containers behind one contract |
//! | 3 | [`mod@bench`] | benchmarks: workloads, measuring, statistics |
//! | 3 | [`schedule`] | what runs again and again: units of systemd, lines of a crontab |
//! | 2 | [`store`] | the contract of a skills database, and the SQLite engine |
//! | 2 | [`cache`] | the query cache: the contract, the key, Redis, and the in-memory tier |
//! | 2 | [`coordination`] | what the agents of a task tell each other through Redis |
//! | 2 | [`workflow`] | delivery to the workflow database, from which skills are generated |
//! | 1 | [`settings`] | flags, environment and defaults, validated by the commands that use them |
//! | 1 | [`postgres`] | connecting to PostgreSQL, for [`store`] and [`workflow`] |
//! | 1 | [`process`] | running other programs; no other module starts any |
//! | 1 | [`skill_file`] | parsing SKILL.md: front matter, fields, findings |
//! | 1 | [`skill_folder`] | writing and removing folders of skills on disk |
//! | 0 | [`model`] | the nouns: types whose values are always valid |
//! | 0 | [`clock`] | the time, from the system or fixed |
//! | 0 | [`staged_file`] | staged files: complete or absent |
//! | 0 | [`database_note`] | files beside a database, as open as it |
//! | 0 | [`output_file`] | files that the user names for output |
//! | 0 | [`http`] | answering `GET` on one thread, whatever clients do |
//! | 0 | [`regular_file`] | opening files without blocking |
//! | 0 | [`certificates`] | trusted certificates |
//! | 0 | [`mod@linux`] | what only Linux has, and what a port would need |
//!
//! # Where new code goes
//!
//! * **A command**: `cli/NAME.rs` (arguments, text of the report) and `ops/NAME.rs` (request to report), a variant in
//!   `cli/typed.rs` and an arm in `cli/mod.rs`; errors get their kind and hint in `cli/failure.rs`.
//! * **A table**: `migrations/sqlite/NNNN_what.sql`, listed in `store/sqlite/schema.rs`; its SQL in
//!   `store/sqlite/NOUN.rs`; a method of a port in `store/snapshot.rs` or `store/transaction.rs` for callers.
//! * **An engine**: `store/NAME/`, which implements `Store` and its ports and passes `tests/it/store_contract`;
//!   `cli/context.rs` opens it.
//!
//! `docs/development.md` walks through each.

pub mod agents;
pub mod bench;
pub mod cache;
pub mod certificates;
pub mod cli;
pub mod clock;
pub mod coordination;
pub mod database_note;
pub mod http;
pub mod linux;
pub mod model;
pub mod ops;
pub mod output_file;
pub mod postgres;
pub mod process;
pub mod regular_file;
pub mod schedule;
pub mod settings;
pub mod skill_file;
pub mod skill_folder;
pub mod staged_file;
pub mod store;
pub mod workflow;
