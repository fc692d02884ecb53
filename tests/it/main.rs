//! The integration tests, as one binary: one file per subject, one link.

#![expect(unreachable_pub, reason = "the modules of one binary reach each other only")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod analytics;
mod architecture;
mod harness;
