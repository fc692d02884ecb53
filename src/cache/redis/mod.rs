//! Redis as the query cache of many processes.
//!
//! Redis is not trusted, and not waited for: whatever it does wrong is a miss, one diagnostic, and then it is left alone for
//! 30 s by every process of this database. What a command spends on it in all is bounded.

mod attended;
mod link;
mod observed;
mod reply;
mod wire;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, Pipeline, RedisError, RedisResult, Value, pipe};

use super::{Cache, Class, Key, LEFT_ALONE, Notes, sealed};
use crate::clock::Clock;
use crate::model::Visible;
use crate::settings::{CachePolicy, CacheSettings, RedisServer};

pub use attended::Attended;
use link::Connecting;
pub use link::Link;
pub use observed::Observed;

/// The longest answer that is kept, in bytes: reading a longer one would cost more memory than a short command may take.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How long statistics are kept after the last question, in seconds.
const STATISTICS_TTL_S: u64 = 86_400;

/// Connections that are kept for the next question, where many ask at once.
const POOLED: usize = 10;

/// How much a process lets Redis cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// One command: the budget of the settings for connecting and all questions together.
    Command,
    /// Requests in turn, each of which somebody waits for: the same budget for each.
    Requests,
    /// Work that can wait: 3 tries of 500 ms, 100 ms apart, for each question.
    Work,
}

/// How many sixteenths of a budget are waited; the rest is for noting that it failed.
const WAITED: u32 = 14;

/// How often work that can wait tries.
const TRIES: u32 = 3;

/// The most that it waits for one try.
const ONE_TRY: Duration = Duration::from_millis(500);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers in a Redis server. May be used by many threads at once.
pub struct Redis {
    server: RedisServer,
    settings: CacheSettings,
    classes: Vec<Class>,
    notes: Notes,
    patience: Patience,
    /// The most that is waited: in all, or for each request.
    budget: Duration,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connecting: Option<Connecting>,
    idle: Vec<Link>,
    /// What a command may still wait for.
    left: Duration,
    /// Until when the server is left alone.
    alone_until: Option<Instant>,
    /// Whether the notes say, wrongly by now, that the server is left alone.
    has_old_note: bool,
    /// Where the statistics are of what was asked.
    statistics: Option<String>,
}

impl Redis {
    /// The cache for questions of these classes, where there is a server and asking it pays. A command begins to connect at once,
    /// so that it opens its database meanwhile.
    #[must_use]
    pub fn start(
        settings: &CacheSettings,
        database: &Path,
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
            tracing::debug!(%server, seconds = alone.as_secs(), "Redis is left alone");
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

    /// Runs a pipeline; `None` where that failed, and the server is left alone from now on.
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

    /// Runs a pipeline on a connection that was kept, or else on a new one. The server may have been restarted since the last
    /// question: a connection that turns out to be closed is no failure.
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

    /// What may still be waited for.
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
        tracing::warn!("Redis {} is left alone for {} s: {}", self.server, LEFT_ALONE.as_secs(), Visible(why));
    }

    /// What is in there is whole whatever a thread that ended was doing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts questions or answers of a class.
fn add(pipeline: &mut Pipeline, statistics: &str, class: Class, what: &str, count: u64) {
    pipeline.cmd("HINCRBY").arg(statistics).arg(format!("{what}:{}", class.as_str())).arg(count);
    pipeline.cmd("EXPIRE").arg(statistics).arg(STATISTICS_TTL_S);
}

/// What the server refused. A key of a type that is not ours is no refusal, but something that is not used.
fn refusal(values: &[Value]) -> Option<RedisError> {
    values.iter().find_map(|it| match it {
        Value::ServerError(error) if error.code() != "WRONGTYPE" => Some(error.clone().into()),
        _ => None,
    })
}

/// Whether a server answered, though not as it should: trying again at once gives the same.
fn is_an_answer(error: &RedisError) -> bool {
    !error.is_io_error()
}

fn sentence(error: &RedisError) -> String {
    if error.is_timeout() { "it did not answer in time".to_owned() } else { error.to_string() }
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
            self.leave_alone(&format!("it has something under {} that cfn did not put there", key.name()));
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
            self.leave_alone("it did not say that it has the answer");
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
