//! A container of a pool, which waits until a run claims it.

use serde::{Deserialize, Serialize};

use super::container_plan::ContainerPlan;
use super::runtime_kind::RuntimeKind;
use crate::linux::{Limits, ProcessIdentity};

/// A container that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolMember {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The number of the run that it will have.
    pub run: String,
    /// Its first process, where this machine sees it.
    pub process: Option<ProcessIdentity>,
    /// Which client.
    pub runtime: RuntimeKind,
    /// What it is made of.
    pub container: ContainerPlan,
    /// Its limits.
    pub limits: Limits,
    /// The agent type that it is kept for, if it is for one only.
    pub agent_type: Option<String>,
}

impl PoolMember {
    /// Whether it still waits, as far as it is known here.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.process.as_ref().is_none_or(ProcessIdentity::is_alive)
    }
}
