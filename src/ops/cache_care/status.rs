//! `cache status`: the state, the configuration and the benefit of the cache.

use serde::Serialize;

use super::super::error::Result;
use super::cost::{Factories, costs};
use super::explain::verdict;
use super::pages::pages;
use crate::cache::{Bounds, Class, Facts, Lookups, Noted, Notes, QUERY_PREFIX};
use crate::clock::Clock;
use crate::model::Tables;
use crate::settings::{CachePolicy, CacheSettings};

/// Both tiers of the cache.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CacheStatus {
    /// `auto`, `always` or `never`.
    pub policy: &'static str,
    /// The Redis server; `None` if not configured.
    pub redis: Option<ServerStatus>,
    /// Its use and benefit, by class.
    pub classes: Vec<ClassStatus>,
    /// The in-memory cache of a long-lived process.
    pub memory: MemoryTier,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerStatus {
    /// The server, without user and password.
    pub server: String,
    /// Its state.
    #[serde(flatten)]
    pub facts: Facts,
    /// Number of answers of all databases.
    pub answers: u64,
    /// Its actual and recommended settings.
    pub settings: Vec<ServerSetting>,
}

/// A setting of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerSetting {
    /// Its name.
    pub name: &'static str,
    /// Its value; `None` if the server does not report it.
    pub value: Option<String>,
    /// The recommended value.
    pub should_be: &'static str,
    /// Whether the value is good; `None` if unknown.
    pub good: Option<bool>,
}

/// The use and benefit of the cache for one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassStatus {
    /// The class.
    pub class: &'static str,
    /// Whether Redis is used.
    pub used: bool,
    /// The reason.
    pub why: String,
    /// Median time of an answer from Redis, including connecting, in microseconds.
    pub hit_us: Option<f64>,
    /// Median time of an answer from the database, in microseconds.
    pub database_us: Option<f64>,
    /// Queries of the last day.
    #[serde(flatten)]
    pub lookups: Lookups,
    /// Hit rate of Redis.
    pub hit_rate: Option<f64>,
    /// Hit rate of in-memory caches.
    pub memory_hit_rate: Option<f64>,
}

/// The limits of the in-memory cache on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryTier {
    /// Minimum capacity in entries.
    pub fewest_entries: usize,
    /// Maximum capacity in entries.
    pub most_entries: usize,
    /// Maximum size in bytes.
    pub most_bytes: usize,
    /// Time to live of an entry, in seconds.
    pub ttl_s: u64,
}

/// Reads the state of the server, measures the cost of answers with and without it, and records it for `--cache auto`.
/// `factories` and `notes` are given if a server is configured; `done` gets the number of measured classes.
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

/// Measures the costs, and records them for other processes.
fn measured(factories: &Factories<'_>, notes: &Notes, clock: Clock, done: &mut dyn FnMut(usize)) -> Result<Noted> {
    let mut known = notes.read();
    known.left_alone_until = None; // it just answered
    known.costs = costs(factories, clock, done)?;
    known.measured_at = Some(clock.now().as_second());
    if let Err(error) = notes.write(&known) {
        tracing::warn!(%error, "cannot record the measured costs beside the database");
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

/// The recommended settings: evict the least recently used keys, and publish expired ones.
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
