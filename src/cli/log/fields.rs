//! The fields of an execution, from arguments or a JSON line, validated in one place.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::argument::usage_text;
use crate::cli::failure::Failure;
use crate::model::Outcome;
use crate::ops::NewUse;

/// The options of the command. A JSON line has the same, with `_`, and an `id`.
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Fields {
    /// Only in JSON lines; repeated in the answer.
    #[arg(skip)]
    pub(super) id: Option<Value>,
    /// Name of the skill
    #[arg(required_unless_present = "batch")]
    skill: Option<String>,
    /// Id of the agent
    #[arg(long, value_name = "ID", required_unless_present = "batch")]
    agent_id: Option<String>,
    /// Type of the agent
    #[arg(long, value_name = "TYPE", required_unless_present = "batch")]
    agent_type: Option<String>,
    /// Id of the task
    #[arg(long, value_name = "ID")]
    task_id: Option<String>,
    /// Phase of the task
    #[arg(long)]
    phase: Option<String>,
    /// Execution time in milliseconds
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    execution_ms: Option<i64>,
    /// Exit code; 0 is success
    #[arg(long, value_name = "CODE", allow_negative_numbers = true)]
    exit_code: Option<i64>,
    /// Agent's confidence before the execution, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    confidence_before: Option<f64>,
    /// Agent's confidence after the execution, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    confidence_after: Option<f64>,
    /// Share of the skill's tests that passed, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    test_pass_rate: Option<f64>,
    /// Number of tokens saved
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_avoided: Option<i64>,
    /// Money saved, in US dollars
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    cost_avoided_usd: Option<f64>,
}

impl Fields {
    /// Validates the fields.
    pub(super) fn execution(self) -> Result<NewUse, Failure> {
        let outcome = Outcome {
            execution_ms: self.execution_ms,
            exit_code: self.exit_code,
            confidence_before: self.confidence_before,
            confidence_after: self.confidence_after,
            test_pass_rate: self.test_pass_rate,
            tokens_avoided: self.tokens_avoided,
            cost_avoided_usd: self.cost_avoided_usd,
        };
        Ok(NewUse {
            skill: self.skill.unwrap_or_default().parse()?,
            agent_id: usage_text("agent_id", self.agent_id.as_deref())?
                .ok_or_else(|| wrong("agent_id is empty or missing"))?,
            agent_type: self.agent_type.unwrap_or_default().parse()?,
            task_id: usage_text("task_id", self.task_id.as_deref())?,
            phase: usage_text("phase", self.phase.as_deref())?,
            outcome: outcome.checked().map_err(|error| wrong(error.to_string()))?,
        })
    }
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::input(message, "Correct the field; 'cfn log --help' describes each one.")
}
