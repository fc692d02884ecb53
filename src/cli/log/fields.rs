//! An execution as it is typed, or as a line of JSON: the same fields, checked in one place.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::optional;
use crate::model::Outcome;
use crate::ops::Execution;

/// The options of the command; in a line of JSON the same with `_`, and `id`.
#[derive(Debug, Default, clap::Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Fields {
    /// Of a line alone; comes back in its answer.
    #[arg(skip)]
    pub(super) id: Option<Value>,
    /// The skill
    #[arg(required_unless_present = "batch")]
    skill: Option<String>,
    /// Which agent
    #[arg(long, value_name = "ID", required_unless_present = "batch")]
    agent_id: Option<String>,
    /// Of what kind
    #[arg(long, value_name = "TYPE", required_unless_present = "batch")]
    agent_type: Option<String>,
    /// For which task
    #[arg(long, value_name = "ID")]
    task_id: Option<String>,
    /// In which phase
    #[arg(long)]
    phase: Option<String>,
    /// How long it took
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    execution_ms: Option<i64>,
    /// 0 is success
    #[arg(long, value_name = "CODE", allow_negative_numbers = true)]
    exit_code: Option<i64>,
    /// The agent's confidence before, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    confidence_before: Option<f64>,
    /// And after, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    confidence_after: Option<f64>,
    /// The share of the skill's tests that passed, 0 to 1
    #[arg(long, value_name = "0..1", allow_negative_numbers = true)]
    test_pass_rate: Option<f64>,
    /// Tokens that did not have to be spent
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_avoided: Option<i64>,
    /// Money that did not have to be spent
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    cost_avoided_usd: Option<f64>,
}

impl Fields {
    /// The execution, where every field is as it must be.
    pub(super) fn execution(self) -> Result<Execution, Failure> {
        let outcome = Outcome {
            execution_ms: self.execution_ms,
            exit_code: self.exit_code,
            confidence_before: self.confidence_before,
            confidence_after: self.confidence_after,
            test_pass_rate: self.test_pass_rate,
            tokens_avoided: self.tokens_avoided,
            cost_avoided_usd: self.cost_avoided_usd,
        };
        Ok(Execution {
            skill: text("skill", self.skill)?.unwrap_or_default().parse()?,
            agent_id: text("agent_id", self.agent_id)?.ok_or_else(|| wrong("agent_id is empty or missing"))?,
            agent_type: text("agent_type", self.agent_type)?.unwrap_or_default().parse()?,
            task_id: text("task_id", self.task_id)?,
            phase: text("phase", self.phase)?,
            outcome: outcome.checked().map_err(|error| wrong(error.to_string()))?,
        })
    }
}

/// A text that says something. Other programs end theirs at a NUL, and PostgreSQL takes none.
fn text(name: &str, value: Option<String>) -> Result<Option<String>, Failure> {
    match value.filter(|it| optional(Some(it)).is_some()) {
        Some(value) if value.contains('\0') => Err(wrong(format!("{name} contains a NUL character"))),
        value => Ok(value),
    }
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::input(message, "Correct the field; 'cfn log --help' says what each may be.")
}
