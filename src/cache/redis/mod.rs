//! Redis as the query cache of many processes.
//!
//! Redis is not trusted, and not waited for: whatever it does wrong is a miss, one diagnostic, and then it is left alone for
//! 30 s by every process of this database. What a command spends on it in all is bounded.

mod attended;
mod link;
mod reply;
mod wire;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, Pipeline, RedisError, RedisResult, Value, pipe};

use super::{Cache, Class, Key, LEFT_ALONE_S, Noted, Notes, sealed};
use crate::clock::Clock;
use crate::model::Visible;
use crate::settings::{CachePolicy, CacheSettings, RedisServer};

pub use attended::Attended;
use link::Connecting;
pub use link::Link;

/// The longest answer that is kept, in bytes: reading a longer one would cost more memory than a short command may take.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How long statistics are kept after the last question, in seconds.
const STATISTICS_TTL_S: u64 = 86_400;

/// Connections that are kept for the next question, where many ask at once.
const POOLED: usize = 10;

/// How much a process lets Redis cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// One command: the budget of the settings for connecting and all questions together, and no second try.
    Short,
    /// A process that stays: 3 tries, 100 ms apart, for each question.
    Long,
}

/// The most that a process that stays waits for one try.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a process that stays tries.
const TRIES: u32 = 3;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers in a Redis server. May be used by many threads at once.
pub struct Redis {
    server: RedisServer,
    settings: CacheSettings,
    classes: Vec<Class>,
    notes: Notes,
    patience: Patience,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connecting: Option<Connecting>,
    idle: Vec<Link>,
    /// What was waited so far, where the patience is short.
    spent: Duration,
    /// Since when the server is left alone by this process.
    failed_at: Option<Instant>,
    /// Whether the notes say, wrongly by now, that the server is left alone.
    has_old_note: bool,
}

impl Redis {
    /// The cache for questions of these classes, where there is a server, asking it pays, and it is not being left alone. A
    /// command that is short begins to connect at once, while it opens its database.
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
        let classes: Vec<_> = classes.iter().copied().filter(|it| wanted(*it, settings.policy, &known)).collect();
        let alone = known.is_left_alone(clock.now().as_second());
        if classes.is_empty() || alone {
            tracing::debug!(%server, alone, "Redis is not asked");
            return None;
        }
        let connecting = (patience == Patience::Short).then(|| Connecting::start(server, settings.budget));
        let state = State { connecting, has_old_note: known.left_alone_until.is_some(), ..State::default() };
        Some(Self {
            server: server.clone(),
            settings: settings.clone(),
            classes,
            notes,
            patience,
            clock,
            state: Mutex::new(state),
        })
    }

    /// Runs a pipeline; `None` where that failed, and the server is left alone from now on.
    fn run(&self, pipeline: &Pipeline) -> Option<Vec<Value>> {
        let mut tries = 1;
        loop {
            match self.run_once(pipeline) {
                Ok(values) => {
                    self.answered();
                    return Some(values);
                }
                Err(error) if self.patience == Patience::Long && tries < TRIES && !is_an_answer(&error) => {
                    tracing::debug!(server = %self.server, why = %sentence(&error), tries, "Redis failed");
                    tries += 1;
                    thread::sleep(PAUSE);
                }
                Err(error) => {
                    self.leave_alone(&sentence(&error));
                    return None;
                }
            }
        }
    }

    fn run_once(&self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        let since = Instant::now();
        let limit = self.left();
        let outcome = self.link(limit).and_then(|mut link| {
            link.set_patience(limit.saturating_sub(since.elapsed()));
            let values = link.req_packed_commands(&pipeline.get_packed_pipeline(), 0, pipeline.len())?;
            self.give_back(link);
            refusal(&values).map_or(Ok(values), Err)
        });
        let mut state = self.state();
        state.spent += since.elapsed();
        if outcome.is_err() {
            state.idle.clear(); // they have the same age, and most likely the same end
        }
        outcome
    }

    /// What may still be waited for.
    fn left(&self) -> Duration {
        match self.patience {
            Patience::Short => self.settings.budget.saturating_sub(self.state().spent),
            Patience::Long => PATIENCE,
        }
    }

    fn link(&self, limit: Duration) -> RedisResult<Link> {
        let (idle, connecting) = {
            let mut state = self.state();
            (state.idle.pop(), state.connecting.take())
        };
        match (idle, connecting) {
            (Some(link), _) => Ok(link),
            (None, Some(connecting)) => connecting.wait(limit),
            (None, None) => Link::connect(&self.server, limit),
        }
    }

    fn give_back(&self, link: Link) {
        let mut state = self.state();
        if state.idle.len() < POOLED && link.is_open() {
            state.idle.push(link);
        }
    }

    fn answered(&self) {
        if std::mem::take(&mut self.state().has_old_note) {
            self.notes.answered();
        }
    }

    fn leave_alone(&self, why: &str) {
        let mut state = self.state();
        state.failed_at = Some(Instant::now());
        state.has_old_note = true;
        state.idle.clear();
        self.notes.leave_alone(self.clock.now().as_second());
        tracing::warn!("Redis {} is left alone for {LEFT_ALONE_S} s: {}", self.server, Visible(why));
    }

    /// What is in there is whole whatever a thread that ended was doing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a question or an answer.
fn count(pipeline: &mut Pipeline, key: &Key, what: &str) {
    let (statistics, field) = (key.statistics_name(), format!("{what}:{}", key.class.as_str()));
    pipeline.cmd("HINCRBY").arg(&statistics).arg(field).arg(1);
    pipeline.cmd("EXPIRE").arg(&statistics).arg(STATISTICS_TTL_S);
}

/// Whether a class is cached: where nothing was measured, only what costs a database much.
fn wanted(class: Class, policy: CachePolicy, known: &Noted) -> bool {
    match policy {
        CachePolicy::Always => true,
        CachePolicy::Never => false,
        CachePolicy::Auto => known.cost(class).map_or(class == Class::Analytics, |it| it.pays()),
    }
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
        let alone = Duration::from_secs(LEFT_ALONE_S.unsigned_abs());
        self.classes.contains(&class) && self.state().failed_at.is_none_or(|it| it.elapsed() > alone)
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut pipeline = pipe();
        count(&mut pipeline, key, "lookups");
        pipeline.cmd("GET").arg(key.name());
        let found = self.run(&pipeline)?.pop();
        let answer = match found {
            Some(Value::Nil) => return None,
            Some(Value::BulkString(value)) => sealed::open(key, value),
            _ => None,
        };
        if answer.is_none() {
            self.forget(key);
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
        count(&mut pipeline, key, "stores");
        pipeline.cmd("SETEX").arg(key.name()).arg(ttl).arg(sealed::seal(key, answer));
        self.run(&pipeline);
    }

    fn forget(&self, key: &Key) {
        let mut pipeline = pipe();
        pipeline.cmd("UNLINK").arg(key.name());
        self.run(&pipeline);
    }
}
