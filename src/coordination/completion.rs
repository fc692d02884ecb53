//! Who is done.

use std::collections::BTreeMap;

use redis::{Pipeline, Value, pipe};
use serde::{Deserialize, Serialize};

use super::keys::{CONTEXT_TTL_S, Keys, SIGNAL_TTL_S};
use super::{Coordination, seconds};
use crate::cache::ServerResult;
use crate::model::{AgentId, TaskId};

/// Maximum number of entries to keep and to read.
const MOST_ENTRIES: u32 = 10_000;

/// How an agent's work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CompletionStatus {
    /// It did what it was to do.
    Completed,
    /// It did not.
    Failed,
}

/// The end of an agent's work, as the fleet's programs read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    /// The agent.
    pub agent_id: AgentId,
    /// Its task.
    pub task_id: TaskId,
    /// How it ended.
    pub status: CompletionStatus,
    /// The iteration of the task, from 1.
    pub iteration: u32,
    /// The agent's own figure, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// What it found or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// When.
    pub timestamp: String,
}

/// An agent that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct DoneAgent {
    /// Its id.
    pub agent_id: String,
    /// How it ended, if that was said.
    #[serde(default)]
    pub status: Option<CompletionStatus>,
    /// Its own figure, if there is one.
    #[serde(default)]
    pub confidence: Option<f64>,
}

impl Coordination {
    /// Says that an agent is done: in one transaction, everywhere where the fleet's programs look.
    pub fn complete(&mut self, completion: &Completion) -> ServerResult<()> {
        self.redis.transact(&mut told(completion))?;
        Ok(())
    }

    /// Whether it was said that an agent is done.
    pub fn is_done(&mut self, task: &TaskId, agent: &AgentId) -> ServerResult<bool> {
        let keys = Keys(task);
        let mut pipeline = pipe();
        // A program that waits for the agent takes what is in the list.
        pipeline.cmd("EXISTS").arg(keys.done(agent)).arg(keys.agent(agent));
        let values = self.redis.order(&pipeline)?;
        Ok(values.first().and_then(seconds).is_some_and(|it| it > 0))
    }

    /// The agents of a task that said they are done, by their ids; also those of `awaited` of whom only the fleet's
    /// shell scripts know.
    pub fn done(&mut self, task: &TaskId, awaited: &[AgentId]) -> ServerResult<Vec<DoneAgent>> {
        let keys = Keys(task);
        let mut pipeline = pipe();
        for list in [keys.completion(), keys.signal()] {
            pipeline.cmd("LRANGE").arg(list).arg(0).arg(MOST_ENTRIES - 1);
        }
        pipeline.cmd("ZRANGE").arg(keys.confidences()).arg(0).arg(MOST_ENTRIES - 1);
        for agent in awaited {
            pipeline.cmd("EXISTS").arg(keys.done(agent));
        }
        let values = self.redis.order(&pipeline)?;
        let (entries, exist) = values.split_at(values.len().min(3));
        let mut done = BTreeMap::new();
        for agent in entries.iter().flat_map(elements).filter_map(done_agent) {
            done.entry(agent.agent_id.clone()).or_insert(agent); // the first says most
        }
        for (agent, _) in awaited.iter().zip(exist).filter(|(_, exists)| seconds(exists) == Some(1)) {
            let said = || DoneAgent { agent_id: agent.to_string(), status: None, confidence: None };
            done.entry(agent.to_string()).or_insert_with(said);
        }
        Ok(done.into_values().collect())
    }
}

/// The elements of a list or a set.
pub(super) fn elements(value: &Value) -> &[Value] {
    if let Value::Array(elements) = value { elements } else { &[] }
}

/// The agent that an entry is about; `None` for what another program wrote in another form.
pub(super) fn done_agent(entry: &Value) -> Option<DoneAgent> {
    let Value::BulkString(bytes) = entry else { return None };
    serde_json::from_slice(bytes).ok()
}

fn told(completion: &Completion) -> Pipeline {
    let (keys, agent) = (Keys(&completion.task_id), &completion.agent_id);
    let all = json(completion);
    let mut pipeline = pipe();
    for (list, entry) in [
        (keys.done(agent), "complete"),
        (keys.signal(), &serde_json::json!({ "agentId": agent }).to_string()),
        (keys.completion(), &all),
    ] {
        pipeline.cmd("LPUSH").arg(&list).arg(entry).cmd("LTRIM").arg(&list).arg(0).arg(MOST_ENTRIES - 1);
        pipeline.cmd("EXPIRE").arg(&list).arg(SIGNAL_TTL_S);
    }
    pipeline.cmd("SETEX").arg(keys.agent(agent)).arg(CONTEXT_TTL_S).arg(&all);
    if let Some(confidence) = completion.confidence {
        let entry = serde_json::json!({ "agentId": agent, "confidence": confidence }).to_string();
        pipeline.cmd("SETEX").arg(keys.confidence(agent)).arg(SIGNAL_TTL_S).arg(confidence);
        pipeline.cmd("ZADD").arg(keys.confidences()).arg(confidence * 100.0).arg(entry);
        pipeline.cmd("EXPIRE").arg(keys.confidences()).arg(CONTEXT_TTL_S);
    }
    if let Some(result) = &completion.result {
        pipeline.cmd("SETEX").arg(keys.result(agent, completion.iteration)).arg(CONTEXT_TTL_S).arg(result.to_string());
    }
    pipeline
}

/// Never an error: all its keys are text.
fn json(completion: &Completion) -> String {
    serde_json::to_string(completion).unwrap_or_default()
}
