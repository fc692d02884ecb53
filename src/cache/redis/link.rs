//! A connection that runs the client library's commands and pipelines.

use std::io::{self, BufReader, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Cmd, ConnectionLike, ErrorKind, RedisError, RedisResult, Value, cmd};

use super::reply;
use super::wire::Wire;
use crate::settings::RedisServer;

/// A connection to a server. Commands and pipelines of the client library are run with their `query(&mut link)`.
pub struct Link {
    wire: BufReader<Wire>,
    /// `AUTH` and `SELECT`, sent with the first commands to save a round trip.
    greeting: Vec<Cmd>,
    database: i64,
    patience: Duration,
    open: bool,
}

/// A pending connection.
pub(super) struct Connecting {
    link: Receiver<io::Result<Link>>,
}

impl Link {
    /// Connects. `patience` limits connecting, and each pipeline on the connection.
    pub fn connect(server: &RedisServer, patience: Duration) -> RedisResult<Self> {
        Connecting::start(server, patience).wait(patience)
    }

    /// Sets the time limit of each pipeline.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    fn begin(server: &RedisServer, patience: Duration) -> io::Result<Self> {
        let wire = BufReader::new(Wire::connect(server, Instant::now() + patience)?);
        let database = i64::from(server.database);
        Ok(Self { wire, greeting: greeting(server), database, patience, open: true })
    }

    /// Sends packed commands, and reads `count` replies.
    fn converse(&mut self, packed: &[u8], count: usize) -> RedisResult<Vec<Value>> {
        if !self.open {
            return Err(RedisError::from((ErrorKind::Io, "the connection is closed")));
        }
        self.open = false; // unless all of it goes well
        let greeting = std::mem::take(&mut self.greeting);
        let mut request: Vec<u8> = greeting.iter().flat_map(Cmd::get_packed_command).collect();
        request.extend(packed);
        self.wire.get_mut().set_limit(Instant::now() + self.patience);
        self.wire.get_mut().write_all(&request)?;
        self.wire.get_mut().flush()?;
        let mut left = reply::MOST_BYTES;
        for _ in greeting {
            reply::read(&mut self.wire, &mut left)?.extract_error()?;
        }
        let replies = (0..count).map(|_| reply::read(&mut self.wire, &mut left)).collect::<io::Result<_>>()?;
        if !self.wire.buffer().is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the server sent unrequested data").into());
        }
        self.open = true;
        Ok(replies)
    }
}

fn greeting(server: &RedisServer) -> Vec<Cmd> {
    let mut greeting = Vec::new();
    if let Some(password) = &server.password {
        let mut auth = cmd("AUTH");
        auth.arg(server.user.as_deref()).arg(password.reveal());
        greeting.push(auth);
    }
    if server.database != 0 {
        let mut select = cmd("SELECT");
        select.arg(server.database);
        greeting.push(select);
    }
    greeting
}

/// What went wrong, for people.
pub(super) fn sentence(error: &RedisError) -> String {
    if error.is_timeout() { "it did not answer in time".to_owned() } else { error.to_string() }
}

impl Connecting {
    /// Starts connecting on a thread, so that the caller can do other work, and a hanging name resolution does not
    /// block it.
    pub(super) fn start(server: &RedisServer, patience: Duration) -> Self {
        let (sender, link) = mpsc::sync_channel(1);
        let server = server.clone();
        let started = thread::Builder::new().name("redis".to_owned()).spawn(move || {
            // The receiver may have given up.
            let _ = sender.send(Link::begin(&server, patience));
        });
        if let Err(error) = started {
            tracing::debug!(%error, "no thread could be started"); // the closed channel tells the receiver
        }
        Self { link }
    }

    pub(super) fn wait(self, patience: Duration) -> RedisResult<Link> {
        match self.link.recv_timeout(patience) {
            Ok(connected) => Ok(connected?),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other("no thread could be started").into()),
        }
    }
}

impl ConnectionLike for Link {
    fn req_packed_command(&mut self, packed: &[u8]) -> RedisResult<Value> {
        let replies = self.converse(packed, 1)?;
        let none = || RedisError::from((ErrorKind::Client, "there is no reply"));
        replies.into_iter().next().ok_or_else(none)?.extract_error()
    }

    fn req_packed_commands(&mut self, packed: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let mut replies = self.converse(packed, offset + count)?;
        replies.drain(..offset);
        Ok(replies)
    }

    fn get_db(&self) -> i64 {
        self.database
    }

    fn check_connection(&mut self) -> bool {
        cmd("PING").exec(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.open
    }
}
