//! The one place that starts a Docker engine for tests, and the tests of cfn's image and of the compose file.
//!
//! The engine is Debian's, on a socket and in folders of its own, without a network. It needs root. Where it cannot run,
//! the tests fail and say why; with `CFN_TESTS_WITHOUT_DOCKER=1` they are left out, and say so.

mod agents;
mod compose;
mod engine;
mod image;
mod root;

mod tests;

pub(crate) use engine::{alone, free_port, is_left_out};
