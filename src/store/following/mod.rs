//! The contract of a database that follows another one.
//!
//! A source is the primary, read in one snapshot. A target is the database that follows, which becomes what that snapshot was, in
//! one transaction: it is always a state that the primary had. Only bytes are stored before that, in transactions of their own, so
//! that nobody waits long: nothing names them yet.

mod tables;

use std::path::PathBuf;

use super::copying::{Owned, Table};
use super::{Result, UsagePush, UsageReceiver};
use crate::model::Location;
use std::time::Duration;

pub use tables::{Belongs, followed, naming_column};

/// What a database follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// The URL of the primary, without a password.
    pub url: String,
    /// The agent types whose skills it has; `None` for all.
    pub agents: Option<Vec<String>>,
    /// The label of this database in the usage log of the primary.
    pub origin: String,
    /// What the last pull saw; `None` before the first one.
    pub cursor: Option<Cursor>,
    /// When the last pull ended, by the clock of this machine, in UTC.
    pub pulled_at: Option<String>,
    /// When it saw the primary, by the clock of that one, in UTC.
    pub primary_time: Option<String>,
}

/// Up to where a history is known, and which history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The server.
    pub system: String,
    /// Its timeline.
    pub timeline: i64,
    /// The triggers of the change feed, and whose they are.
    pub feed: String,
    /// The snapshot of the pull.
    pub snapshot: String,
    /// The newest transactions of the feed, newest first, each with a random value.
    pub newest: Vec<(u64, String)>,
}

/// Why everything has to be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyAll {
    /// Nothing was pulled before.
    First,
    /// The catalogue of the follower was written by something else.
    LocalWrites,
    /// It is another server.
    AnotherServer,
    /// The primary was promoted, or recovered to an earlier moment.
    AnotherTimeline,
    /// The primary lacks what was pulled from it before: it was restored, or made again.
    AnotherHistory,
    /// The feed does not reach back far enough.
    TooOld,
    /// The triggers of the feed were changed, or are missing, so that it may lack something.
    FeedChanged,
    /// A table of the primary was emptied.
    Emptied,
}

impl WhyAll {
    /// Whether the primary may lack uses that were pushed to it.
    #[must_use]
    pub fn forgets_uses(self) -> bool {
        matches!(self, Self::AnotherServer | Self::AnotherTimeline | Self::AnotherHistory)
    }
}

/// Wakes who waits for decisions of a primary.
pub trait Bell {
    /// Whether it is heard. Something between here and the server may swallow what it sends.
    fn is_heard(&self) -> bool;
    /// Waits for a decision; returns whether there was one, perhaps before the call. Without a connection it returns at once.
    fn wait(&mut self, limit: Duration) -> bool;
    /// Whether its connection is there.
    fn is_there(&mut self) -> bool;
}

/// What is new on a primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The cursor from which the next pull goes on.
    pub cursor: Cursor,
    /// The time there, in UTC.
    pub time: String,
    /// Why everything is new; then the lists below are empty.
    pub all: Option<WhyAll>,
    /// Whether the feed misses changes from now on, because its triggers are missing or changed.
    pub misses: bool,
    /// Skills that were changed or deleted.
    pub skills: Vec<i64>,
    /// Hashes of bytes that were stored or erased.
    pub contents: Vec<String>,
    /// Whether one of the tables that are pulled as a whole was changed.
    pub tables: bool,
    /// Skills with a new pass rate.
    pub rated: Vec<i64>,
    /// All skills that the agent types need; `None` if all are followed.
    pub wanted: Option<Vec<i64>>,
}

/// Rows of a table, each with its columns in the order of the table.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// The table.
    pub table: &'static Table,
    /// The rows.
    pub rows: Vec<Vec<Owned>>,
}

/// Bytes with their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The hash by which they are stored there.
    pub hash: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// When they were stored there.
    pub created_at: String,
}

