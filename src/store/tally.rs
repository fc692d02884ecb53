//! What this process asks of its databases and waits for, where somebody counts it. There is one tally, as there is one
//! file of counters: every connection of the process adds to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::{Durations, Outcome};

/// What a query does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the statement of its name")]
pub enum QueryType {
    Select,
    Insert,
    Update,
    Delete,
}

/// The table that a query is about: the first that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the table of its name; the last is any other")]
pub enum QueriedTable {
    Skills,
    Versions,
    Mappings,
    UsageLog,
    Approvals,
    Other,
}

impl QueryType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// Its name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl QueriedTable {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Skills, Self::Versions, Self::Mappings, Self::UsageLog, Self::Approvals, Self::Other];

    /// Its name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skills => "skills",
            Self::Versions => "skill_versions",
            Self::Mappings => "agent_skill_mappings",
            Self::UsageLog => "skill_usage_log",
            Self::Approvals => "approval_history",
            Self::Other => "other",
        }
    }
}

/// The tally.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// What queries took, by type and table.
    pub queries: [[Durations; QueriedTable::ALL.len()]; QueryType::ALL.len()],
    /// Waits for locks of other processes.
    pub lock_waits: Durations,
    /// Transactions that wrote or meant to, and were rolled back.
    pub rolled_back: u64,
    /// What recorded executions of skills took.
    pub executions: Durations,
    /// Recorded executions with exit code 0.
    pub executions_succeeded: u64,
    /// Recorded executions with another exit code.
    pub executions_failed: u64,
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static TALLY: Mutex<Option<Box<Tally>>> = Mutex::new(None);

impl Tally {
    /// Begins to count. Connections that are open already are not timed.
    pub fn begin() {
        IS_ON.store(true, Ordering::Relaxed);
    }

    /// What was counted since the last call, or the beginning.
    #[must_use]
    pub fn take() -> Self {
        TALLY.lock().unwrap_or_else(PoisonError::into_inner).take().map(|it| *it).unwrap_or_default()
    }

    pub(super) fn is_on() -> bool {
        IS_ON.load(Ordering::Relaxed)
    }

    /// Adds to the tally, if somebody counts.
    fn count(add: impl FnOnce(&mut Self)) {
        if Self::is_on() {
            add(TALLY.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default());
        }
    }

    pub(super) fn queried(what: QueryType, table: QueriedTable, took: Duration) {
        Self::count(|it| it.queries[what as usize][table as usize].add(took));
    }

    pub(super) fn waited(time: Duration) {
        Self::count(|it| it.lock_waits.add(time));
    }

    pub(super) fn rolled_back() {
        Self::count(|it| it.rolled_back += 1);
    }

    /// Adds an execution of a skill that was recorded.
    pub fn executed(outcome: &Outcome) {
        Self::count(|it| {
            let took = outcome.execution_ms.and_then(|ms| u64::try_from(ms).ok());
            if let Some(ms) = took {
                it.executions.add(Duration::from_millis(ms));
            }
            match outcome.exit_code {
                Some(0) => it.executions_succeeded += 1,
                Some(_) => it.executions_failed += 1,
                None => {}
            }
        });
    }
}
