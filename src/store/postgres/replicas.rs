//! Reads that a replica answers instead of the primary: one that has everything that this user wrote.

use std::thread;
use std::time::{Duration, Instant};

use super::failure::Place;
use super::position::Position;
use super::position_file::{Look, PositionFile};
use super::session::Session;
use super::{Options, PostgresStore};
use crate::settings::{PostgresServer, Replicas};
use crate::store::{FormerNames, Result};

/// How often a replica that is behind is asked again.
const PAUSE: Duration = Duration::from_millis(2);

/// Who answers.
enum Answers {
    Replica(Box<Candidate>),
    /// The primary, because every replica is behind or does not answer.
    Primary,
    /// The primary, because no replica is known to be one of it. What it answers is noted.
    PrimaryNoting(Look),
}

/// A database that is opened to read.
pub struct Reading {
    /// A replica, or the primary.
    pub store: PostgresStore,
    /// Whether it is a replica.
    pub is_replica: bool,
}

impl Reading {
    /// Opens a replica that has everything that this user wrote; the primary if none answers in time.
    pub fn open(primary: &PostgresServer, replicas: &Replicas, options: Options) -> Result<Self> {
        let (server, session, is_replica) = match choose(primary, replicas, options) {
            Answers::Replica(it) => (it.server, it.session, true),
            Answers::Primary => (primary.clone(), session_of(primary, options)?, false),
            Answers::PrimaryNoting(look) => {
                let session = session_of(primary, options)?;
                session.note_at_the_end(look);
                (primary.clone(), session, false)
            }
        };
        tracing::debug!(server = server.url(), "{} answers", if is_replica { "a replica" } else { "the primary" });
        Ok(Self { store: PostgresStore { server, session, options, former: FormerNames::default() }, is_replica })
    }
}

fn session_of(server: &PostgresServer, options: Options) -> Result<Session> {
    Session::open(server, Place::new(server, options.lock_timeout))
}

fn choose(primary: &PostgresServer, replicas: &Replicas, options: Options) -> Answers {
    let Some(path) = &primary.position_file else {
        tracing::debug!("no folder can keep what was written: set XDG_STATE_HOME or HOME");
        return Answers::Primary;
    };
    let look = match PositionFile::at(path).look() {
        Ok(look) => look,
        Err(error) => {
            tracing::debug!(%error, path = %path.display(), "what was written is not known");
            return Answers::Primary;
        }
    };
    let Some(required) = look.required().cloned() else {
        tracing::debug!("the primary has not been asked before, or the outcome of a write is unknown");
        return Answers::PrimaryNoting(look);
    };
    let mut candidates: Vec<_> = replicas.servers.iter().filter_map(|it| Candidate::connect(it, options)).collect();
    let deadline = Instant::now() + replicas.wait;
    let mut is_known = candidates.is_empty();
    loop {
        for at in 0..candidates.len() {
            match candidates[at].state(&required) {
                State::Ready => {
                    return Answers::Replica(Box::new(candidates.swap_remove(at)));
                }
                State::Behind => is_known = true,
                State::Other => candidates[at].session.give_up(),
            }
        }
        candidates.retain(|it| !it.session.is_closed());
        if candidates.is_empty() || Instant::now() >= deadline {
            break;
        }
        thread::sleep(PAUSE);
    }
    if is_known { Answers::Primary } else { Answers::PrimaryNoting(look) }
}

/// A replica that is connected.
struct Candidate {
    server: PostgresServer,
    session: Session,
}

enum State {
    Ready,
    Behind,
    /// It does not answer, or is no replica of this primary.
    Other,
}

impl Candidate {
    fn connect(server: &PostgresServer, options: Options) -> Option<Self> {
        match session_of(server, options) {
            Ok(session) => Some(Self { server: server.clone(), session }),
            Err(error) => {
                tracing::debug!(%error, "a replica does not answer");
                None
            }
        }
    }

    fn state(&self, required: &Position) -> State {
        match self.session.position(self.server.connect_timeout) {
            Ok(Some(position)) if position.shares_history(required) => {
                if position.lsn >= required.lsn {
                    State::Ready
                } else {
                    State::Behind
                }
            }
            Ok(found) => {
                tracing::debug!(server = self.server.url(), ?found, ?required, "this is no replica of the primary");
                State::Other
            }
            Err(error) => {
                tracing::debug!(server = self.server.url(), ?error, "a replica does not answer");
                State::Other
            }
        }
    }
}
