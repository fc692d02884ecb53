//! Measures a Redis server from outside, over a separate connection.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, cmd};

use super::Link;
use crate::settings::RedisServer;

/// Timeout of an answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server to measure. It connects on the first request, and reconnects after a failure.
pub struct Observed {
    server: RedisServer,
    link: Mutex<Option<Link>>,
}

impl Observed {
    /// Measures this server.
    #[must_use]
    pub fn new(server: &RedisServer) -> Self {
        Self { server: server.clone(), link: Mutex::new(None) }
    }

    /// The time of one request on an open connection; `None` without an answer.
    pub fn response_time(&self) -> Option<Duration> {
        self.ask::<String>("PING", None)?; // which connects
        let since = Instant::now();
        self.ask::<String>("PING", None)?;
        Some(since.elapsed())
    }

    /// Operations per second, as the server counts them.
    pub fn operations_per_second(&self) -> Option<f64> {
        let text: String = self.ask("INFO", Some("stats"))?;
        text.lines().find_map(|it| it.strip_prefix("instantaneous_ops_per_sec:"))?.trim().parse().ok()
    }

    fn ask<T: FromRedisValue>(&self, command: &str, argument: Option<&str>) -> Option<T> {
        // A poisoned lock is harmless: a thread takes the connection out, and puts it back only after an answer.
        let mut kept = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let mut link = match kept.take() {
            Some(link) => link,
            None => Link::connect(&self.server, PATIENCE).ok()?,
        };
        let answer = cmd(command).arg(argument).query(&mut link).ok()?;
        *kept = Some(link);
        Some(answer)
    }
}
