//! The primary that `cfn sync --watch` stays connected to.

use std::thread;
use std::time::{Duration, Instant};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{self, FollowError};
use crate::store::Store;
use crate::store::following::{Bell, FollowSource};

/// How often it is asked whether the connection is there on which nothing was heard.
const SILENCE: Duration = Duration::from_secs(30);

/// A connection to pull over, and one to hear of decisions.
pub(super) struct Watched<'a> {
    context: &'a Context,
    /// The primary of the connections.
    url: String,
    source: Option<Box<dyn FollowSource>>,
    bell: Option<Box<dyn Bell>>,
    /// When the bell was known to be there.
    heard: Instant,
    /// Whether it was said that nothing is heard.
    said_deaf: bool,
}

impl<'a> Watched<'a> {
    pub(super) fn of(context: &'a Context) -> Self {
        Self { context, url: String::new(), source: None, bell: None, heard: Instant::now(), said_deaf: false }
    }

    /// Pushes and pulls, if the database follows a primary. After a failure, the next turn connects again.
    pub(super) fn pull(&mut self, store: &mut dyn Store) -> Result<(), Failure> {
        let Some(following) = ops::following(store)? else {
            (self.source, self.bell) = (None, None);
            return Ok(());
        };
        if self.url != following.url {
            (self.source, self.bell, self.url) = (None, None, following.url);
        }
        let pulled = self.connected_pull(store);
        if pulled.is_err() {
            (self.source, self.bell) = (None, None);
        }
        pulled
    }

    fn connected_pull(&mut self, store: &mut dyn Store) -> Result<(), Failure> {
        // Before the pull, so that nothing falls between them.
        self.listen()?;
        let source = if let Some(source) = &mut self.source {
            source
        } else {
            let connected = self.context.primary(&self.url)?();
            self.source.insert(connected.map_err(|why| Failure::from(FollowError::Unreachable { why }))?)
        };
        let report = ops::pull_from(store, source.as_mut())?;
        self.context.warn_of_pull(&report);
        if report.changed_something() { self.context.output.answer(&report) } else { Ok(()) }
    }

    fn listen(&mut self) -> Result<(), Failure> {
        let is_heard = self.bell.as_ref().is_some_and(|it| it.is_heard());
        if is_heard && self.heard.elapsed() > SILENCE {
            self.heard = Instant::now();
            self.bell = self.bell.take().and_then(|mut it| it.is_there().then_some(it));
        }
        if self.bell.is_none() {
            let bell = self.context.bell(&self.url)?;
            if !bell.is_heard() && !self.said_deaf {
                self.said_deaf = true;
                let seconds = self.context.settings.follow_pause()?.as_secs();
                self.context.output.note(&format!(
                    "no notifications arrive from the primary, perhaps because of a pooler: it is asked every {seconds} s"
                ));
            }
            (self.bell, self.heard) = (Some(bell), Instant::now());
        }
        Ok(())
    }

    /// Waits; returns early whether the primary told of a decision.
    pub(super) fn is_told_within(&mut self, limit: Duration) -> bool {
        let since = Instant::now();
        let is_told = self.bell.as_mut().filter(|it| it.is_heard()).is_some_and(|it| it.wait(limit));
        if is_told {
            self.heard = Instant::now();
        } else {
            thread::sleep(limit.saturating_sub(since.elapsed()));
        }
        is_told
    }
}
