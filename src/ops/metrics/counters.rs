//! What all commands count together, as a fixed number of counters.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::Durations;
use crate::store::{QueriedTable, QueryType, Tally};

/// The command that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the command of its name; the last is any other")]
pub enum CountedCommand {
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

impl CountedCommand {
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

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Deploy => "deploy",
            Self::Update => "update",
            Self::Log => "log",
            Self::Search => "search",
            Self::Analytics => "analytics",
            Self::Export => "export",
            Self::Skill => "skill",
            Self::Other => "other",
        }
    }
}

/// A command that ended.
#[derive(Debug, Clone)]
pub struct Counted {
    /// What it was.
    pub command: CountedCommand,
    /// What it took.
    pub took: Duration,
    /// Whether it did what it was asked.
    pub succeeded: bool,
    /// Whether bytes did not match their hash.
    pub broke_integrity: bool,
    /// What it asked of its databases.
    pub tally: Tally,
}

/// The histograms, one after another.
const LOADS: usize = CountedCommand::ALL.len();
const LOCK_WAITS: usize = LOADS + 2;
const EXECUTIONS: usize = LOCK_WAITS + 1;
const QUERIES: usize = EXECUTIONS + 1;
const HISTOGRAMS: usize = QUERIES + QueryType::ALL.len() * QueriedTable::ALL.len();

/// The numbers after the histograms.
const INTEGRITY: usize = CountedCommand::ALL.len();
const ROLLED_BACK: usize = INTEGRITY + 1;
const SUCCEEDED: usize = ROLLED_BACK + 1;
const UNSUCCESSFUL: usize = SUCCEEDED + 1;
const NUMBERS: usize = UNSUCCESSFUL + 1;

/// The first bytes of the file; the last digit is the number of the layout.
const MAGIC: [u8; 8] = *b"cfn-met2";

/// Bytes of all counters: fewer than a page, so that one write is whole or not there, whatever ends the process.
pub(super) const BYTES: usize = MAGIC.len() + 8 + 8 * (HISTOGRAMS * Durations::NUMBERS + NUMBERS);

/// All counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counters {
    histograms: [Durations; HISTOGRAMS],
    numbers: [u64; NUMBERS],
}

impl Default for Counters {
    fn default() -> Self {
        Self { histograms: [Durations::default(); HISTOGRAMS], numbers: [0; NUMBERS] }
    }
}

impl Counters {
    pub(super) fn add(&mut self, counted: &Counted) {
        let (command, tally) = (counted.command as usize, &counted.tally);
        self.histograms[command].add(counted.took);
        if counted.command == CountedCommand::Load {
            self.histograms[LOADS + usize::from(!counted.succeeded)].add(counted.took);
        }
        self.histograms[LOCK_WAITS].add_all(&tally.lock_waits);
        self.histograms[EXECUTIONS].add_all(&tally.executions);
        for (histogram, queries) in self.histograms[QUERIES..].iter_mut().zip(tally.queries.as_flattened()) {
            histogram.add_all(queries);
        }
        for (number, more) in [
            (command, u64::from(!counted.succeeded)),
            (INTEGRITY, u64::from(counted.broke_integrity)),
            (ROLLED_BACK, tally.rolled_back),
            (SUCCEEDED, tally.executions_succeeded),
            (UNSUCCESSFUL, tally.executions_failed),
        ] {
            self.numbers[number] = self.numbers[number].saturating_add(more);
        }
    }

    pub(super) fn of(&self, command: CountedCommand) -> &Durations {
        &self.histograms[command as usize]
    }

    pub(super) fn failed(&self, command: CountedCommand) -> u64 {
        self.numbers[command as usize]
    }

    /// Loads that succeeded, or failed.
    pub(super) fn loads(&self, succeeded: bool) -> &Durations {
        &self.histograms[LOADS + usize::from(!succeeded)]
    }

    pub(super) fn lock_waits(&self) -> &Durations {
        &self.histograms[LOCK_WAITS]
    }

    /// Executions of skills that were recorded with a time.
    pub(super) fn executions(&self) -> &Durations {
        &self.histograms[EXECUTIONS]
    }

    /// Executions of skills that were recorded with an exit code: successful and failed ones.
    pub(super) fn outcomes(&self) -> (u64, u64) {
        (self.numbers[SUCCEEDED], self.numbers[UNSUCCESSFUL])
    }

    pub(super) fn queries(&self, what: QueryType, table: QueriedTable) -> &Durations {
        &self.histograms[QUERIES + what as usize * QueriedTable::ALL.len() + table as usize]
    }

    pub(super) fn integrity_failures(&self) -> u64 {
        self.numbers[INTEGRITY]
    }

    pub(super) fn rolled_back(&self) -> u64 {
        self.numbers[ROLLED_BACK]
    }

    /// The counters of these bytes; `None` if they are damaged, or of another layout.
    pub(super) fn read(bytes: &[u8; BYTES]) -> Option<Self> {
        let (head, body) = bytes.split_at(MAGIC.len() + 8);
        if head[..MAGIC.len()] != MAGIC || head[MAGIC.len()..] != checksum(body) {
            return None;
        }
        let mut words = body.as_chunks::<8>().0.iter().map(|it| u64::from_le_bytes(*it));
        let mut next = || words.next().unwrap_or_default();
        Some(Self {
            histograms: std::array::from_fn(|_| Durations::of(std::array::from_fn(|_| next()))),
            numbers: std::array::from_fn(|_| next()),
        })
    }

    pub(super) fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (head, body) = bytes.split_at_mut(MAGIC.len() + 8);
        let words = self.histograms.iter().flat_map(Durations::numbers).chain(self.numbers);
        for (word, place) in words.zip(body.as_chunks_mut::<8>().0) {
            *place = word.to_le_bytes();
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

    use super::{BYTES, Counted, CountedCommand, Counters};
    use crate::store::{QueriedTable, QueryType, Tally};

    fn counted(command: CountedCommand, ms: u64, succeeded: bool) -> Counted {
        let mut tally = Tally { rolled_back: 2, ..Tally::default() };
        tally.queries[QueryType::Delete as usize][QueriedTable::Other as usize].add(Duration::from_millis(ms));
        Counted { command, took: Duration::from_millis(ms), succeeded, broke_integrity: !succeeded, tally }
    }

    #[test]
    fn every_command_is_where_it_belongs() {
        let mut counters = Counters::default();
        for (ms, succeeded) in [(1, true), (2, true), (300, false), (60_000, true)] {
            counters.add(&counted(CountedCommand::Load, ms, succeeded));
        }
        counters.add(&counted(CountedCommand::Other, 7, true));
        assert_eq!(counters.of(CountedCommand::Load).sum(), Duration::from_millis(60_303));
        assert_eq!([true, false].map(|it| counters.loads(it).count()), [3, 1]);
        assert_eq!([CountedCommand::Other, CountedCommand::Log].map(|it| counters.of(it).count()), [1, 0]);
        assert_eq!((counters.failed(CountedCommand::Load), counters.integrity_failures()), (1, 1));
        let queries = |what, table| counters.queries(what, table).count();
        assert_eq!(queries(QueryType::Delete, QueriedTable::Other), 5);
        assert_eq!(queries(QueryType::Delete, QueriedTable::Approvals), 0);
        assert_eq!((counters.rolled_back(), counters.outcomes()), (10, (0, 0)));
    }

    #[test]
    fn bytes_are_read_as_they_were_written_and_damaged_ones_are_not() {
        let mut counters = Counters::default();
        counters.add(&counted(CountedCommand::Skill, 3, false));
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
