//! Redis as a query cache shared by processes.
//!
//! Redis is not trusted, and the time spent on it is limited. Any failure is a miss and one diagnostic, and starts a
//! cooldown of 30 s for every process of this database.

mod asking;
mod attended;
mod link;
mod observed;
mod reply;
mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, Pipeline, RedisError, RedisResult, Value, pipe};

use super::{Cache, Class, Key, LEFT_ALONE, Notes, sealed};
use crate::clock::Clock;
use crate::model::{Location, Visible};
use crate::settings::{CachePolicy, CacheSettings, RedisServer};

pub use asking::Asking;
pub use attended::Attended;
pub use link::Link;
use link::{Connecting, sentence};
pub use observed::Observed;

/// Maximum size of a cached answer, in bytes: a larger one would exceed the memory limit of a short command.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Time to live of statistics after the last query, in seconds.
const STATISTICS_TTL_S: u64 = 86_400;

/// Maximum number of idle connections to keep for concurrent queries.
const POOLED: usize = 10;

/// How long a process waits for Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// One command: the configured budget covers connecting and all queries.
    Command,
    /// A sequence of requests with waiting clients: the budget applies to each.
    Requests,
    /// Work that can wait: 3 attempts of 500 ms for each query, 100 ms apart.
    Work,
}

/// Sixteenths of the budget to wait; the rest is for recording a failure.
const WAITED: u32 = 14;

/// Attempts for work that can wait.
const TRIES: u32 = 3;

/// Time limit of an attempt.
const ONE_TRY: Duration = Duration::from_millis(500);

/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// A cache in a Redis server, usable by many threads at once.
pub struct Redis {
    server: RedisServer,
    settings: CacheSettings,
    classes: Vec<Class>,
    notes: Notes,
    patience: Patience,
    /// Maximum wait: in total, or for each request.
    budget: Duration,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connecting: Option<Connecting>,
    idle: Vec<Link>,
    /// The remaining budget of a command.
    left: Duration,
    /// End of the cooldown.
    alone_until: Option<Instant>,
    /// Whether the notes hold an expired cooldown.
    has_old_note: bool,
    /// The key of the statistics.
    statistics: Option<String>,
}

impl Redis {
    /// The cache for queries of these classes; `None` if there is no server, or using it would not save time. A command
    /// starts to connect at once, and opens its database meanwhile.
    #[must_use]
    pub fn start(
        settings: &CacheSettings,
        database: &Location,
        classes: &[Class],
        patience: Patience,
        clock: Clock,
    ) -> Option<Self> {
        let server = settings.server.as_ref().filter(|_| settings.policy != CachePolicy::Never)?;
        let notes = Notes::of(database, server);
        let known = notes.read();
        let classes: Vec<_> = classes.iter().copied().filter(|it| known.wants(*it, settings.policy)).collect();
        if classes.is_empty() {
            return None;
        }
        let budget = settings.budget * WAITED / 16;
        let mut state = State { left: budget, has_old_note: known.left_alone_until.is_some(), ..State::default() };
        let alone = known.left_alone(clock.now().as_second());
        if !alone.is_zero() {
            tracing::debug!(%server, seconds = alone.as_secs(), "Redis is in cooldown");
            state.alone_until = Some(Instant::now() + alone);
        } else if patience == Patience::Command {
            state.connecting = Some(Connecting::start(server, budget));
        }
        Some(Self {
            server: server.clone(),
            settings: settings.clone(),
            classes,
            notes,
            patience,
            budget,
            clock,
            state: Mutex::new(state),
        })
    }

    /// Runs a pipeline; `None` if it failed, which starts a cooldown.
    fn run(&self, pipeline: &Pipeline) -> Option<Vec<Value>> {
        let tries = if self.patience == Patience::Work { TRIES } else { 1 };
        let mut outcome = self.run_once(pipeline);
        for _ in 1..tries {
            match &outcome {
                Err(error) if !is_an_answer(error) => {
                    tracing::debug!(server = %self.server, why = %sentence(error), "Redis failed");
                    thread::sleep(PAUSE);
                    outcome = self.run_once(pipeline);
                }
                _ => break,
            }
        }
        match outcome {
            Ok(values) => {
                self.answered();
                Some(values)
            }
            Err(error) => {
                self.leave_alone(&sentence(&error));
                None
            }
        }
    }

    /// Runs a pipeline on an idle connection or a new one. A closed idle connection is not a failure: the server may
    /// have been restarted.
    fn run_once(&self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        let until = Instant::now() + self.left();
        let left = || until.saturating_duration_since(Instant::now());
        let kept = self.state().idle.pop();
        let outcome = match kept.map(|link| self.converse(link, pipeline, left())) {
            Some(Err(error)) if error.is_connection_dropped() => {
                self.state().idle.clear(); // the others have the same age
                self.connect(left()).and_then(|link| self.converse(link, pipeline, left()))
            }
            Some(outcome) => outcome,
            None => self.connect(left()).and_then(|link| self.converse(link, pipeline, left())),
        };
        if self.patience == Patience::Command {
            self.state().left = left();
        }
        outcome
    }

