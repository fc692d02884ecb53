//! The integration tests, as one binary: one file per subject, one link.

mod architecture;
