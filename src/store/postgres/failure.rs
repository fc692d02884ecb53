//! Translates PostgreSQL's errors.

use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::verified;
use crate::model::Location;
use crate::postgres::{NotConnected, Refusal, sentence};
use crate::settings::PostgresServer;
use crate::store::StoreError;

/// The database that an error is about.
#[derive(Debug, Clone)]
pub(super) struct Place {
    url: String,
    /// The same with the role.
    as_user: String,
    user: String,
    pub(super) lock_timeout: Duration,
}

/// A failure whose cause is another transaction, so that running again helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    /// A deadlock, or another transaction changed what this one read.
    Changed,
    /// Another transaction added the same key.
    Added,
    /// A row was not written: perhaps because another transaction wrote it meanwhile.
    Skipped,
}

impl Conflict {
    pub(super) fn of(error: &Error) -> Option<Self> {
        match error.code()?.code() {
            "40001" | "40P01" => Some(Self::Changed),
            "23505" => Some(Self::Added),
            _ => verified::table(error).map(|_| Self::Skipped),
        }
    }
}

impl Place {
    pub(super) fn new(server: &PostgresServer, lock_timeout: Duration) -> Self {
        let (url, as_user) = (server.url(), server.url_with_user());
        Self { url, as_user, user: server.user.clone().unwrap_or_default(), lock_timeout }
    }

    pub(super) fn location(&self) -> Location {
        Location::Server(self.url.clone())
    }

    /// There is no database yet. The hint is a command that makes it, as this user.
    pub(super) fn missing(&self) -> StoreError {
        StoreError::Missing { location: Location::Server(self.as_user.clone()) }
    }

    pub(super) fn not_connected(&self, error: NotConnected) -> StoreError {
        let location = self.location();
        match error {
            NotConnected::Setup(detail) | NotConnected::Host(detail, None) => {
                StoreError::Unreachable { location, detail }
            }
            NotConnected::Host(detail, Some(refusal)) => match refusal {
                Refusal::Restart => StoreError::Unreachable { location, detail },
                _ => StoreError::Refused { location, detail, refusal },
            },
        }
    }

    /// Translates the server's refusal of a statement. Only a version that is recorded with other bytes divides by zero.
    pub(super) fn refused(&self, error: &Error) -> StoreError {
        let (location, detail) = (self.location(), sentence(error));
        if error.code() == Some(&SqlState::DIVISION_BY_ZERO) {
            let detail = "the version is recorded with other bytes".to_owned();
            return StoreError::Failed { location, detail };
        }
        if let Some(table) = verified::table(error) {
            return self.skipped(table);
        }
        match error.code().map_or(Refusal::Other, |it| Refusal::of(it.code())) {
            Refusal::Schema | Refusal::ColumnType => StoreError::Damaged {
                location,
                detail: format!("{detail}; its schema is not the one that it says it has"),
            },
            Refusal::Rights => self.denied("use", detail),
            Refusal::ReadOnly => self.denied("write", detail),
            Refusal::Conflict => StoreError::Conflict { location, attempts: 1 },
            Refusal::Locked => StoreError::Busy { location, waited: self.lock_timeout },
            Refusal::Disk => StoreError::Full { location, detail },
            Refusal::Restart => StoreError::Unreachable { location, detail },
            refusal @ Refusal::Connections => StoreError::Refused { location, detail, refusal },
            _ => StoreError::Failed { location, detail },
        }
    }

    /// A row was not written.
    pub(super) fn skipped(&self, table: &str) -> StoreError {
        let detail =
            format!("a write to the table {table} had no effect, as if a trigger of another program skipped it");
        StoreError::Failed { location: self.location(), detail }
    }

    /// The role may not use the schema.
    pub(super) fn hidden(&self, schema: &str) -> StoreError {
        self.denied("use", format!("permission denied for schema {schema}"))
    }

    /// Only the owner of the tables may do that.
    pub(super) fn not_the_owner(&self, owner: &str) -> StoreError {
        self.denied("rewrite the tables of", format!("they belong to the role {owner}"))
    }

    fn denied(&self, action: &'static str, detail: String) -> StoreError {
        StoreError::Denied { location: self.location(), action, user: self.user.clone(), detail }
    }
}
