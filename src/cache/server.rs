//! Looking after a server that has the query cache, and other keys of the same fleet. Whoever does that wants to know when the
//! server fails, so unlike a [`Cache`](super::Cache) this fails.

use serde::Serialize;

use super::{Class, Key};

/// The result of asking a server.
pub type ServerResult<T> = std::result::Result<T, ServerError>;

/// Why a server did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// It cannot be reached, or does not answer in time.
    #[error("Redis {server} does not answer: {why}")]
    Unreachable {
        /// Which one, without user and password.
        server: String,
        /// What went wrong.
        why: String,
    },
    /// It answered that it will not.
    #[error("Redis {server} refused: {why}")]
    Refused {
        /// Which one, without user and password.
        server: String,
        /// What it said.
        why: String,
        /// The kind of refusal.
        refusal: Refusal,
    },
}

/// Why a Redis server refuses, by the first word of its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It wants a password, and none was given.
    NoPassword,
    /// User or password are wrong.
    WrongPassword,
    /// This user may not do that.
    Rights,
    /// It is a node of a cluster, and the key belongs to another one or to none.
    Cluster,
    /// It is a replica, which takes no writes.
    ReadOnly,
    /// It is a replica that has lost its primary, or a primary that has lost its replicas.
    Replication,
    /// It is still loading its data.
    Loading,
    /// Its memory is full.
    Memory,
    /// It cannot save its data, so it takes no writes.
    Saving,
    /// A script keeps it busy.
    Script,
    /// It has no connection left.
    Connections,
    /// It lets in nobody from another machine.
    Protected,
    /// It has no database of this number.
    Database,
    /// It does not know the command.
    Command,
    /// Anything else.
    Other,
}

impl Refusal {
    /// The kind of an error: its first word, and the rest.
    #[must_use]
    pub fn of(code: &str, detail: &str) -> Self {
        match code {
            "NOAUTH" => Self::NoPassword,
            "WRONGPASS" => Self::WrongPassword,
            "NOPERM" => Self::Rights,
            "MOVED" | "ASK" | "TRYAGAIN" | "CLUSTERDOWN" | "CROSSSLOT" => Self::Cluster,
            "READONLY" => Self::ReadOnly,
            "MASTERDOWN" | "NOREPLICAS" => Self::Replication,
            "LOADING" => Self::Loading,
            "OOM" => Self::Memory,
            "MISCONF" => Self::Saving,
            "BUSY" | "UNKILLABLE" => Self::Script,
            "DENIED" => Self::Protected,
            _ if detail.starts_with("max number of clients") => Self::Connections,
            _ if detail.contains("DB index") || detail.starts_with("invalid DB") => Self::Database,
            _ if detail.starts_with("unknown command") => Self::Command,
            // Before users had names, a password that is not wanted or wrong was an ordinary error.
            _ if detail.contains("invalid password") || detail.contains("no password") => Self::WrongPassword,
            _ if detail.contains("AUTH <password> called without") => Self::WrongPassword,
            _ => Self::Other,
        }
    }
}

/// A name of a key as the server has it: other programs' need not be text.
pub type KeyName = Vec<u8>;

/// A server and its keys. More than one command goes in one pipeline.
pub trait Server {
    /// What it is and how it is set up.
    fn facts(&mut self) -> ServerResult<Facts>;
    /// Some of the keys whose names begin with `prefix`: begin with cursor 0, and go on while there is a next one. A key that the
    /// server moves meanwhile may come twice.
    fn page(&mut self, prefix: &str, cursor: u64) -> ServerResult<KeyPage>;
    /// What these keys are; `None` for one that is gone.
    fn look(&mut self, names: &[KeyName]) -> ServerResult<Vec<Option<Resident>>>;
    /// Lets these keys live for so many seconds; how many there were.
    fn expire(&mut self, names: &[KeyName], seconds: u64) -> ServerResult<usize>;
    /// Removes these keys; how many there were.
    fn remove(&mut self, names: &[KeyName]) -> ServerResult<usize>;
    /// What every class was asked, of a database.
    fn lookups(&mut self, database_id: &[u8; 16]) -> ServerResult<Vec<(Class, Lookups)>>;
    /// Keeps answers, each for as long as its class says; how many: one that is too long is not kept.
    fn put_all(&mut self, answers: &[(Key, Vec<u8>)]) -> ServerResult<usize>;
    /// The answer under this key, if it is there and cfn's; nothing is counted.
    fn find(&mut self, key: &Key) -> ServerResult<Option<Found>>;
}

/// What a server is; `None`: it does not say, or not to this user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The version of Redis, or the one that it says it is compatible with.
    pub version: Option<String>,
    /// What it has in memory, in bytes.
    pub used_memory_bytes: Option<u64>,
    /// What it may have, in bytes; 0: no limit.
    pub maxmemory_bytes: Option<u64>,
    /// What it does when that is full.
    pub maxmemory_policy: Option<String>,
    /// Keys that had to make room since it started.
    pub evicted_keys: Option<u64>,
    /// Which events of keys it publishes.
    pub notify_keyspace_events: Option<String>,
    /// What took it long lately.
    pub latency: Option<Vec<LatencyEvent>>,
}

/// Something that took a server long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatencyEvent {
    /// What.
    pub event: String,
    /// The last time, in milliseconds.
    pub latest_ms: i64,
    /// The longest time, in milliseconds.
    pub max_ms: i64,
}

/// Some keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Their names.
    pub names: Vec<KeyName>,
    /// Where the next ones are; `None`: there are no more.
    pub next: Option<u64>,
}

/// A key of whatever program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    /// How long it still lives, in seconds; `None`: for ever.
    pub expires_in_s: Option<u64>,
    /// What it takes in memory, in bytes; `None`: the server does not say.
    pub memory_bytes: Option<u64>,
    /// Whether it looks like an answer that cfn put there.
    pub is_an_answer: bool,
}

/// What a class was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Questions to Redis.
    pub lookups: u64,
    /// Answers that were stored, since they were not there.
    pub stores: u64,
    /// Requests that a process that stays answered from its memory.
    pub memory_hits: u64,
    /// Requests that it did not.
    pub memory_misses: u64,
}

/// An answer that a server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The answer.
    pub answer: Vec<u8>,
    /// How long it still lives, in seconds.
    pub expires_in_s: Option<u64>,
    /// What it takes there, in bytes, its proof included.
    pub value_bytes: usize,
}
