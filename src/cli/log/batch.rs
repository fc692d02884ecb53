//! `cfn log --batch`: executions as JSON lines, thousands a transaction.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MOST;
use crate::cli::Verdict;
use crate::cli::context::{Access, Context, Database};
use crate::cli::failure::Failure;
use crate::model::Outcome;
use crate::ops::{self, Execution};

/// The longest line; a longer one is answered by an error.
const LONGEST_LINE: u64 = 1024 * 1024;

/// Lines of one transaction.
const AT_ONCE: usize = 5_000;

/// A line: the long options with `_`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    id: Option<Value>,
    skill: String,
    agent_id: String,
    agent_type: String,
    task_id: Option<String>,
    phase: Option<String>,
    execution_ms: Option<i64>,
    exit_code: Option<i64>,
    confidence_before: Option<f64>,
    confidence_after: Option<f64>,
    test_pass_rate: Option<f64>,
    tokens_avoided: Option<i64>,
    cost_avoided_usd: Option<f64>,
}

/// An answer, for a line that has an `id`.
#[derive(Serialize)]
struct Logged<'a> {
    id: &'a Value,
    logged: bool,
}

/// A line that was not logged.
#[derive(Serialize)]
struct Refused<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    line: u64,
    error: &'a Failure,
}

/// A line on its way.
struct Pending {
    number: u64,
    id: Option<Value>,
    outcome: Result<Execution, Failure>,
}

/// Logs until the input ends. Answers come after the commit of their rows: what was acknowledged is in the database.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    let mut store = context.open_long_lived(Access::Write)?;
    let mut input = io::stdin().lock();
    let (mut pending, mut number, mut failed) = (Vec::new(), 0, 0);
    let (mut line, mut logged) = (Vec::new(), 0);
    loop {
        line.clear();
        let count = read_line(&mut input, &mut line)
            .map_err(|error| Failure::input(format!("stdin: {error}"), "Pipe JSON lines into the command."))?;
        number += 1;
        if !line.trim_ascii().is_empty() {
            pending.push(parse(number, &line));
        }
        if pending.len() == AT_ONCE || (count == 0 && !pending.is_empty()) {
            let size = pending.len();
            let bad = flush(context, &mut store, std::mem::take(&mut pending))?;
            failed += bad;
            logged += size - bad;
        }
        if count == 0 {
            context.output.note(&format!("{logged} executions logged, {failed} refused"));
            return Ok(if failed == 0 { Verdict::Done } else { Verdict::Found(1) });
        }
    }
}

/// Reads a line, but not more of it than shows that it is too long.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    let count = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', line)?;
    if count as u64 > LONGEST_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(count)
}

fn parse(number: u64, line: &[u8]) -> Pending {
    let bad = |id: Option<Value>, why: &str| {
        let hint = "A line is one JSON object: {\"skill\": \"…\", \"agent_id\": \"…\", \"agent_type\": \"…\"}.";
        Pending { number, id, outcome: Err(Failure::input(format!("not an execution: {why}"), hint)) }
    };
    if line.len() as u64 > LONGEST_LINE {
        return bad(None, "over the limit of 1 MiB a line");
    }
    // serde would take an array for a struct, too.
    if line.trim_ascii_start().first() == Some(&b'[') {
        return bad(None, "it is an array");
    }
    match serde_json::from_slice::<Line>(line) {
        Ok(line) => Pending { number, id: line.id.clone(), outcome: line.execution() },
        Err(error) => {
            // The id, where the line is at least an object, so that the caller knows which one failed.
            let id = serde_json::from_slice::<Value>(line).ok().and_then(|it| it.get("id").cloned());
            bad(id, &error.to_string())
        }
    }
}

/// Writes a transaction and answers its lines; how many were refused.
fn flush(context: &Context, store: &mut Database, pending: Vec<Pending>) -> Result<usize, Failure> {
    let executions: Vec<Execution> = pending.iter().filter_map(|it| it.outcome.as_ref().ok().cloned()).collect();
    let mut answers = ops::log_all(store, context.clock, &executions)?.into_iter();
    let (mut text, mut failed) = (Vec::new(), 0);
    for Pending { number, id, outcome } in pending {
        let outcome = outcome.and_then(|_| answers.next().map_or(Ok(()), |it| it.map_err(Failure::from)));
        let written = match (&outcome, &id) {
            (Ok(()), None) => continue,
            (Ok(()), Some(id)) => serde_json::to_writer(&mut text, &Logged { id, logged: true }),
            (Err(error), id) => {
                failed += 1;
                serde_json::to_writer(&mut text, &Refused { id: id.as_ref(), line: number, error })
            }
        };
        written.map_err(|error| Failure::internal(&error.to_string()))?;
        text.push(b'\n');
    }
    context.deliver_later(store);
    context.output.raw(&text)?;
    Ok(failed)
}

impl Line {
    fn execution(self) -> Result<Execution, Failure> {
        let share = |name: &str, value: Option<f64>| match value {
            Some(it) if !(0.0..=1.0).contains(&it) => {
                Err(Failure::input(format!("{name} must be a number from 0 to 1"), "Correct the line."))
            }
            other => Ok(other),
        };
        let least = |name: &str, value: Option<i64>| match value {
            Some(it) if !(0..=MOST).contains(&it) => {
                Err(Failure::input(format!("{name} must be a number from 0 to {MOST}"), "Correct the line."))
            }
            other => Ok(other),
        };
        if self.cost_avoided_usd.is_some_and(|it| !(0.0..=1e6).contains(&it)) {
            let message = "cost_avoided_usd must be an amount from 0 to 1000000";
            return Err(Failure::input(message, "Correct the line."));
        }
        if self.agent_id.is_empty() {
            return Err(Failure::input("agent_id is empty", "Say which agent used the skill."));
        }
        let stated = |it: Option<String>| it.filter(|it| !it.trim().is_empty());
        Ok(Execution {
            skill: self.skill.parse()?,
            agent_id: self.agent_id,
            agent_type: self.agent_type.parse()?,
            task_id: stated(self.task_id),
            phase: stated(self.phase),
            outcome: Outcome {
                execution_ms: least("execution_ms", self.execution_ms)?,
                exit_code: self.exit_code,
                confidence_before: share("confidence_before", self.confidence_before)?,
                confidence_after: share("confidence_after", self.confidence_after)?,
                test_pass_rate: share("test_pass_rate", self.test_pass_rate)?,
                tokens_avoided: least("tokens_avoided", self.tokens_avoided)?,
                cost_avoided_usd: self.cost_avoided_usd,
            },
        })
    }
}
