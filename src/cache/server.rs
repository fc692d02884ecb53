//! The contract for maintaining a server that holds the query cache and other keys of the fleet. Unlike a
//! [`Cache`](super::Cache), it reports failures.

use std::time::Duration;

use serde::Serialize;

use super::{Class, Key};

/// The result of a server operation.
pub type ServerResult<T> = std::result::Result<T, ServerError>;

/// Why a server operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The server is unreachable, or did not answer in time.
    #[error("Redis {server} does not answer: {why}")]
    Unreachable {
        /// The server, without user and password.
        server: String,
        /// The cause.
        why: String,
    },
    /// The server answered with an error.
    #[error("Redis {server} refused: {why}")]
    Refused {
        /// The server, without user and password.
        server: String,
        /// Its message.
        why: String,
        /// Its kind.
        refusal: Refusal,
    },
}

/// Why a Redis server refuses, by the first word of its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It requires a password, and none was given.
    NoPassword,
    /// The user or password is wrong.
    WrongPassword,
    /// The user lacks permission.
    Rights,
    /// It is a cluster node, and the key belongs to another one or to none.
    Cluster,
    /// It is a read-only replica.
    ReadOnly,
    /// It is a replica that has lost its primary, or a primary that has lost its replicas.
    Replication,
    /// It is still loading its data.
    Loading,
    /// Its memory is full.
    Memory,
    /// It cannot save its data, so it accepts no writes.
    Saving,
    /// It is busy with a script.
    Script,
    /// It has no free connection.
    Connections,
    /// It accepts only connections from its own machine.
    Protected,
    /// It has no database with this number.
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
            // Before Redis had users, an unexpected or wrong password was an ordinary error.
            _ if detail.contains("invalid password") || detail.contains("no password") => Self::WrongPassword,
            _ if detail.contains("AUTH <password> called without") => Self::WrongPassword,
            _ => Self::Other,
        }
    }
}

/// The name of a key, in bytes: those of other programs need not be UTF-8.
pub type KeyName = Vec<u8>;

/// A server and its keys.
pub trait Server {
    /// Its version, state and configuration.
    fn facts(&mut self) -> ServerResult<Facts>;
    /// Lists keys that start with `prefix`, page by page: start with cursor 0, and continue while there is a next one.
    /// A key that the server moves meanwhile may be listed twice.
    fn page(&mut self, prefix: &str, cursor: u64) -> ServerResult<KeyPage>;
    /// Describes these keys; `None` for one that is gone.
    fn look(&mut self, names: &[KeyName]) -> ServerResult<Vec<Option<Resident>>>;
    /// Sets the time to live of these keys; returns how many existed.
    fn expire(&mut self, names: &[KeyName], seconds: u64) -> ServerResult<usize>;
    /// Removes these keys; returns how many existed.
    fn remove(&mut self, names: &[KeyName]) -> ServerResult<usize>;
    /// The statistics of each class of a database.
    fn lookups(&mut self, database_id: &[u8; 16]) -> ServerResult<Vec<(Class, Lookups)>>;
    /// Stores answers, each with the time to live of its class. Answers over the size limit are skipped; returns how
    /// many were stored.
    fn put_all(&mut self, answers: &[(Key, Vec<u8>)]) -> ServerResult<usize>;
    /// The answer under this key, if it exists and is cfn's. The statistics do not count it.
    fn find(&mut self, key: &Key) -> ServerResult<Option<Found>>;
    /// Measures so many round trips, and one pipeline that sends so many bytes and receives them again. Nothing is
    /// stored. Fewer round trips are measured if they are slow.
    fn probe(&mut self, round_trips: usize, bytes: usize) -> ServerResult<Probe>;
}

/// The state of a server; `None` for facts that it does not report, or not to this user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The version of Redis, or the one it claims to be compatible with.
    pub version: Option<String>,
    /// Used memory in bytes.
    pub used_memory_bytes: Option<u64>,
    /// Memory limit in bytes; 0 for none.
    pub maxmemory_bytes: Option<u64>,
    /// Its eviction policy.
    pub maxmemory_policy: Option<String>,
    /// Number of keys evicted since its start.
    pub evicted_keys: Option<u64>,
    /// The keyspace events that it publishes.
    pub notify_keyspace_events: Option<String>,
    /// Recent slow events.
    pub latency: Option<Vec<LatencyEvent>>,
    /// Number of reads of keys that existed, since the start of its statistics, as are those below.
    pub keyspace_hits: Option<u64>,
    /// Number of reads of keys that did not exist.
    pub keyspace_misses: Option<u64>,
    /// Number of connections.
    pub connections: Option<u64>,
    /// Number of commands.
    pub commands: Option<u64>,
    /// Number of reads from connections, each with a command or a pipeline of them.
    pub reads: Option<u64>,
}

/// What a server was measured at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What each round trip took.
    pub round_trips: Vec<Duration>,
    /// What the pipeline took.
    pub pipeline: Duration,
}

/// A slow event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatencyEvent {
    /// Its name.
    pub event: String,
    /// Its latest duration in milliseconds.
    pub latest_ms: i64,
    /// Its longest duration in milliseconds.
    pub max_ms: i64,
}

/// A page of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Their names.
    pub names: Vec<KeyName>,
    /// The cursor of the next page; `None` after the last one.
    pub next: Option<u64>,
}

/// A key of any program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    /// Time to live in seconds; `None` for no expiry.
    pub expires_in_s: Option<u64>,
    /// Memory in bytes; `None` if the server does not report it.
    pub memory_bytes: Option<u64>,
    /// Whether it looks like an answer of cfn.
    pub is_an_answer: bool,
}

/// The statistics of a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Queries sent to Redis.
    pub lookups: u64,
    /// Answers stored after a miss.
    pub stores: u64,
    /// Requests that long-lived processes answered from memory.
    pub memory_hits: u64,
    /// Requests that they did not.
    pub memory_misses: u64,
}

/// An answer on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The answer.
    pub answer: Vec<u8>,
    /// Remaining time to live in seconds.
    pub expires_in_s: Option<u64>,
    /// Size of the value in bytes, including the signature.
    pub value_bytes: usize,
}
