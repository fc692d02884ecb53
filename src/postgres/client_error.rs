//! What the client says when something fails.

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity};

/// The client's result.
pub type ClientResult<T> = std::result::Result<T, Error>;

/// Whether the server or a pooler ended the connection with it, whatever the reason, or the connection is lost (08).
#[must_use]
pub fn ends_the_connection(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    matches!(severity, Some(Severity::Fatal | Severity::Panic))
        || error.code().is_some_and(|it| it.code().starts_with("57P0") || it.code().starts_with("08"))
}

/// The server's message, which the client's error hides, on one line.
#[must_use]
pub fn sentence(error: &Error) -> String {
    let Some(said) = error.as_db_error() else { return with_causes(error) };
    let detail = said.detail().map(|it| format!(" ({it})")).unwrap_or_default();
    format!("{}{detail} [{}]", said.message(), said.code().code())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
