//! What happens now: what changed between two looks at the figures.

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::agents::AgentFigures;
use super::counters::{CountedCommand, Counters};
use super::families::RedisFigures;
use super::figures::DatabaseFigures;
use super::file::CounterFile;
use crate::model::{Durations, StoredTime};
use crate::ops::follow::FollowerState;
use crate::store::{QueriedTable, QueryType};

/// A look at the figures.
#[derive(Debug)]
pub struct Look {
    since: Instant,
    at: StoredTime,
    database: DatabaseFigures,
    counters: Option<Counters>,
    redis: Option<RedisFigures>,
    agents: Option<AgentFigures>,
}

impl Look {
    /// Looks at the counters; the rest was read just now.
    pub fn take(
        at: StoredTime,
        database: DatabaseFigures,
        counters: Option<&CounterFile>,
        redis: Option<RedisFigures>,
        agents: Option<AgentFigures>,
    ) -> io::Result<Self> {
        let counters = counters.map(CounterFile::counters).transpose()?.flatten();
        Ok(Self { since: Instant::now(), at, database, counters, redis, agents })
    }
}

/// What happens now.
#[derive(Debug, Clone, Serialize)]
pub struct TopReport {
    /// The time, in UTC.
    pub at: StoredTime,
    /// The seconds that rates and shares are about.
    pub seconds: f64,
    /// What commands do; `None` if they are not counted.
    pub commands: Option<CommandRates>,
    /// Queries that the query cache was asked for; `None` without a server that answers.
    pub cache: Option<CacheRates>,
    /// Agents; `None` where none ever ran.
    pub agents: Option<AgentsNow>,
    /// Skills that wait for review.
    pub pending: i64,
    /// Those whose review is overdue.
    pub overdue: usize,
    /// How long the first of them has waited.
    pub pending_oldest_s: f64,
    /// Events queued for the workflow database.
    pub queued: u64,
    /// How long the oldest is queued.
    pub queued_oldest_s: f64,
    /// Events that it refused.
    pub dead_letters: u64,
    /// How far behind its primary it is; `None` if it follows none.
    pub follows: Option<FollowerState>,
    /// Size of the database.
    pub database_bytes: u64,
    /// Size of its write-ahead log, if it is a file.
    pub wal_bytes: Option<u64>,
}

/// What agents do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AgentsNow {
    /// Those that run.
    pub running: u64,
    /// The memory of all, as the kernel counts it.
    pub memory_bytes: u64,
    /// Those that ended in this time.
    pub ended: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// What commands do.
#[derive(Debug, Clone, Serialize)]
pub struct CommandRates {
    /// Loads.
    pub loads: Rate,
    /// Deployments, updates and logged executions.
    pub writes: Rate,
    /// All other commands.
    pub others: Rate,
    /// Queries of all commands.
    pub queries: Rate,
    /// Failed commands a second.
    pub failed_per_s: f64,
    /// Waits for locks of other processes.
    pub lock_waits: u64,
    /// What they took together.
    pub lock_waits_s: f64,
    /// Writes that were rolled back.
    pub rolled_back: u64,
}

/// How many, and what they take.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rate {
    /// How many a second.
    pub per_s: f64,
    /// The time below which half of them are; `None` without any, and beyond the last bucket of the histogram.
    pub p50_s: Option<f64>,
    /// The time below which 95 % are.
    pub p95_s: Option<f64>,
    /// The time below which 99 % are.
    pub p99_s: Option<f64>,
}

/// What the query cache answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CacheRates {
    /// Queries that it was asked for.
    pub requests: u64,
    /// Those that it answered.
    pub hits: u64,
}

/// What happened from one look to the next.
#[must_use]
pub fn top(from: &Look, to: &Look) -> TopReport {
    let seconds = to.since.duration_since(from.since).max(Duration::from_millis(1)).as_secs_f64();
    let database = &to.database;
    let counters = from.counters.as_ref().zip(to.counters.as_ref());
    TopReport {
        at: to.at.clone(),
        seconds,
        commands: counters.map(|(from, to)| commands(from, to, seconds)),
        cache: to.redis.as_ref().filter(|it| it.facts.is_some()).map(|it| cache(from.redis.as_ref(), it)),
        agents: to.agents.as_ref().map(|it| agents(from.agents.as_ref(), it)),
        pending: database.pending.values().sum(),
        overdue: database.overdue,
        pending_oldest_s: database.pending_oldest_s,
        queued: database.outbox.waiting,
        queued_oldest_s: database.outbox_oldest_s,
        dead_letters: database.outbox.dead_letters,
        follows: database.follower.clone(),
        database_bytes: database.bytes,
        wal_bytes: database.log_bytes,
    }
}

fn agents(from: Option<&AgentFigures>, to: &AgentFigures) -> AgentsNow {
    let ended = |of: &AgentFigures, failed: bool| {
        let runs = of.ended.iter().filter(|it| !failed || !it.succeeded).map(|it| it.runs);
        runs.sum::<i64>().unsigned_abs()
    };
    let since = |failed| ended(to, failed).saturating_sub(from.map_or(0, |it| ended(it, failed)));
    AgentsNow {
        running: to.running.values().map(|it| it.count).sum(),
        memory_bytes: to.running.values().map(|it| it.memory_bytes).sum(),
        ended: since(false),
        failed: since(true),
    }
}

fn commands(from: &Counters, to: &Counters, seconds: f64) -> CommandRates {
    use CountedCommand::{Analytics, Deploy, Export, Load, Log, Other, Search, Skill, Update};
    let rate = |commands: &[CountedCommand]| {
        let mut all = Durations::default();
        for command in commands {
            all.add_all(&to.of(*command).since(from.of(*command)));
        }
        rate(&all, seconds)
    };
    let mut queries = Durations::default();
    for (what, table) in QueryType::ALL.iter().flat_map(|what| QueriedTable::ALL.map(|table| (*what, table))) {
        queries.add_all(&to.queries(what, table).since(from.queries(what, table)));
    }
    let failed = |of: &Counters| CountedCommand::ALL.iter().fold(0_u64, |all, it| all.saturating_add(of.failed(*it)));
    let waits = to.lock_waits().since(from.lock_waits());
    CommandRates {
        loads: rate(&[Load]),
        writes: rate(&[Deploy, Update, Log]),
        others: rate(&[Search, Analytics, Export, Skill, Other]),
        queries: self::rate(&queries, seconds),
        failed_per_s: per_second(failed(to).saturating_sub(failed(from)), seconds),
        lock_waits: waits.count(),
        lock_waits_s: waits.sum().as_secs_f64(),
        rolled_back: to.rolled_back().saturating_sub(from.rolled_back()),
    }
}

fn rate(durations: &Durations, seconds: f64) -> Rate {
    let below = |percent| durations.bound(percent).filter(|it| it.is_finite());
    Rate { per_s: per_second(durations.count(), seconds), p50_s: below(50), p95_s: below(95), p99_s: below(99) }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

fn cache(from: Option<&RedisFigures>, to: &RedisFigures) -> CacheRates {
    let sums = |of: &RedisFigures| {
        of.lookups.iter().fold((0_u64, 0_u64), |(requests, hits), (_, it)| {
            let found = it.lookups.saturating_sub(it.stores);
            (requests + it.lookups + it.memory_hits, hits + found + it.memory_hits)
        })
    };
    let (before, now) = (from.map_or((0, 0), sums), sums(to));
    CacheRates { requests: now.0.saturating_sub(before.0), hits: now.1.saturating_sub(before.1) }
}
