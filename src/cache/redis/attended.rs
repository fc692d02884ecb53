//! A Redis server, for the commands that maintain it.

use std::time::{Duration, Instant};

use redis::{Pipeline, Value, from_redis_value, pipe};

use super::MOST_BYTES;
use super::asking::Asking;
use crate::cache::server::{
    Facts, Found, KeyName, KeyPage, LatencyEvent, Lookups, Probe, Resident, Server, ServerResult,
};
use crate::cache::{Class, Key, sealed, statistics_name};
use crate::settings::{CacheSettings, RedisServer};

/// Number of keys that the server scans for one page.
const KEYS_A_PAGE: usize = 1000;

/// A connection to a server.
pub struct Attended {
    server: Asking,
    settings: CacheSettings,
}

impl Attended {
    /// Time limit of a pipeline for a user who asked for the server's answer.
    pub const PATIENCE: Duration = Duration::from_secs(5);

    /// Connects to a server. `patience` limits connecting, and each pipeline.
    pub fn connect_within(patience: Duration, server: &RedisServer, settings: &CacheSettings) -> ServerResult<Self> {
        Ok(Self { server: Asking::connect(patience, server)?, settings: settings.clone() })
    }

    fn count(&mut self, pipeline: &Pipeline) -> ServerResult<usize> {
        let values = self.server.order(pipeline)?;
        Ok(values.iter().filter_map(number).sum::<u64>().try_into().unwrap_or(usize::MAX))
    }
}

