//! `cache status`: what the cache is, whether it is set up well, and what it brings.

use serde::Serialize;

use super::super::error::Result;
use super::cost::{Factories, costs};
use super::explain::verdict;
use super::pages;
use crate::cache::{Bounds, Class, Facts, Lookups, Noted, Notes, QUERY_PREFIX};
use crate::clock::Clock;
use crate::model::Tables;
use crate::settings::{CachePolicy, CacheSettings};

/// Both tiers of the cache.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CacheStatus {
    /// `auto`, `always` or `never`.
    pub policy: &'static str,
    /// The Redis server; `None`: none is named, and reads go to the database.
    pub redis: Option<ServerStatus>,
    /// What it brings, by class.
    pub classes: Vec<ClassStatus>,
    /// What a process that stays keeps in its memory.
    pub memory: MemoryTier,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerStatus {
    /// Which one, without user and password.
    pub server: String,
    /// What it is.
    #[serde(flatten)]
    pub facts: Facts,
    /// Answers that it has, of whatever database.
    pub answers: u64,
    /// How it is set up, against how it should be.
    pub settings: Vec<ServerSetting>,
}

/// A setting of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerSetting {
    /// Its name.
    pub name: &'static str,
    /// What it is; `None`: the server does not say.
    pub value: Option<String>,
    /// What it should be.
    pub should_be: &'static str,
    /// Whether it is that; `None`: nobody knows.
    pub good: Option<bool>,
}

/// What the cache brings for questions of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassStatus {
    /// The class.
    pub class: &'static str,
    /// Whether Redis is asked.
    pub used: bool,
    /// Why, or why not.
    pub why: String,
    /// What an answer from Redis takes, in microseconds, connecting included; the median.
    pub hit_us: Option<f64>,
    /// What an answer from the database takes, in microseconds; the median.
    pub database_us: Option<f64>,
    /// What was asked in the last day.
    #[serde(flatten)]
    pub lookups: Lookups,
    /// The share of questions that Redis had an answer to.
    pub hit_rate: Option<f64>,
    /// The share of requests that were answered from memory.
    pub memory_hit_rate: Option<f64>,
}

/// The bounds of the memory cache of a process that stays, on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryTier {
    /// The fewest entries that it has room for.
    pub fewest_entries: usize,
    /// The most.
    pub most_entries: usize,
    /// The most bytes.
    pub most_bytes: usize,
    /// How long an entry stays, in seconds.
    pub ttl_s: u64,
}

/// Looks at the server, measures what an answer costs with it and without, and notes that for `--cache auto`. `factories` and `notes`
/// are there where a server is named; `done` gets how many classes are measured.
pub fn cache_status(
    settings: &CacheSettings,
    server: Option<(&Factories<'_>, &Notes)>,
    clock: Clock,
    done: &mut dyn FnMut(usize),
) -> Result<CacheStatus> {
    let (policy, memory) = (settings.policy, MemoryTier::of_machine());
    let Some((factories, notes)) = server else {
        return Ok(CacheStatus { policy: policy.as_str(), redis: None, classes: Vec::new(), memory });
    };
    let mut connection = (factories.connect)()?;
    let facts = connection.facts()?;
    let mut answers = 0;
    pages(connection.as_mut(), QUERY_PREFIX, &mut |_, names| {
        answers += names.len() as u64;
        Ok(())
    })?;
    let revision = (factories.open)()?.read()?.revision(Tables::Catalogue)?;
    let lookups = match &revision {
        Some(revision) => connection.lookups(revision.database())?,
        None => Vec::new(),
    };
    let (known, now) = (measured(factories, notes, clock, done)?, clock.now().as_second());
    let of = |class| lookups.iter().find(|it| it.0 == class).map(|it| it.1).unwrap_or_default();
    let classes = Class::ALL.into_iter().map(|it| class_status(it, policy, &known, now, of(it))).collect();
    let shown = settings.server.as_ref().map(ToString::to_string).unwrap_or_default();
    let redis = ServerStatus { server: shown, settings: server_settings(&facts), facts, answers };
    Ok(CacheStatus { policy: policy.as_str(), redis: Some(redis), classes, memory })
}

/// Measures, and notes it for other processes.
fn measured(factories: &Factories<'_>, notes: &Notes, clock: Clock, done: &mut dyn FnMut(usize)) -> Result<Noted> {
    let mut known = notes.read();
    known.left_alone_until = None; // it just answered
    known.costs = costs(factories, clock, done)?;
    known.measured_at = Some(clock.now().as_second());
    if let Err(error) = notes.write(&known) {
        tracing::warn!(%error, "what was measured cannot be known beside the database");
    }
    Ok(known)
}

impl MemoryTier {
    fn of_machine() -> Self {
        let bounds = Bounds::of_machine();
        Self {
            fewest_entries: bounds.fewest,
            most_entries: bounds.most,
            most_bytes: bounds.bytes,
            ttl_s: bounds.time_to_live.as_secs(),
        }
    }
}

fn class_status(class: Class, policy: CachePolicy, noted: &Noted, now: i64, lookups: Lookups) -> ClassStatus {
    let (used, why) = verdict(class, policy, noted, now);
    let cost = noted.cost(class);
    let hits = lookups.lookups.saturating_sub(lookups.stores);
    ClassStatus {
        class: class.as_str(),
        used,
        why,
        hit_us: cost.map(|it| it.hit_us),
        database_us: cost.map(|it| it.database_us),
        hit_rate: share(hits, lookups.lookups),
        memory_hit_rate: share(lookups.memory_hits, lookups.memory_hits + lookups.memory_misses),
        lookups,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of counts")]
fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// A server that is full evicts what nobody asked for lately, and tells the fleet what expired.
fn server_settings(facts: &Facts) -> Vec<ServerSetting> {
    let setting = |name, value: Option<String>, should_be, is_good: &dyn Fn(&str) -> bool| ServerSetting {
        name,
        good: value.as_deref().map(is_good),
        value,
        should_be,
    };
    vec![
        setting("maxmemory", facts.maxmemory_bytes.map(|it| it.to_string()), "over 0", &|it| it != "0"),
        setting("maxmemory-policy", facts.maxmemory_policy.clone(), "allkeys-lru", &|it| it == "allkeys-lru"),
        setting("notify-keyspace-events", facts.notify_keyspace_events.clone(), "Ex", &|it| {
            it.contains('E') && (it.contains('x') || it.contains('A'))
        }),
    ]
}
