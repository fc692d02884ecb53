//! The server of the query cache.

use super::diagnosis::{Area, Diagnosis, megabytes};
use super::keys::key_lines;
use super::network::{PIPELINED, network_lines};
use crate::cache::{Class, Facts, Lookups, Noted, Probe, Server};
use crate::model::Visible;
use crate::ops::cache_care::{AuditReport, audit_sample, verdict};
use crate::ops::error::Result;
use crate::settings::{CachePolicy, CacheSettings, ExpiringKeys, RedisServer};

const REDIS: Area = Area::Redis;

/// Round trips to measure.
const ROUND_TRIPS: usize = 30;

/// A slow event from this duration on, in milliseconds.
const SLOW_MS: i64 = 5;

/// Share of its limit from which on memory is short, in percent.
const SHORT_OF_MEMORY: u64 = 90;

/// From so many connections on, a client that connects for each command is seen.
const MANY_CONNECTIONS: u64 = 100;
const COMMANDS_A_CONNECTION: u64 = 5;

/// From so many commands on, it is seen that nobody pipelines.
const MANY_COMMANDS: u64 = 10_000;

/// What a look at a server found.
#[derive(Debug)]
pub struct ServerLook {
    facts: Facts,
    probe: Probe,
    sample: AuditReport,
    lookups: Vec<(Class, Lookups)>,
}

/// Looks at a server. `database` is the id of the database whose statistics are read.
pub fn look_at_server(
    server: &mut dyn Server,
    settings: &CacheSettings,
    named: &[ExpiringKeys],
    database: Option<[u8; 16]>,
) -> Result<ServerLook> {
    Ok(ServerLook {
        facts: server.facts()?,
        probe: server.probe(ROUND_TRIPS, PIPELINED)?,
        sample: audit_sample(server, settings, named)?,
        lookups: database.map_or(Ok(Vec::new()), |it| server.lookups(&it))?,
    })
}

/// What a server shows.
#[must_use]
pub fn redis_lines(server: &RedisServer, look: &ServerLook) -> Vec<Diagnosis> {
    let cli = &server.client();
    let facts = &look.facts;
    let version = facts.version.as_deref().unwrap_or("of unknown version");
    let mut lines = vec![
        Diagnosis::ok(REDIS, "server", format!("Redis {} at {}", Visible(version), Visible(server.to_string()))),
        latency(facts, cli),
        memory(facts, cli),
        policy(facts, cli),
        evictions(facts, cli),
        events(facts, cli),
        hit_rates(look),
        pooling(facts, cli),
        pipelining(facts, cli),
    ];
    lines.extend(key_lines(&look.sample));
    lines.extend(network_lines("Redis", &look.probe.round_trips, Some(look.probe.pipeline)));
    lines
}

fn unknown(name: &'static str) -> Diagnosis {
    Diagnosis::not_used(REDIS, name, "the server does not tell this user")
}

fn latency(facts: &Facts, cli: &str) -> Diagnosis {
    let Some(events) = &facts.latency else { return unknown("latency") };
    let slow: Vec<_> = events.iter().filter(|it| it.latest_ms >= SLOW_MS).collect();
    if slow.is_empty() {
        return Diagnosis::ok(REDIS, "latency", "no slow events");
    }
    let each = slow.iter().map(|it| format!("{} {} ms (longest {} ms)", Visible(&it.event), it.latest_ms, it.max_ms));
    let mend = format!("see '{cli} LATENCY DOCTOR', then '{cli} LATENCY RESET'");
    Diagnosis::warn(REDIS, "latency", each.collect::<Vec<_>>().join(", "), mend)
}

fn memory(facts: &Facts, cli: &str) -> Diagnosis {
    let Some((used, most)) = facts.used_memory_bytes.zip(facts.maxmemory_bytes) else { return unknown("memory") };
    if most == 0 {
        let evidence = format!("{} used, without a limit", megabytes(used));
        return Diagnosis::warn(REDIS, "memory", evidence, format!("{cli} CONFIG SET maxmemory 1gb"));
    }
    let evidence = format!("{} of {} used", megabytes(used), megabytes(most));
    if used.saturating_mul(100) >= most.saturating_mul(SHORT_OF_MEMORY) {
        let mend = format!("{cli} CONFIG SET maxmemory {}", most.saturating_mul(2));
        return Diagnosis::warn(REDIS, "memory", evidence, mend);
    }
    Diagnosis::ok(REDIS, "memory", evidence)
}

