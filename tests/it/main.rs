//! The integration tests, as one binary: one file per subject, one link.

#![expect(unreachable_pub, reason = "the modules of one binary reach each other only")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod adaptive_cache;
mod adoption;
mod analytics;
mod analytics_page;
mod architecture;
mod backup;
mod bench;
mod browser;
mod budgets;
mod capture;
mod certificates;
mod completions;
mod corpus;
mod db_care;
mod declared_versions;
mod deploy;
mod deploy_input;
mod diagnostics;
mod discovery;
mod documentation;
mod exit_codes;
mod faults;
mod foreign_hash;
mod foreign_objects;
mod harness;
mod help;
mod init;
mod init_decisions;
mod init_names;
mod init_report;
mod init_sources;
mod init_trees;
mod init_trees_skipped;
mod json;
mod list_show_history;
mod load;
mod load_batch;
mod load_formats;
mod names;
mod postgres;
mod publishing;
mod redis;
mod rejections;
mod review;
mod rollback;
mod scene;
mod store_contract;
mod terminal;
mod triggers;
mod update;
mod upgrades;
mod validate;
mod verify;
