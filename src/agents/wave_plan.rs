//! The wave plans of the fleet's planner: batches of work, in waves that run one after the other.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::error::{AgentError, Result};
use super::files;
use crate::model::{AgentType, InvalidName, TaskId, Visible};

/// What a plan is in messages.
const KIND: &str = "wave plan";

/// Maximum size of a prompt: it is a variable of the agent's environment, which the kernel limits to 128 KiB.
const LONGEST_PROMPT: usize = 120 << 10;

/// A plan.
#[derive(Debug, Clone, Deserialize)]
pub struct WavePlan {
    /// The task that all batches are of.
    pub task_id: String,
    /// The waves, in the order in which they run.
    pub waves: Vec<Wave>,
}

/// A wave.
#[derive(Debug, Clone, Deserialize)]
pub struct Wave {
    /// Its number.
    pub wave_number: u32,
    #[serde(default)]
    batch_count: Option<usize>,
    /// The batches, each of which an agent does.
    pub batches: Vec<Batch>,
}

/// The work of one agent.
#[derive(Debug, Clone, Deserialize)]
pub struct Batch {
    /// Its id, which no other batch of the plan has.
    pub batch_id: String,
    /// How much memory it needs, from 1 to 4.
    pub tier: u8,
    /// What is to be done.
    #[serde(default)]
    pub task_prompt: String,
    /// The type of the agent, if the plan says it.
    #[serde(default)]
    pub agent_type: Option<String>,
}

impl WavePlan {
    /// Reads a plan.
    pub fn read(path: &Path) -> Result<Self> {
        let plan: Self = files::read_named(path, KIND)?;
        plan.checked().map_err(|what| AgentError::Unusable { kind: KIND, path: path.to_owned(), what })
    }

    fn checked(self) -> std::result::Result<Self, String> {
        self.task_id.parse::<TaskId>().map_err(|error| error.to_string())?;
        let (mut numbers, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for wave in &self.waves {
            let number = wave.wave_number;
            if !numbers.insert(number) {
                return Err(format!("wave {number} is there twice"));
            }
            if wave.batch_count.is_some_and(|it| it != wave.batches.len()) {
                return Err(format!("wave {number} has another number of batches than it says"));
            }
            for batch in &wave.batches {
                if !ids.insert(batch.batch_id.as_str()) {
                    return Err(format!("batch {} is there twice", Visible(&batch.batch_id)));
                }
                batch.check().map_err(|what| format!("batch {} {what}", Visible(&batch.batch_id)))?;
            }
        }
        Ok(self)
    }

    /// The waves of these numbers; all without one.
    pub fn waves_of(&self, number: Option<u32>) -> std::result::Result<Vec<&Wave>, String> {
        let chosen: Vec<_> =
            self.waves.iter().filter(|it| number.is_none_or(|number| it.wave_number == number)).collect();
        match number {
            Some(number) if chosen.is_empty() => Err(format!("the plan has no wave {number}")),
            _ => Ok(chosen),
        }
    }
}

impl Batch {
    fn check(&self) -> std::result::Result<(), String> {
        if self.batch_id.is_empty() || self.batch_id.contains('\0') {
            return Err("has no id".to_owned());
        }
        if !(1..=4).contains(&self.tier) {
            return Err(format!("has tier {}, and there are tiers 1 to 4", self.tier));
        }
        if self.task_prompt.len() > LONGEST_PROMPT {
            return Err("has a prompt that is too long for a variable of an environment: at most 120 KiB".to_owned());
        }
        if self.task_prompt.contains('\0') {
            return Err("has a prompt with a NUL, which no variable of an environment can have".to_owned());
        }
        self.agent_type().map(drop).map_err(|error| error.to_string())
    }

    /// The type of the agent, if the plan says it.
    pub fn agent_type(&self) -> std::result::Result<Option<AgentType>, InvalidName> {
        self.agent_type.as_deref().map(str::parse).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::WavePlan;

    fn problem(text: &str) -> String {
        let plan: Result<WavePlan, _> = serde_json::from_str(text);
        plan.map_err(|it| it.to_string()).and_then(WavePlan::checked).err().unwrap_or_default()
    }

    #[test]
    fn a_plan_that_cannot_be_run_is_refused() {
        let of = |waves: &str| problem(&format!(r#"{{"task_id": "t1", "waves": [{waves}]}}"#));
        let wave = |batch: &str| of(&format!(r#"{{"wave_number": 1, "batch_count": 1, "batches": [{batch}]}}"#));
        let good = r#"{"batch_id": "b1", "tier": 2, "task_prompt": "Do it.", "files": ["a.rs"]}"#;
        assert_eq!(wave(good), "");
        assert!(wave(&format!("{good}, {good}")).contains("another number"));
        let twice = format!(r#"{{"wave_number": 1, "batches": [{good}]}}"#);
        assert!(of(&format!("{twice}, {twice}")).contains("twice"));
        assert!(wave(r#"{"batch_id": "b1", "tier": 5}"#).contains("tier 5"));
        assert!(wave(r#"{"batch_id": "b1", "tier": 1, "agent_type": "a b/"}"#).contains("b1"));
        assert!(problem(r#"{"task_id": "a b", "waves": []}"#).contains("task id"));
    }
}
