//! What a Redis server takes, and what it does: seen from outside, on a connection of its own.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, cmd};

use super::Link;
use crate::settings::RedisServer;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A server that is looked at; it is connected to when it is first asked, and again after it has failed.
pub struct Observed {
    server: RedisServer,
    link: Mutex<Option<Link>>,
}

impl Observed {
    /// Looks at this server.
    #[must_use]
    pub fn new(server: &RedisServer) -> Self {
        Self { server: server.clone(), link: Mutex::new(None) }
    }

    /// What one answer takes on an open connection; none where there is no answer.
    pub fn response_time(&self) -> Option<Duration> {
        self.ask::<String>("PING", None)?; // which connects
        let since = Instant::now();
        self.ask::<String>("PING", None)?;
        Some(since.elapsed())
    }

    /// Operations a second, as the server counts them.
    pub fn operations_per_second(&self) -> Option<f64> {
        let text: String = self.ask("INFO", Some("stats"))?;
        text.lines().find_map(|it| it.strip_prefix("instantaneous_ops_per_sec:"))?.trim().parse().ok()
    }

    fn ask<T: FromRedisValue>(&self, command: &str, argument: Option<&str>) -> Option<T> {
        // Whoever panicked with it in hand has left a connection that is not used again: it is put back only after an answer.
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
