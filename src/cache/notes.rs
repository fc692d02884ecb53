//! Notes that processes share about a Redis server: its cooldown and measured costs. They are one small file beside the
//! database; if it cannot be written, nothing is remembered.

use std::fs;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Class;
use crate::database_note::DatabaseNote;
use crate::model::Location;
use crate::settings::{CachePolicy, RedisServer};

/// The cooldown after a failure.
pub const LEFT_ALONE: Duration = Duration::from_secs(30);

/// Every write has this length, so that one write replaces the whole content, and readers never see a mixture.
const LENGTH: usize = 2048;

/// The notes of a database.
#[derive(Debug, Clone)]
pub struct Notes {
    /// `None` if there is no place beside the database.
    file: Option<DatabaseNote>,
    server: String,
}

/// The content of the notes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// The server, without user and password. Notes about another server are ignored.
    server: String,
    /// End of the cooldown, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_alone_until: Option<i64>,
    /// Time of the measurement, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_at: Option<i64>,
    /// The measured costs; classes may be missing.
    #[serde(default)]
    pub costs: Vec<Cost>,
}

/// The measured costs of a class of queries on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The class.
    pub class: Class,
    /// Median time of an answer from the cache, in microseconds.
    pub hit_us: f64,
    /// Median time of an answer from the database, in microseconds.
    pub database_us: f64,
}

impl Cost {
    /// Whether the cache is faster.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.hit_us < self.database_us
    }
}

impl Noted {
    /// Whether to cache a class. Without measurements, only expensive queries are cached.
    #[must_use]
    pub fn wants(&self, class: Class, policy: CachePolicy) -> bool {
        match policy {
            CachePolicy::Always => true,
            CachePolicy::Never => false,
            CachePolicy::Auto => self.cost(class).map_or(class == Class::Analytics, |it| it.pays()),
        }
    }

    /// The measured cost of a class.
    #[must_use]
    pub fn cost(&self, class: Class) -> Option<Cost> {
        self.costs.iter().find(|it| it.class == class).copied()
    }

    /// The remaining cooldown at `now`, in seconds since 1970. A time too far in the future comes from a wrong clock,
    /// and is ignored.
    #[must_use]
    pub fn left_alone(&self, now: i64) -> Duration {
        let left = self.left_alone_until.and_then(|until| u64::try_from(until.checked_sub(now)?).ok());
        left.map(Duration::from_secs).filter(|it| *it <= LEFT_ALONE).unwrap_or_default()
    }
}

impl Notes {
    /// The notes about this server, beside this database.
    #[must_use]
    pub fn of(database: &Location, server: &RedisServer) -> Self {
        Self { file: DatabaseNote::of(database, "-redis"), server: server.to_string() }
    }

    /// Reads the notes; empty if the file is missing or invalid.
    #[must_use]
    pub fn read(&self) -> Noted {
        let nothing = || Noted { server: self.server.clone(), ..Noted::default() };
        let Some(Ok(Some(file))) = self.file.as_ref().map(DatabaseNote::read) else { return nothing() };
        let mut text = Vec::new();
        let read = file.take(LENGTH as u64).read_to_end(&mut text);
        let noted = read.ok().and_then(|_| serde_json::from_slice::<Noted>(&text).ok());
        noted.filter(|it| it.server == self.server).unwrap_or_else(nothing)
    }

