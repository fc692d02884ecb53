//! A connection on which a failure is reported, and not only a miss.

use std::time::Duration;

use redis::{ConnectionLike, Pipeline, RedisError, Value};

use super::link::{Link, sentence};
use crate::cache::server::{Refusal, ServerError, ServerResult};
use crate::settings::RedisServer;

/// A connection to a server, for commands about it.
pub struct Asking {
    link: Link,
    server: String,
}

impl Asking {
    /// Connects to a server. `patience` limits connecting, and each pipeline.
    pub fn connect(patience: Duration, server: &RedisServer) -> ServerResult<Self> {
        let shown = server.to_string();
        match Link::connect(server, patience) {
            Ok(link) => Ok(Self { link, server: shown }),
            Err(error) => Err(ServerError::Unreachable { server: shown, why: sentence(&error) }),
        }
    }

    /// Runs a pipeline. Errors about missing rights, wrong types and unknown commands are returned among the values.
    pub fn ask(&mut self, pipeline: &Pipeline) -> ServerResult<Vec<Value>> {
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.converse(pipeline, pipeline.len())?;
        let useless = values.iter().find_map(|it| match it {
            Value::ServerError(error) if !["NOPERM", "ERR", "WRONGTYPE"].contains(&error.code()) => Some(error),
            _ => None,
        });
        useless.map_or(Ok(()), |error| Err(self.refused(error.code(), error.details())))?;
        Ok(values)
    }

    /// Runs a pipeline in which any error fails the whole.
    pub fn order(&mut self, pipeline: &Pipeline) -> ServerResult<Vec<Value>> {
        let values = self.ask(pipeline)?;
        self.require_no_error(&values)?;
        Ok(values)
    }

    /// Runs a pipeline as a transaction: a connection that breaks leaves no half of it on the server.
    pub fn transact(&mut self, pipeline: &mut Pipeline) -> ServerResult<Vec<Value>> {
        pipeline.atomic();
        // The answers to MULTI and to each command, and that of EXEC.
        let mut values = self.converse(pipeline, pipeline.len() + 2)?;
        self.require_no_error(&values)?;
        match values.pop() {
            Some(Value::Array(results)) => {
                self.require_no_error(&results)?;
                Ok(results)
            }
            _ => Err(self.unusable("unexpected reply to EXEC")),
        }
    }

    /// The error for a reply that makes no sense.
    #[must_use]
    pub fn unusable(&self, why: &str) -> ServerError {
        ServerError::Refused { server: self.server.clone(), why: why.to_owned(), refusal: Refusal::Other }
    }

    fn converse(&mut self, pipeline: &Pipeline, replies: usize) -> ServerResult<Vec<Value>> {
        let answered = self.link.req_packed_commands(&pipeline.get_packed_pipeline(), 0, replies);
        answered.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &RedisError) -> ServerError {
        match error.code() {
            _ if error.is_io_error() => ServerError::Unreachable { server: self.server.clone(), why: sentence(error) },
            Some(code) => self.refused(code, error.detail()),
            None => self.unusable(&error.to_string()),
        }
    }

    fn require_no_error(&self, values: &[Value]) -> ServerResult<()> {
        match values.iter().find_map(|it| if let Value::ServerError(error) = it { Some(error) } else { None }) {
            Some(error) => Err(self.refused(error.code(), error.details())),
            None => Ok(()),
        }
    }

    /// An error with the server's message.
    fn refused(&self, code: &str, detail: Option<&str>) -> ServerError {
        let detail = detail.unwrap_or_default();
        let why = format!("{code} {detail}").trim_end().to_owned();
        ServerError::Refused { server: self.server.clone(), why, refusal: Refusal::of(code, detail) }
    }
}
