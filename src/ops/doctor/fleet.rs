//! Containers that cfn runs.

use super::diagnosis::{Area, Diagnosis};

/// The line about containers: runs of agents are processes only.
#[must_use]
pub fn container_line() -> Diagnosis {
    Diagnosis::not_used(Area::Containers, "containers", "cfn runs agents as processes, and no containers")
}