    /// Replaces the notes.
    pub fn write(&self, noted: &Noted) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut text = serde_json::to_vec(noted)?;
        if text.len() > LENGTH {
            return Err(io::Error::other("the notes are too long"));
        }
        text.resize(LENGTH, b' ');
        file.edit_or_create()?.write_all(&text)
    }

    /// Records a failure, which starts the cooldown.
    pub(super) fn leave_alone(&self, now: i64) {
        let noted = Noted { left_alone_until: Some(now.saturating_add_unsigned(LEFT_ALONE.as_secs())), ..self.read() };
        if let Err(error) = self.write(&noted) {
            tracing::debug!(file = ?self.file, %error, "cannot record the cooldown of Redis");
        }
    }

    /// Records an answer, which ends the cooldown.
    pub(super) fn answered(&self) {
        let noted = Noted { left_alone_until: None, ..self.read() };
        let done = match &self.file {
            Some(file) if noted.costs.is_empty() => fs::remove_file(file.path()),
            _ => self.write(&noted),
        };
        if let Err(error) = done {
            tracing::debug!(file = ?self.file, %error, "cannot record the end of Redis's cooldown");
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Cost, Noted, Notes};
    use crate::cache::Class;
    use crate::model::Location;
    use crate::settings::{RedisAddress, RedisServer};

    fn notes(folder: &Path, port: u16) -> Notes {
        fs::write(folder.join("skills.db"), "").expect("a database");
        let server = RedisServer {
            address: RedisAddress::Tcp { host: "h".into(), port, tls: false },
            user: None,
            password: Some(String::from("hunter2").into()),
            database: 0,
            root_certificates: None,
        };
        Notes::of(&Location::File(folder.join("skills.db")), &server)
    }

    fn file(folder: &Path) -> PathBuf {
        folder.join("skills.db-redis")
    }

    #[test]
    fn notes_survive_a_round_trip_for_one_server_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = |port| notes(folder.path(), port);
        assert_eq!(notes(1).read(), Noted { server: "h:1/0".into(), ..Noted::default() });
        let costs = Class::ALL.map(|class| Cost { class, hit_us: 123_456.789, database_us: 1e6 / 3.0 }).to_vec();
        let known = Noted { measured_at: Some(i64::MAX), costs, ..notes(1).read() };
        notes(1).write(&known).expect("it fits");
        assert_eq!(notes(1).read(), known);
        assert_eq!(notes(2).read(), Noted { server: "h:2/0".into(), ..Noted::default() });
        let text = fs::read_to_string(file(folder.path())).expect("a file");
        assert!(!text.contains("hunter2") && text.len() == super::LENGTH, "{text}");
    }

    #[test]
    fn the_cooldown_is_thirty_seconds() {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = notes(folder.path(), 1);
        notes.leave_alone(1000);
        let alone = |now| notes.read().left_alone(now).as_secs();
        assert_eq!([999, 1000, 1029, 1030, i64::MIN, i64::MAX].map(alone), [0, 30, 1, 0, 0, 0]);
        notes.answered();
        assert!(!file(folder.path()).exists(), "nothing is known any more");
        let costs = vec![Cost { class: Class::Load, hit_us: 1.0, database_us: 2.0 }];
        notes.write(&Noted { costs, ..notes.read() }).expect("it is written");
        notes.leave_alone(1000);
        notes.answered();
        assert!(
            alone(1000) == 0 && notes.read().cost(Class::Load).is_some_and(|it| it.pays()),
            "what was measured stays"
        );
    }

    #[test]
    fn invalid_notes_are_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let (notes, file) = (notes(folder.path(), 1), file(folder.path()));
        for text in ["", "{", "[]", "{\"server\":\"h:1/0\",\"left_alone_until\":\"x\"}"] {
            fs::write(&file, text).expect("a file");
            assert_eq!(notes.read(), Noted { server: "h:1/0".into(), ..Noted::default() }, "{text}");
        }
        fs::remove_file(&file).expect("it goes");
        let target = folder.path().join("precious");
        fs::write(&target, "text").expect("a file");
        std::os::unix::fs::symlink(&target, &file).expect("a link");
        assert!(notes.write(&notes.read()).is_err());
        assert_eq!(fs::read_to_string(&target).expect("a file"), "text", "a link is not followed");
        fs::remove_file(&file).expect("it goes");
        let pipe = rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, 0o600.into(), 0);
        pipe.expect("a pipe");
        notes.leave_alone(1000);
        assert_eq!(notes.read().left_alone_until, None, "a pipe is not waited for");
    }
}