    fn converse(&self, mut link: Link, pipeline: &Pipeline, limit: Duration) -> RedisResult<Vec<Value>> {
        link.set_patience(limit);
        let values = link.req_packed_commands(&pipeline.get_packed_pipeline(), 0, pipeline.len())?;
        self.give_back(link);
        refusal(&values).map_or(Ok(values), Err)
    }

    fn connect(&self, limit: Duration) -> RedisResult<Link> {
        let connecting = self.state().connecting.take();
        connecting.unwrap_or_else(|| Connecting::start(&self.server, limit)).wait(limit)
    }

    /// The remaining time.
    fn left(&self) -> Duration {
        match self.patience {
            Patience::Command => self.state().left,
            Patience::Requests => self.budget,
            Patience::Work => ONE_TRY,
        }
    }

    fn give_back(&self, link: Link) {
        let mut state = self.state();
        if state.idle.len() < POOLED && link.is_open() {
            state.idle.push(link);
        }
    }

    fn unlink(&self, key: &Key) -> Option<Vec<Value>> {
        let mut pipeline = pipe();
        pipeline.cmd("UNLINK").arg(key.name());
        self.run(&pipeline)
    }

    fn answered(&self) {
        if std::mem::take(&mut self.state().has_old_note) {
            self.notes.answered();
        }
    }

    fn leave_alone(&self, why: &str) {
        let mut state = self.state();
        state.alone_until = Some(Instant::now() + LEFT_ALONE);
        state.has_old_note = true;
        state.idle.clear();
        self.notes.leave_alone(self.clock.now().as_second());
        tracing::warn!("Redis {} failed and is not used for {} s: {}", self.server, LEFT_ALONE.as_secs(), Visible(why));
    }

    /// A poisoned lock is harmless: the state is always consistent.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts queries or answers of a class.
fn add(pipeline: &mut Pipeline, statistics: &str, class: Class, what: &str, count: u64) {
    pipeline.cmd("HINCRBY").arg(statistics).arg(format!("{what}:{}", class.as_str())).arg(count);
    pipeline.cmd("EXPIRE").arg(statistics).arg(STATISTICS_TTL_S);
}

/// The server's error. A key of a wrong type is not an error, but is ignored.
fn refusal(values: &[Value]) -> Option<RedisError> {
    values.iter().find_map(|it| match it {
        Value::ServerError(error) if error.code() != "WRONGTYPE" => Some(error.clone().into()),
        _ => None,
    })
}

/// Whether the server answered with an error, so that an immediate retry is pointless.
fn is_an_answer(error: &RedisError) -> bool {
    !error.is_io_error()
}

impl Cache for Redis {
    fn serves(&self, class: Class) -> bool {
        self.classes.contains(&class) && self.state().alone_until.is_none_or(|it| it <= Instant::now())
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut pipeline = pipe();
        self.state().statistics.get_or_insert_with(|| key.statistics_name());
        add(&mut pipeline, &key.statistics_name(), key.class, "lookups", 1);
        pipeline.cmd("GET").arg(key.name());
        let found = self.run(&pipeline)?.pop();
        let answer = match found {
            Some(Value::Nil) => return None,
            Some(Value::BulkString(value)) => sealed::open(key, value),
            _ => None,
        };
        if answer.is_none() && self.unlink(key).is_some() {
            self.leave_alone(&format!("its value of {} was not written by cfn", key.name()));
        }
        answer
    }

    fn put(&self, key: &Key, answer: &[u8]) {
        if !self.serves(key.class) || answer.len() > MOST_BYTES {
            return;
        }
        let ttl = key.jittered(key.class.ttl(&self.settings)).as_secs();
        let mut pipeline = pipe();
        add(&mut pipeline, &key.statistics_name(), key.class, "stores", 1);
        pipeline.cmd("SETEX").arg(key.name()).arg(ttl).arg(sealed::seal(key, answer));
        if let Some(replies) = self.run(&pipeline)
            && replies.last() != Some(&Value::Okay)
        {
            self.leave_alone("it did not confirm storing the answer");
        }
    }

    fn forget(&self, key: &Key) {
        self.unlink(key);
    }

    fn count_memory(&self, class: Class, hits: u64, misses: u64) {
        let asked = self.state().statistics.clone();
        let Some(name) = asked.filter(|_| self.serves(class)) else { return };
        let mut pipeline = pipe();
        add(&mut pipeline, &name, class, "memory_hits", hits);
        add(&mut pipeline, &name, class, "memory_misses", misses);
        self.run(&pipeline);
    }
}
