//! What all commands count together, as a fixed number of counters.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// What a command does to the database, for `database_query_duration_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the command of its name; the last is any other")]
pub enum QueryType {
    Load,
    Deploy,
    Update,
    Log,
    Search,
    Analytics,
    Export,
    Skill,
    Other,
}

impl QueryType {
    pub(super) const ALL: [Self; 9] = [
        Self::Load,
        Self::Deploy,
        Self::Update,
        Self::Log,
        Self::Search,
        Self::Analytics,
        Self::Export,
        Self::Skill,
        Self::Other,
    ];

    /// Its name, and the table that it is mainly about.
    pub(super) fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Load => ("load", "agent_skill_mappings"),
            Self::Deploy => ("deploy", "skills"),
            Self::Update => ("update", "skills"),
            Self::Log => ("log", "skill_usage_log"),
            Self::Search => ("search", "skills"),
            Self::Analytics => ("analytics", "skill_usage_log"),
            Self::Export => ("export", "skill_versions"),
            Self::Skill => ("skill", "skills"),
            Self::Other => ("other", "other"),
        }
    }
}

/// A command that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// What it did.
    pub query: QueryType,
    /// What it took.
    pub took: Duration,
    /// Whether it did what it was asked.
    pub succeeded: bool,
    /// Whether bytes did not match their hash.
    pub broke_integrity: bool,
}

/// Upper bounds of the buckets, in seconds; one more bucket has the rest.
pub(super) const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Numbers of a histogram: its buckets, each without those below, and the sum in microseconds.
const HISTOGRAM: usize = BOUNDS.len() + 2;

/// Successful and failed loads.
const LOADS: usize = QueryType::ALL.len() * HISTOGRAM;
const FAILED: usize = LOADS + 2 * HISTOGRAM;
const INTEGRITY: usize = FAILED + QueryType::ALL.len();
const COUNT: usize = INTEGRITY + 1;

/// The first bytes of the file; the last digit is the number of the layout.
const MAGIC: [u8; 8] = *b"cfn-met1";

/// Bytes of all counters: fewer than a page, so that one write is whole or not there, whatever ends the process.
pub(super) const BYTES: usize = MAGIC.len() + 8 + 8 * COUNT;

/// All counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counters([u64; COUNT]);

/// A histogram.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    /// Numbers of values up to each bound.
    pub(super) up_to: [u64; BOUNDS.len()],
    pub(super) count: u64,
    pub(super) sum_seconds: f64,
}

impl Default for Counters {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Counters {
    pub(super) fn add(&mut self, command: &Counted) {
        let query = command.query as usize;
        self.observe(query * HISTOGRAM, command.took);
        if command.query == QueryType::Load {
            self.observe(LOADS + usize::from(!command.succeeded) * HISTOGRAM, command.took);
        }
        self.0[FAILED + query] += u64::from(!command.succeeded);
        self.0[INTEGRITY] += u64::from(command.broke_integrity);
    }

    fn observe(&mut self, at: usize, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|it| seconds <= *it).unwrap_or(BOUNDS.len());
        self.0[at + bucket] += 1;
        let sum = &mut self.0[at + HISTOGRAM - 1];
        *sum = sum.saturating_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn of(&self, query: QueryType) -> Histogram {
        self.histogram(query as usize * HISTOGRAM)
    }

    /// Loads that succeeded, or failed.
    pub(super) fn loads(&self, succeeded: bool) -> Histogram {
        self.histogram(LOADS + usize::from(!succeeded) * HISTOGRAM)
    }

    pub(super) fn failed(&self, query: QueryType) -> u64 {
        self.0[FAILED + query as usize]
    }

    pub(super) fn integrity_failures(&self) -> u64 {
        self.0[INTEGRITY]
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of less than 285 years")]
    fn histogram(&self, at: usize) -> Histogram {
        let (mut up_to, mut count) = ([0; BOUNDS.len()], 0_u64);
        for (bucket, total) in up_to.iter_mut().enumerate() {
            count = count.saturating_add(self.0[at + bucket]);
            *total = count;
        }
        count = count.saturating_add(self.0[at + BOUNDS.len()]);
        Histogram { up_to, count, sum_seconds: self.0[at + HISTOGRAM - 1] as f64 / 1e6 }
    }

    /// The counters of these bytes; `None` if they are damaged, or of another layout.
    pub(super) fn read(bytes: &[u8; BYTES]) -> Option<Self> {
        let (head, body) = bytes.split_at(MAGIC.len() + 8);
        if head[..MAGIC.len()] != MAGIC || head[MAGIC.len()..] != checksum(body) {
            return None;
        }
        let mut counters = Self::default();
        for (counter, bytes) in counters.0.iter_mut().zip(body.as_chunks::<8>().0) {
            *counter = u64::from_le_bytes(*bytes);
        }
        Some(counters)
    }

    pub(super) fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (head, body) = bytes.split_at_mut(MAGIC.len() + 8);
        for (counter, bytes) in self.0.iter().zip(body.as_chunks_mut::<8>().0) {
            *bytes = counter.to_le_bytes();
        }
        head[..MAGIC.len()].copy_from_slice(&MAGIC);
        head[MAGIC.len()..].copy_from_slice(&checksum(body));
        bytes
    }
}

fn checksum(body: &[u8]) -> [u8; 8] {
    Sha256::digest(body).first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BYTES, Counted, Counters, QueryType};

    fn counted(query: QueryType, ms: u64, succeeded: bool) -> Counted {
        Counted { query, took: Duration::from_millis(ms), succeeded, broke_integrity: !succeeded }
    }

    #[test]
    fn every_command_is_in_the_bucket_of_its_duration() {
        let mut counters = Counters::default();
        for (ms, succeeded) in [(1, true), (2, true), (300, false), (60_000, true)] {
            counters.add(&counted(QueryType::Load, ms, succeeded));
        }
        counters.add(&counted(QueryType::Other, 7, true));
        let load = counters.of(QueryType::Load);
        assert_eq!((load.up_to, load.count), ([1, 2, 2, 2, 2, 2, 2, 2, 3, 3], 4));
        assert!((load.sum_seconds - 60.303).abs() < 1e-9);
        assert_eq!([true, false].map(|it| counters.loads(it).count), [3, 1]);
        assert_eq!((counters.of(QueryType::Other).count, counters.of(QueryType::Log).count), (1, 0));
        assert_eq!((counters.failed(QueryType::Load), counters.integrity_failures()), (1, 1));
    }

    #[test]
    fn bytes_are_read_as_they_were_written_and_damaged_ones_are_not() {
        let mut counters = Counters::default();
        counters.add(&counted(QueryType::Skill, 3, false));
        let bytes = counters.bytes();
        const { assert!(BYTES < 4096) };
        assert_eq!(Counters::read(&bytes), Some(counters));
        for place in [0, 7, 8, 16, BYTES / 2, BYTES - 1] {
            let mut damaged = bytes;
            damaged[place] ^= 1;
            assert_eq!(Counters::read(&damaged), None, "byte {place}");
        }
        assert_eq!(Counters::read(&[0; BYTES]), None);
    }
}
