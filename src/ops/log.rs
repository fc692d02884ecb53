//! `log`: records executions of skills.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use super::archived_uses::{ArchivesOf, Found, newest};
use super::error::{Error, Result, nearest};
use crate::clock::Clock;
use crate::model::{AgentType, Moment, Outcome, SkillName, Usage, UsageRow, UsedSkill};
use crate::store::{Durability, NameKind, Store, Tally, Transaction, UsageFilter, write};

/// An execution of a skill.
#[derive(Debug, Clone)]
pub struct NewUse {
    /// The skill.
    pub skill: SkillName,
    /// The agent's id.
    pub agent_id: String,
    /// The agent type.
    pub agent_type: AgentType,
    /// The task's id.
    pub task_id: Option<String>,
    /// The phase.
    pub phase: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
}

/// The result of logging.
#[derive(Debug, Clone, Serialize)]
pub struct LogReport {
    /// Number of rows written.
    pub logged: usize,
}

/// Rows of the usage log.
#[derive(Debug, Clone, Serialize)]
pub struct UsageReport {
    /// Newest first.
    pub usage: Vec<UsageRow>,
}

/// Writes one row, in one transaction.
pub fn log(store: &mut dyn Store, clock: Clock, execution: &NewUse) -> Result<LogReport> {
    let now = clock.moment();
    write(store, Durability::Normal, |tx| {
        tx.claim(&[])?;
        append(tx, &mut Known::new(), now, execution)
    })?;
    Tally::executed(&execution.outcome);
    Ok(LogReport { logged: 1 })
}

/// Writes many rows in one transaction. A row that cannot be written gives an error in its place; the others are
/// written.
pub fn log_all(store: &mut dyn Store, clock: Clock, executions: &[NewUse]) -> Result<Vec<Result<()>>> {
    let now = clock.moment();
    let answers: Vec<Result<()>> = write(store, Durability::Normal, |tx| {
        tx.claim(&[])?;
        let (mut answers, mut known) = (Vec::with_capacity(executions.len()), Known::new());
        for execution in executions {
            match append(tx, &mut known, now, execution) {
                Err(error @ (Error::Store(_) | Error::File(_))) => return Err(error),
                answer => answers.push(answer),
            }
        }
        Ok(answers)
    })?;
    let logged = executions.iter().zip(&answers).filter(|it| it.1.is_ok());
    logged.for_each(|(execution, _)| Tally::executed(&execution.outcome));
    Ok(answers)
}

/// Skills looked up in this transaction, in which they do not change.
type Known<'a> = HashMap<(&'a SkillName, &'a AgentType), UsedSkill>;

fn append<'a>(tx: &mut dyn Transaction, known: &mut Known<'a>, now: Moment, execution: &'a NewUse) -> Result<()> {
    let task_id = execution.task_id.as_deref();
    let used = match known.entry((&execution.skill, &execution.agent_type)) {
        Entry::Occupied(found) => found.into_mut(),
        Entry::Vacant(place) => {
            let Some(used) = tx.used(&execution.skill, &execution.agent_type)? else {
                let near = nearest(execution.skill.as_str(), tx.names(NameKind::Skill)?);
                return Err(Error::SkillNotFound { name: execution.skill.to_string(), near });
            };
            place.insert(used)
        }
    };
    // The row of the load and this execution are one use.
    if let Some(task) = task_id
        && let Some(open) = tx.open_use(used.id, &execution.agent_id, task)?
    {
        return Ok(tx.complete_usage(&open, execution.phase.as_deref(), &execution.outcome)?);
    }
    // The version that the agent loaded in this task, or else the one that it would load now.
    let got = task_id.map(|task| tx.got(used.id, &execution.agent_id, task)).transpose()?.flatten();
    let version = got.as_ref().or(used.version.as_ref());
    let (version, hash) = version.map_or((None, None), |(version, hash)| (Some(version), Some(hash)));
    tx.log_usage(&Usage {
        agent_id: &execution.agent_id,
        agent_type: execution.agent_type.as_str(),
        skill_id: used.id,
        task_id,
        phase: execution.phase.as_deref(),
        loaded_at: now,
        approval_level: used.approval_level,
        phase4_generated: used.phase4_generated,
        version: version.map(String::as_str),
        content_hash: hash.map(String::as_str),
        outcome: Some(execution.outcome),
    })?;
    Ok(())
}

/// The usage of a task, in the log and in months on servers.
pub fn usage_of_task<E: From<Error>>(
    store: &mut dyn Store,
    task: &str,
    most: usize,
    archives: ArchivesOf<'_, E>,
) -> std::result::Result<UsageReport, E> {
    let filter = UsageFilter::Task(task);
    let found = |store: &mut dyn Store| Found::of(store.read()?.as_ref(), &filter, most);
    Ok(UsageReport { usage: newest(store, &filter, most, found, archives)? })
}
