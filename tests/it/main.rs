//! The integration tests, as one binary: one file per subject, one link.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
#[expect(dead_code, unreachable_pub, reason = "what the test files share; each uses a part of it")]
mod harness;
mod postgres;