fn policy(facts: &Facts, cli: &str) -> Diagnosis {
    const WANTED: &str = "allkeys-lru";
    match facts.maxmemory_policy.as_deref() {
        None => unknown("eviction policy"),
        Some(WANTED) => Diagnosis::ok(REDIS, "eviction policy", WANTED),
        Some(other) => {
            let evidence = format!("{}, and not {WANTED}: a full server refuses to store answers", Visible(other));
            let mend = format!("{cli} CONFIG SET maxmemory-policy {WANTED}");
            Diagnosis::warn(REDIS, "eviction policy", evidence, mend)
        }
    }
}

fn evictions(facts: &Facts, cli: &str) -> Diagnosis {
    match facts.evicted_keys {
        None => unknown("evictions"),
        Some(0) => Diagnosis::ok(REDIS, "evictions", "none"),
        Some(keys) => {
            let mend = format!("raise maxmemory, then '{cli} CONFIG RESETSTAT'");
            Diagnosis::warn(REDIS, "evictions", format!("{keys} keys were evicted for want of memory"), mend)
        }
    }
}

fn events(facts: &Facts, cli: &str) -> Diagnosis {
    let name = "keyspace events";
    let Some(events) = &facts.notify_keyspace_events else { return unknown(name) };
    if events.contains('E') && events.contains(['x', 'A']) {
        return Diagnosis::ok(REDIS, name, Visible(events).to_string());
    }
    let evidence = format!("expired keys are not published (notify-keyspace-events \"{}\")", Visible(events));
    Diagnosis::warn(REDIS, name, evidence, format!("{cli} CONFIG SET notify-keyspace-events Ex"))
}

/// How often the cache had the answer, by class. A low rate is no fault of the server.
fn hit_rates(look: &ServerLook) -> Diagnosis {
    let rate = |(class, it): &(Class, Lookups)| {
        let hits = it.lookups.saturating_sub(it.stores);
        (it.lookups > 0).then(|| format!("{} {} % of {}", class.as_str(), hits * 100 / it.lookups, it.lookups))
    };
    let rates: Vec<_> = look.lookups.iter().filter_map(rate).collect();
    if rates.is_empty() {
        return Diagnosis::not_used(REDIS, "hit rate", "no command asked the cache in the last day");
    }
    Diagnosis::ok(REDIS, "hit rate", rates.join(", "))
}

fn pooling(facts: &Facts, cli: &str) -> Diagnosis {
    let name = "connection pooling";
    let Some((commands, connections)) = facts.commands.zip(facts.connections) else { return unknown(name) };
    let evidence = format!("{commands} commands on {connections} connections");
    if connections >= MANY_CONNECTIONS && commands < connections * COMMANDS_A_CONNECTION {
        let mend =
            format!("keep connections open in the clients, as 'cfn load --batch' does, then '{cli} CONFIG RESETSTAT'");
        return Diagnosis::warn(REDIS, name, format!("{evidence}: clients connect for each command"), mend);
    }
    Diagnosis::ok(REDIS, name, evidence)
}

fn pipelining(facts: &Facts, cli: &str) -> Diagnosis {
    let name = "pipelining";
    let Some((commands, reads)) = facts.commands.zip(facts.reads) else { return unknown(name) };
    let evidence = format!("{commands} commands in {reads} reads");
    if commands >= MANY_COMMANDS && commands <= reads {
        let mend = format!("send many commands at once in the clients, then '{cli} CONFIG RESETSTAT'");
        return Diagnosis::warn(REDIS, name, format!("{evidence}: nobody pipelines"), mend);
    }
    Diagnosis::ok(REDIS, name, evidence)
}

/// Whether the query cache is used where it pays.
#[must_use]
pub fn cache_lines(policy: CachePolicy, noted: &Noted, now: i64) -> Diagnosis {
    let name = "query cache";
    if policy == CachePolicy::Never {
        return Diagnosis::not_used(REDIS, name, "the setting cache is 'never'");
    }
    let each = Class::ALL.map(|it| format!("{}: {}", it.as_str(), verdict(it, policy, noted, now).1));
    let evidence = each.join("; ");
    if policy == CachePolicy::Auto && noted.costs.is_empty() {
        return Diagnosis::warn(REDIS, name, evidence, "cfn cache status");
    }
    Diagnosis::ok(REDIS, name, evidence)
}
