//! What the agents of a task tell each other through Redis: the context of the task, its state, and who is done. Names
//! of keys and fields are those that the fleet's programs read. Every key gets its time to live in the transaction that
//! writes it, so nothing stays for ever.

mod clearing;
mod completion;
mod keys;

use std::collections::BTreeMap;
use std::time::Duration;

use redis::{FromRedisValue, Value, from_redis_value, pipe};

use crate::cache::ServerResult;
use crate::cache::redis::Asking;
use crate::model::TaskId;
use crate::settings::RedisServer;

pub use completion::{Completion, CompletionStatus, DoneAgent};
use keys::Keys;
pub use keys::{CONTEXT_TTL_S, SIGNAL_TTL_S};

/// The agents' Redis.
pub struct Coordination {
    redis: Asking,
}

/// The shared context of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskContext {
    /// The key.
    pub key: String,
    /// Its fields; none if there is no such key.
    pub fields: BTreeMap<String, String>,
    /// Its remaining time to live in seconds; `None` for none.
    pub expires_in_s: Option<u64>,
}

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// The key.
    pub key: String,
    /// The state: JSON, unless another program wrote it.
    pub text: Option<String>,
    /// Its remaining time to live in seconds; `None` for none.
    pub expires_in_s: Option<u64>,
}

impl Coordination {
    /// Time limit of connecting, and of each answer, for a user who waits for it.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// Connects to a server.
    pub fn connect(patience: Duration, server: &RedisServer) -> ServerResult<Self> {
        Ok(Self { redis: Asking::connect(patience, server)? })
    }

    /// Sets fields of a task's context, and returns all of it.
    pub fn set_context(&mut self, task: &TaskId, fields: &[(String, String)], ttl_s: u64) -> ServerResult<TaskContext> {
        let key = Keys(task).context();
        let mut pipeline = pipe();
        pipeline.cmd("HSET").arg(&key);
        for (field, value) in fields {
            pipeline.arg(field).arg(value);
        }
        pipeline.cmd("EXPIRE").arg(&key).arg(ttl_s).cmd("HGETALL").arg(&key).cmd("TTL").arg(&key);
        let values = self.redis.transact(&mut pipeline)?;
        self.read_context(key, &values[values.len().saturating_sub(2)..])
    }

    /// The context of a task.
    pub fn context(&mut self, task: &TaskId) -> ServerResult<TaskContext> {
        let key = Keys(task).context();
        let mut pipeline = pipe();
        pipeline.cmd("HGETALL").arg(&key).cmd("TTL").arg(&key);
        let values = self.redis.order(&pipeline)?;
        self.read_context(key, &values)
    }

    fn read_context(&self, key: String, values: &[Value]) -> ServerResult<TaskContext> {
        let [fields, ttl] = values else { return Err(self.redis.unusable("unexpected reply to HGETALL")) };
        Ok(TaskContext { key, fields: self.read(fields, "HGETALL")?, expires_in_s: seconds(ttl) })
    }

    /// Sets the state of a task.
    pub fn set_state(&mut self, task: &TaskId, text: &str, ttl_s: u64) -> ServerResult<TaskState> {
        let key = Keys(task).state();
        let mut pipeline = pipe();
        pipeline.cmd("SETEX").arg(&key).arg(ttl_s).arg(text);
        self.redis.order(&pipeline)?;
        Ok(TaskState { key, text: Some(text.to_owned()), expires_in_s: Some(ttl_s) })
    }

    /// The state of a task.
    pub fn state(&mut self, task: &TaskId) -> ServerResult<TaskState> {
        let key = Keys(task).state();
        let mut pipeline = pipe();
        pipeline.cmd("GET").arg(&key).cmd("TTL").arg(&key);
        let values = self.redis.order(&pipeline)?;
        let [text, ttl] = values.as_slice() else { return Err(self.redis.unusable("unexpected reply to GET")) };
        Ok(TaskState { key, text: self.read(text, "GET")?, expires_in_s: seconds(ttl) })
    }

    fn read<T: FromRedisValue>(&self, value: &Value, command: &str) -> ServerResult<T> {
        from_redis_value(value.clone()).map_err(|_| self.redis.unusable(&format!("unexpected reply to {command}")))
    }
}

/// A time to live as `TTL` tells it; `None` for no key, and for one that stays.
fn seconds(ttl: &Value) -> Option<u64> {
    if let Value::Int(seconds) = ttl { u64::try_from(*seconds).ok() } else { None }
}
