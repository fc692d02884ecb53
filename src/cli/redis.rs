//! The Redis server of a command: the query cache, its care, and the coordination of agents.

use std::time::Duration;

use super::context::Context;
use super::failure::{Failure, FailureKind};
use crate::cache::redis::{Attended, Observed, Patience, Redis};
use crate::cache::{Cache, Class, Disabled, Notes, Server, ServerError, ServerResult};
use crate::coordination::Coordination;
use crate::settings::CacheSettings;

impl Context {
    /// The query cache for one class of queries. Call it before opening the database: it connects in the background.
    pub(super) fn cache(&self, class: Class) -> Result<Box<dyn Cache>, Failure> {
        Ok(self.cache_for(&[class], Patience::Command)?)
    }

    /// The query cache for a long-lived process.
    pub(super) fn cache_long_lived(&self, classes: &[Class]) -> Result<Box<dyn Cache>, Failure> {
        Ok(self.cache_for(classes, Patience::Requests)?)
    }

    /// The query cache for many threads, which can wait longer for it.
    pub(super) fn cache_shared(&self, classes: &[Class]) -> Result<Box<dyn Cache + Sync>, Failure> {
        self.cache_for(classes, Patience::Work)
    }

    /// The Redis server, for measuring it; `None` without one.
    pub(super) fn redis(&self) -> Result<Option<Observed>, Failure> {
        Ok(self.settings.optional_cache()?.and_then(|it| Some(Observed::new(it.server.as_ref()?))))
    }

    fn cache_for(&self, classes: &[Class], patience: Patience) -> Result<Box<dyn Cache + Sync>, Failure> {
        let Some(settings) = self.settings.optional_cache()? else { return Ok(Box::new(Disabled)) };
        Ok(match Redis::start(&settings, &self.settings.database()?, classes, patience, self.clock) {
            Some(redis) => Box::new(redis),
            None => Box::new(Disabled),
        })
    }

    /// Returns the cache settings, or an error if no server is configured.
    pub(super) fn require_cache(&self) -> Result<CacheSettings, Failure> {
        let settings = self.settings.cache()?;
        let none = || Failure::input("no Redis server is named", "Name one with --redis-url or CFN_REDIS_URL.");
        if settings.server.is_some() { Ok(settings) } else { Err(none()) }
    }

    /// Connects to the Redis through which agents coordinate.
    pub(super) fn coordination(&self) -> Result<Coordination, Failure> {
        let Some(server) = self.settings.coordination_server()? else {
            let hint = "Name one with --redis-url, CFN_REDIS_URL or CFN_REDIS_HOST.";
            return Err(Failure::new(FailureKind::RedisUnreachable, "no Redis server is named", hint));
        };
        Ok(Coordination::connect(Coordination::PATIENCE, &server)?)
    }

    /// Connects to the cache server, to look after it.
    pub(super) fn connect_cache(settings: &CacheSettings) -> ServerResult<Box<dyn Server>> {
        Self::connect_cache_within(Attended::PATIENCE, settings)
    }

    /// The same with little patience.
    pub(super) fn connect_cache_within(patience: Duration, settings: &CacheSettings) -> ServerResult<Box<dyn Server>> {
        let none = || ServerError::Unreachable { server: String::new(), why: "none is named".to_owned() };
        let server = settings.server.as_ref().ok_or_else(none)?;
        Ok(Box::new(Attended::connect_within(patience, server, settings)?))
    }

    /// The notes about the cache server, kept beside the database.
    pub(super) fn cache_notes(&self, settings: &CacheSettings) -> Result<Option<Notes>, Failure> {
        let database = self.settings.database()?;
        Ok(settings.server.as_ref().map(|it| Notes::of(&database, it)))
    }
}
