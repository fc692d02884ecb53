//! A line about what could not be looked at.

use crate::cli::failure::Failure;
use crate::ops::{Area, Diagnosis};

/// The line, with the sentence and the hint of the failure.
pub(super) fn failed(area: Area, name: &'static str, failure: impl Into<Failure>) -> Diagnosis {
    let Failure { message, hint, .. } = failure.into();
    Diagnosis::fail(area, name, message, hint)
}
