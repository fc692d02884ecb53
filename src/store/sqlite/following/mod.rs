//! A database that follows another one.

mod apply;
mod beginning;
mod contents;
mod state;

use self::state::Follows;
use std::path::PathBuf;

use super::{SqliteStore, backup};
use crate::store::following::{Applied, Batch, Content, FollowTarget, Known, TableRows};
use crate::store::{Durability, Result};

/// The purpose in the name of a saved database.
const WHY: &str = "before-follow";

impl SqliteStore {
    /// Runs work in a transaction if the database is as it was known, and commits it.
    fn if_unchanged<T>(
        &mut self,
        known: &Known,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let transaction = self.begin_write(Durability::Normal)?;
        let is_known =
            transaction.say(state::read(transaction.connection()))?.is_some_and(|it| it.state == known.state);
        if !is_known {
            return Ok(None);
        }
        let done = transaction.say(work(transaction.connection()))?;
        transaction.commit().map(|()| Some(done))
    }
}

impl FollowTarget for SqliteStore {
    fn known(&mut self) -> Result<Option<Known>> {
        let transaction = self.begin_read()?;
        transaction.say(state::read(transaction.connection()))
    }

    /// One statement sees one moment without a transaction around it.
    fn primary(&mut self) -> Result<Option<String>> {
        self.follow_the_name()?;
        self.require_tables()?;
        state::primary(&self.connection).map_err(|error| self.place.fail(&error))
    }

    fn own(&mut self) -> Result<Option<String>> {
        let transaction = self.begin_read()?;
        transaction.say(beginning::own(transaction.connection()))
    }

    fn follow(&mut self, url: &str, agents: Option<&[String]>, origin: &str) -> Result<Option<PathBuf>> {
        let (place, clock) = (self.place.clone(), self.clock);
        let transaction = self.begin_write(Durability::Full)?;
        let is_new = transaction.say(beginning::is_new(transaction.connection(), url))?;
        let holds = transaction.say(beginning::own(transaction.connection()))?;
        let saved = match holds.filter(|_| is_new) {
            Some(_) => Some(backup::beside(&place, WHY, clock)?),
            None => None,
        };
        transaction.say(beginning::follow(transaction.connection(), url, agents, origin))?;
        transaction.commit().map(|()| saved)
    }

    fn unfollow(&mut self) -> Result<()> {
        let transaction = self.begin_write(Durability::Full)?;
        transaction.say(beginning::unfollow(transaction.connection()))?;
        transaction.commit()
    }

    fn skill_ids(&mut self) -> Result<Vec<i64>> {
        let transaction = self.begin_read()?;
        transaction.say(apply::skill_ids(transaction.connection()))
    }

    fn hashes(&mut self) -> Result<Vec<String>> {
        let transaction = self.begin_read()?;
        transaction.say(contents::hashes(transaction.connection()))
    }

    fn missing(&mut self, named: &[String], told: &[String]) -> Result<Vec<String>> {
        let transaction = self.begin_read()?;
        transaction.say(contents::missing(transaction.connection(), named, told))
    }

    fn keep(&mut self, known: &Known, contents: &[Content]) -> Result<Option<Known>> {
        let kept = self.if_unchanged(known, |connection| {
            contents::keep(connection, contents)?;
            if known.is_untouched {
                state::settle(connection)?;
            }
            state::read(connection)
        })?;
        Ok(kept.flatten())
    }

    fn apply(&mut self, known: &Known, batch: &Batch) -> Result<Option<Applied>> {
        let now = self.clock.moment();
        let applied = self.if_unchanged(known, |connection| {
            if batch.keeps_uses && apply::loses_uses(connection, batch)? {
                return Ok(None);
            }
            let applied = apply::run(connection, batch)?;
            let follows = Follows { cursor: &batch.cursor, primary_time: &batch.time, pulled_at: now };
            state::note(connection, &follows)?;
            Ok(Some(applied))
        })?;
        Ok(applied.flatten())
    }

    fn followed_rows(&mut self) -> Result<Vec<TableRows>> {
        let transaction = self.begin_read()?;
        transaction.say(apply::all_rows(transaction.connection()))
    }

    fn damaged_contents(&mut self) -> Result<Vec<String>> {
        let transaction = self.begin_read()?;
        transaction.say(contents::damaged(transaction.connection()))
    }
}