/// What a pull makes of a database.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The skills whose rows it has, and that are gone if it has none; `None` for all skills that there are.
    pub skills: Option<Vec<i64>>,
    /// The rows. Those of a table that is pulled as a whole are all of it; without them, it stays as it is.
    pub rows: Vec<TableRows>,
    /// Hashes of bytes that the primary does not have any more.
    pub erased: Vec<String>,
    /// The latest pass rates of skills.
    pub rates: Vec<(i64, Option<f64>)>,
    /// Whether skills with uses that are not pushed may not be removed.
    pub keeps_uses: bool,
    /// The cursor after it.
    pub cursor: Cursor,
    /// The time on the primary, in UTC.
    pub time: String,
}

/// What a pull changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows that were added, changed or removed.
    pub rows: u64,
    /// Skills that were removed.
    pub removed: u64,
    /// Bytes that were erased.
    pub erased: u64,
}

/// What a follower has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it follows.
    pub following: Following,
    /// Whether nothing but pulls wrote to its catalogue.
    pub is_untouched: bool,
    /// Its catalogue and its row of what it follows: differs after each write to one of them.
    pub(super) state: String,
}

/// The primary, read in one snapshot from the first call of [`news`](Self::news) on.
pub trait FollowSource: UsageReceiver + Send {
    /// Where it is.
    fn location(&self) -> Location;
    /// Begins another snapshot, and says what is new there since a cursor.
    fn news(&mut self, since: Option<&Cursor>, agents: Option<&[String]>) -> Result<News>;
    /// All skills that these agent types need; `None` for all that there are.
    fn wanted(&mut self, agents: Option<&[String]>) -> Result<Option<Vec<i64>>>;
    /// The rows of these skills with those that concern every skill, or all rows.
    fn rows_of_skills(&mut self, skills: Option<&[i64]>) -> Result<Vec<TableRows>>;
    /// The rows of the tables that are pulled as a whole.
    fn whole_tables(&mut self) -> Result<Vec<TableRows>>;
    /// The latest pass rates of these skills, or of all that have one.
    fn pass_rates(&mut self, skills: Option<&[i64]>) -> Result<Vec<(i64, Option<f64>)>>;
    /// Those of these hashes whose bytes are stored.
    fn stored(&mut self, hashes: &[String]) -> Result<Vec<String>>;
    /// Those of these bytes that are stored.
    fn contents(&mut self, hashes: &[String]) -> Result<Vec<Content>>;
    /// Ends the snapshot: an old one keeps the server from cleaning up.
    fn rest(&mut self);
}

/// A database that may follow another one.
pub trait FollowTarget: UsagePush {
    /// What it follows; `None` if it follows nothing.
    fn known(&mut self) -> Result<Option<Known>>;
    /// The URL of the primary that it follows: every decision asks for it first.
    fn primary(&mut self) -> Result<Option<String>>;
    /// What it holds that following would replace, in words; `None` for nothing.
    fn own(&mut self) -> Result<Option<String>>;
    /// Makes it follow a primary: the next pull is one of everything. What it has of its own or of another primary is saved beside
    /// it, and removed; returns where.
    fn follow(&mut self, url: &str, agents: Option<&[String]>, origin: &str) -> Result<Option<PathBuf>>;
    /// Makes it a database of its own, with what it has.
    fn unfollow(&mut self) -> Result<()>;
    /// The ids of its skills.
    fn skill_ids(&mut self) -> Result<Vec<i64>>;
    /// The hashes of all bytes that it stores.
    fn hashes(&mut self) -> Result<Vec<String>>;
    /// Which bytes it needs: those of `named` that it does not store, and those of `told` that a row here names.
    fn missing(&mut self, named: &[String], told: &[String]) -> Result<Vec<String>>;
    /// Stores bytes that nothing names yet. `None` if it was changed since it was `known`.
    fn keep(&mut self, known: &Known, contents: &[Content]) -> Result<Option<Known>>;
    /// Becomes what a pull brought. `None` if it was changed since it was `known`, or if uses are to be pushed first: nothing is
    /// done.
    fn apply(&mut self, known: &Known, batch: &Batch) -> Result<Option<Applied>>;
    /// All rows of the followed tables.
    fn followed_rows(&mut self) -> Result<Vec<TableRows>>;
    /// Hashes of bytes that are not those of their hash.
    fn damaged_contents(&mut self) -> Result<Vec<String>>;
}
