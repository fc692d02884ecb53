//! Removes the keys of a task, or those of one of its agents.

use redis::{Pipeline, Value, from_redis_value, pipe};

use super::completion::{done_agent, elements};
use super::{Coordination, Keys, seconds};
use crate::cache::{KeyName, ServerResult};
use crate::model::{AgentId, TaskId};

/// Number of keys that the server looks at for one page.
const KEYS_A_PAGE: usize = 1000;

impl Coordination {
    /// Removes the keys of a task, or only what is about one of its agents; returns the number of removed keys. The
    /// keys of one page are removed in the round trip that asks for the next.
    pub fn clear(&mut self, task: &TaskId, agent: Option<&AgentId>) -> ServerResult<u64> {
        let keys = Keys(task);
        let (mut removed, mut cursor, mut found) = (0, Some(0_u64), Vec::new());
        while cursor.is_some() || !found.is_empty() {
            let mut pipeline = pipe();
            let names = std::mem::take(&mut found);
            for name in &names {
                pipeline.cmd("UNLINK").arg(name);
            }
            if let Some(at) = cursor {
                pipeline.cmd("SCAN").arg(at).arg("MATCH").arg(keys.pattern()).arg("COUNT").arg(KEYS_A_PAGE);
            }
            let mut values = self.redis.order(&pipeline)?;
            if cursor.is_some() {
                let page = values.pop().unwrap_or(Value::Nil);
                let (next, page): (u64, Vec<KeyName>) = self.read(&page, "SCAN")?;
                found.extend(page.into_iter().filter(|it| is_meant(&keys, it, agent)));
                cursor = Some(next).filter(|&it| it != 0);
            }
            removed += values.iter().filter_map(seconds).sum::<u64>();
        }
        if let Some(agent) = agent {
            self.forget(&keys, agent)?;
        }
        Ok(removed)
    }

    /// Removes an agent from the lists that all agents of the task share.
    fn forget(&mut self, keys: &Keys<'_>, agent: &AgentId) -> ServerResult<()> {
        let lists = [keys.completion(), keys.signal(), keys.confidences()];
        let mut pipeline = pipe();
        pipeline.cmd("LRANGE").arg(&lists[0]).arg(0).arg(-1).cmd("LRANGE").arg(&lists[1]).arg(0).arg(-1);
        pipeline.cmd("ZRANGE").arg(&lists[2]).arg(0).arg(-1);
        let values = self.redis.order(&pipeline)?;
        let mut removal = Pipeline::new();
        for ((list, entries), is_set) in lists.iter().zip(&values).zip([false, false, true]) {
            let own = |it: &&Value| done_agent(it).is_some_and(|it| it.agent_id == agent.as_str());
            for entry in elements(entries).iter().filter(own) {
                let entry: Vec<u8> = from_redis_value(entry.clone()).unwrap_or_default();
                if is_set {
                    removal.cmd("ZREM").arg(list).arg(entry);
                } else {
                    removal.cmd("LREM").arg(list).arg(0).arg(entry);
                }
            }
        }
        self.redis.order(&removal)?;
        Ok(())
    }
}

/// Whether a key is one of the task, and of the agent if one is named.
fn is_meant(keys: &Keys<'_>, name: &[u8], agent: Option<&AgentId>) -> bool {
    let Some(rest) = keys.rest(name) else { return false };
    agent.is_none_or(|it| rest.split(|byte| *byte == b':').any(|part| part == it.as_str().as_bytes()))
}
