//! What is to be run, and with what.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::container_plan::ContainerPlan;
use super::pool_member::PoolMember;
use super::runtime_kind::RuntimeKind;
use crate::linux::Limits;
use crate::model::{AgentId, ContentHash, size_text};

/// What is known of a run before it starts; it lies in the run's folder. It has no secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The agent's id.
    pub agent_id: AgentId,
    /// Its type.
    pub agent_type: String,
    /// Its task.
    pub task_id: Option<String>,
    /// The iteration of its task, from 1.
    #[serde(default = "first")]
    pub iteration: u32,
    /// What runs the command.
    pub runtime: RuntimeKind,
    /// The command and its arguments, for people: what is not UTF-8 is replaced.
    pub command: Vec<String>,
    /// The command's current folder.
    pub workspace: PathBuf,
    /// What its container is made of, if it runs in one.
    pub container: Option<ContainerPlan>,
    /// The member of a pool that it claimed, if it claimed one.
    pub member: Option<PoolMember>,
    /// The limits of all its processes together.
    pub limits: Limits,
    /// When it is ended.
    pub timeout: Duration,
    /// The time between being asked to end and being ended.
    pub grace: Duration,
    /// When it was spawned, in UTC.
    pub spawned_at: String,
    /// The names and versions of the skills that it got.
    pub skills: Vec<String>,
    /// Where it is in a wave plan, if it is in one.
    #[serde(default)]
    pub wave: Option<InWave>,
}

impl Plan {
    /// The labels by which the fleet's programs find it.
    #[must_use]
    pub fn labels(&self) -> Vec<(&'static str, String)> {
        let mut labels = vec![("cfn.agent.id", self.agent_id.to_string()), ("cfn.agent.type", self.agent_type.clone())];
        labels.extend(self.task_id.clone().map(|it| ("cfn.task.id", it)));
        if let Some(wave) = &self.wave {
            labels.push(("cfn.wave.number", wave.wave_number.to_string()));
            labels.push(("cfn.batch.id", wave.batch_id.clone()));
            labels.push(("cfn.tier", wave.tier.to_string()));
        }
        labels.extend(self.limits.memory_bytes.map(|it| ("cfn.memory.limit", size_text(it))));
        labels
    }
}

/// What a plan says that was written before plans said it.
const fn first() -> u32 {
    1
}

/// A plan with what must not lie in a file. The spawning command hands it to the supervisor through a pipe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The plan.
    pub plan: Plan,
    /// The command and its arguments.
    pub command: Vec<OsString>,
    /// When its spawn began.
    pub began: SystemTime,
    /// The whole environment of the command; it may have keys of providers.
    pub environment: Vec<(OsString, OsString)>,
    /// The file that the command reads; none for an empty input.
    pub input: Option<PathBuf>,
}

/// Where a run is in a wave plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InWave {
    /// The number of the wave.
    pub wave_number: u32,
    /// The batch.
    pub batch_id: String,
    /// Its tier.
    pub tier: u8,
}

impl InWave {
    /// The name by which the fleet's scripts find it: `cfn-waveN-` and 12 digits of the hash of the batch's id.
    #[must_use]
    pub fn name(&self) -> String {
        let hash = ContentHash::of(self.batch_id.as_bytes()).to_string();
        format!("cfn-wave{}-{}", self.wave_number, &hash[..12])
    }
}

#[cfg(test)]
mod tests {
    use super::InWave;

    #[test]
    fn a_run_in_a_wave_has_the_name_of_the_fleets_scripts() {
        let wave = InWave { wave_number: 3, batch_id: "batch-1".to_owned(), tier: 1 };
        // printf batch-1 | sha256sum
        assert_eq!(wave.name(), "cfn-wave3-8f5815465303");
    }
}
