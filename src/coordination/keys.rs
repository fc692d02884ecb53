//! The keys of a task, as the fleet's programs name them, and their times to live.

use crate::model::{AgentId, TaskId};

/// Time to live of contexts, states, results and sessions, in seconds.
pub const CONTEXT_TTL_S: u64 = 86_400;

/// Time to live of messages and signals, in seconds.
pub const SIGNAL_TTL_S: u64 = 3_600;

/// The keys of one task.
pub(super) struct Keys<'a>(pub(super) &'a TaskId);

impl Keys<'_> {
    /// A hash: success criteria, description, mode and whatever else agents share.
    pub(super) fn context(&self) -> String {
        format!("swarm:{}:context", self.0)
    }

    /// A string.
    pub(super) fn state(&self) -> String {
        format!("coord:{}", self.0)
    }

    /// A list, which programs that wait for this agent block on.
    pub(super) fn done(&self, agent: &AgentId) -> String {
        format!("swarm:{}:{agent}:done", self.0)
    }

    /// A string: the agent's own figure.
    pub(super) fn confidence(&self, agent: &AgentId) -> String {
        format!("swarm:{}:{agent}:confidence", self.0)
    }

    /// A string of JSON.
    pub(super) fn result(&self, agent: &AgentId, iteration: u32) -> String {
        format!("swarm:{}:{agent}:result:iteration-{iteration}", self.0)
    }

    /// A string of JSON: the state of an agent.
    pub(super) fn agent(&self, agent: &AgentId) -> String {
        format!("swarm:{}:agent:{agent}", self.0)
    }

    /// A list of JSON: who is done, for programs that wait for anyone.
    pub(super) fn signal(&self) -> String {
        format!("swarm:{}:signal:completion", self.0)
    }

    /// A list of JSON: who is done, with all that is known about it.
    pub(super) fn completion(&self) -> String {
        format!("cfn:cli:{}:completion", self.0)
    }

    /// A sorted set of JSON: confidences, in hundredths.
    pub(super) fn confidences(&self) -> String {
        format!("swarm:{}:completions", self.0)
    }

    /// What every key of this task contains, as a pattern of `SCAN`. An id has no character that means something there.
    pub(super) fn pattern(&self) -> String {
        format!("*:{}*", self.0)
    }

    /// The rest of a key of this task after the task's id; `None` for keys of anything else.
    pub(super) fn rest<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let of_prefix = |prefix: &&str| key.strip_prefix(prefix.as_bytes())?.strip_prefix(self.0.as_str().as_bytes());
        let rest = PREFIXES.iter().find_map(of_prefix)?;
        (rest.is_empty() || rest.starts_with(b":")).then_some(rest)
    }
}

/// What stands before a task's id in the keys of the fleet.
const PREFIXES: [&str; 10] = [
    "swarm:",
    "coord:",
    "context:",
    "cfn:cli:",
    "cfn:agent:",
    "cfn:wave:checkpoint:",
    "cfn:wave:checkpoints:",
    "cfn_loop:task:",
    "cfn_docker:task:",
    "task:progress:",
];

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn a_task_has_its_own_keys_and_no_others() -> Result<(), crate::model::InvalidTaskId> {
        let task = "t1".parse()?;
        let keys = Keys(&task);
        for (key, rest) in [
            ("swarm:t1:context", Some(":context")),
            ("coord:t1", Some("")),
            ("coord:t1:a:x", Some(":a:x")),
            ("cfn:cli:t1:completion", Some(":completion")),
            ("cfn_loop:task:t1:agent:a", Some(":agent:a")),
            ("swarm:t10:context", None),
            ("swarm:cli:t1:context", None),
            ("session:t1", None),
            ("swarm:other:t1", None),
        ] {
            assert_eq!(keys.rest(key.as_bytes()), rest.map(str::as_bytes), "{key}");
        }
        Ok(())
    }
}
