//! The integration tests, as one binary: one file per subject, one link.

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod architecture;
mod budgets;
mod harness;
