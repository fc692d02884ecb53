//! The integration tests, as one binary: one file per subject, one link.

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod adoption;
mod architecture;
mod backup;
mod db_care;
mod deploy;
mod deploy_input;
mod exit_codes;
mod harness;
mod init;
mod init_trees;
mod list_show_history;
mod load;
mod load_batch;
mod load_formats;
mod review;
mod rollback;
mod scene;
mod triggers;
mod update;
mod validate;
mod verify;