impl Server for Attended {
    fn facts(&mut self) -> ServerResult<Facts> {
        let mut pipeline = pipe();
        pipeline.cmd("INFO").cmd("CONFIG").arg("GET").arg("notify-keyspace-events").cmd("LATENCY").arg("LATEST");
        let mut values = self.server.ask(&pipeline)?.into_iter();
        let mut next = || values.next().unwrap_or(Value::Nil);
        let info = text(&next()).unwrap_or_default();
        let field = |name: &str| {
            let found = info.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(':'));
            found.map(|it| it.trim().to_owned())
        };
        let whole = |name: &str| field(name)?.parse().ok();
        Ok(Facts {
            version: field("redis_version"),
            used_memory_bytes: whole("used_memory"),
            maxmemory_bytes: whole("maxmemory"),
            maxmemory_policy: field("maxmemory_policy"),
            evicted_keys: whole("evicted_keys"),
            notify_keyspace_events: match next() {
                Value::Array(pair) => pair.get(1).and_then(text),
                _ => None,
            },
            latency: match next() {
                Value::Array(events) => Some(events.iter().filter_map(latency_event).collect()),
                _ => None,
            },
            keyspace_hits: whole("keyspace_hits"),
            keyspace_misses: whole("keyspace_misses"),
            connections: whole("total_connections_received"),
            commands: whole("total_commands_processed"),
            reads: whole("total_reads_processed"),
        })
    }

    fn page(&mut self, prefix: &str, cursor: u64) -> ServerResult<KeyPage> {
        let mut pipeline = pipe();
        pipeline.cmd("SCAN").arg(cursor).arg("MATCH").arg(format!("{prefix}*")).arg("COUNT").arg(KEYS_A_PAGE);
        let mut values = self.server.order(&pipeline)?;
        let found = values.pop().map(from_redis_value::<(u64, Vec<KeyName>)>);
        match found {
            Some(Ok((next, names))) => Ok(KeyPage { names, next: Some(next).filter(|&it| it != 0) }),
            _ => Err(self.server.unusable("unexpected reply to SCAN")),
        }
    }

    fn look(&mut self, names: &[KeyName]) -> ServerResult<Vec<Option<Resident>>> {
        let mut pipeline = pipe();
        for name in names {
            pipeline.cmd("TTL").arg(name).cmd("MEMORY").arg("USAGE").arg(name);
            pipeline.cmd("GETRANGE").arg(name).arg(0).arg(sealed::MAGIC.len() - 1);
        }
        let values = self.server.ask(&pipeline)?;
        let residents = values.chunks_exact(3).map(|it| {
            let Value::Int(seconds) = it[0] else { return None };
            let is_there = seconds != -2;
            is_there.then(|| Resident {
                expires_in_s: u64::try_from(seconds).ok(),
                memory_bytes: number(&it[1]),
                is_an_answer: matches!(&it[2], Value::BulkString(first) if first == sealed::MAGIC),
            })
        });
        Ok(residents.collect())
    }

    fn expire(&mut self, names: &[KeyName], seconds: u64) -> ServerResult<usize> {
        let mut pipeline = pipe();
        for name in names {
            pipeline.cmd("EXPIRE").arg(name).arg(seconds);
        }
        self.count(&pipeline)
    }

    fn remove(&mut self, names: &[KeyName]) -> ServerResult<usize> {
        let mut pipeline = pipe();
        for name in names {
            pipeline.cmd("UNLINK").arg(name);
        }
        self.count(&pipeline)
    }

    fn lookups(&mut self, database_id: &[u8; 16]) -> ServerResult<Vec<(Class, Lookups)>> {
        let name = statistics_name(database_id);
        let mut pipeline = pipe();
        for class in Class::ALL {
            pipeline.cmd("HMGET").arg(&name);
            for what in ["lookups", "stores", "memory_hits", "memory_misses"] {
                pipeline.arg(format!("{what}:{}", class.as_str()));
            }
        }
        let values = self.server.ask(&pipeline)?;
        let counted = Class::ALL.into_iter().zip(values).map(|(class, value)| {
            let Value::Array(counts) = value else { return (class, Lookups::default()) };
            let count = |at: usize| counts.get(at).and_then(text).and_then(|it| it.parse().ok()).unwrap_or(0);
            let [lookups, stores, memory_hits, memory_misses] = [0, 1, 2, 3].map(count);
            (class, Lookups { lookups, stores, memory_hits, memory_misses })
        });
        Ok(counted.collect())
    }

    fn put_all(&mut self, answers: &[(Key, Vec<u8>)]) -> ServerResult<usize> {
        let mut pipeline = pipe();
        for (key, answer) in answers.iter().filter(|it| it.1.len() <= MOST_BYTES) {
            let ttl = key.jittered(key.class.ttl(&self.settings)).as_secs();
            pipeline.cmd("SETEX").arg(key.name()).arg(ttl).arg(sealed::seal(key, answer));
        }
        Ok(self.server.order(&pipeline)?.len())
    }

    fn find(&mut self, key: &Key) -> ServerResult<Option<Found>> {
        let mut pipeline = pipe();
        pipeline.cmd("GET").arg(key.name()).cmd("TTL").arg(key.name());
        let mut values = self.server.ask(&pipeline)?;
        let (ttl, value) = (values.pop(), values.pop());
        let Some(Value::BulkString(value)) = value else { return Ok(None) };
        let value_bytes = value.len();
        let expires_in_s = ttl.as_ref().and_then(number);
        Ok(sealed::open(key, value).map(|answer| Found { answer, expires_in_s, value_bytes }))
    }

    fn probe(&mut self, round_trips: usize, bytes: usize) -> ServerResult<Probe> {
        let (began, mut taken, mut ping) = (Instant::now(), Vec::new(), pipe());
        ping.cmd("PING");
        while taken.len() < round_trips && began.elapsed() < MOST_PROBING {
            let since = Instant::now();
            self.server.order(&ping)?;
            taken.push(since.elapsed());
        }
        let (mut echo, piece) = (pipe(), vec![b'x'; PIECE]);
        for _ in 0..bytes.div_ceil(PIECE) {
            echo.cmd("ECHO").arg(piece.as_slice());
        }
        let since = Instant::now();
        self.server.order(&echo)?;
        Ok(Probe { round_trips: taken, pipeline: since.elapsed() })
    }
}

/// Maximum time for measuring round trips.
const MOST_PROBING: Duration = Duration::from_millis(300);

/// Size of a command of the pipeline that measures throughput.
const PIECE: usize = 16 * 1024;

fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    if let Value::Int(number) = value { u64::try_from(*number).ok() } else { None }
}

fn latency_event(value: &Value) -> Option<LatencyEvent> {
    let Value::Array(fields) = value else { return None };
    let [name, _when, Value::Int(latest_ms), Value::Int(max_ms), ..] = fields.as_slice() else { return None };
    Some(LatencyEvent { event: text(name)?, latest_ms: *latest_ms, max_ms: *max_ms })
}
