//! How a transaction begins: what its statements rely on, its locks, and the schema of the database.

use std::time::Duration;

use futures_util::future::join;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::schema_number::NUMBER;
use crate::postgres::ClientResult;
use crate::store::Durability;

/// The kind of a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beginning {
    /// One snapshot for all statements.
    Read,
    /// Each statement sees what was committed before it.
    Write(Durability),
    /// The same, without the lock that keeps other writers out.
    Unlocked,
    /// One snapshot for all statements, which may write; fails if another transaction changed what it changes.
    Fold,
}

/// Locks the whole schema: others wait.
const LOCK_ALL: &str = "SELECT pg_advisory_xact_lock(1667657216, hashtext(current_schema()))";

/// Locks names, in an order that is the same for all, and keeps out only those who lock the whole schema.
const LOCK_NAMES: &str = "SELECT pg_advisory_xact_lock_shared(1667657216, hashtext(current_schema())),
       (SELECT count(pg_advisory_xact_lock(1667657218, key)) FROM (
          SELECT DISTINCT hashtext(current_schema() || '/' || lower(name COLLATE \"C\")) AS key FROM unnest($1) AS of (name)
          ORDER BY 1) AS sorted)";

/// Locks the rows of these skills, against other programs and against transactions that name them otherwise. Not FOR UPDATE,
/// for which usage rows would wait.
const LOCK_ROWS: &str = "SELECT s.id FROM skills s WHERE s.id = ANY (ARRAY(
       SELECT n.id FROM unnest($1) AS of (name) JOIN skills n ON lower(n.name) = lower(of.name COLLATE \"C\")
       UNION ALL
       SELECT a.skill_id FROM unnest($1) AS of (name) JOIN cfn_aliases a ON lower(a.name) = lower(of.name COLLATE \"C\")))
     ORDER BY s.id FOR NO KEY UPDATE";

impl Beginning {
    /// Who may write is not said, so that a server, database or role that is read-only stays it.
    fn sql(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write(_) | Self::Unlocked => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Self::Fold => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        }
    }
}

/// A transaction that is about to begin.
pub(super) struct Opening {
    pub(super) beginning: Beginning,
    /// The names of the skills that it is about; `None` for everything.
    pub(super) claimed: Option<Vec<String>>,
    /// Whether the schema was checked before.
    pub(super) is_checked: bool,
}

/// What the server said.
pub(super) struct Opened {
    pub(super) begun: ClientResult<()>,
    /// The number of the schema, unless it was checked before.
    pub(super) number: Option<ClientResult<Option<i64>>>,
    pub(super) locked: ClientResult<()>,
}

/// The answers to what begins a transaction, to the writes that waited, and to a call.
pub(super) type Answers<T> = (Option<Opened>, ClientResult<()>, ClientResult<T>);

/// Begins a transaction with its locks.
pub(super) async fn open(client: &Client, opening: Option<&Opening>, schema: &str, wait: Duration) -> Option<Opened> {
    let Opening { beginning, claimed, is_checked } = opening?;
    let begun = join(begin(client, *beginning, schema, wait), number(client, *is_checked));
    let ((begun, number), locked) = join(begun, lock(client, *beginning, claimed.as_deref())).await;
    Some(Opened { begun, number: (!is_checked).then_some(number), locked })
}

/// Begins a transaction, and sets what its statements rely on. Reads wait for locks too: those of who changes the schema. Nothing
/// is compiled: a report's plan looks expensive where the log is long, and then the compiler takes a second of a report's 20 ms.
async fn begin(client: &Client, beginning: Beginning, schema: &str, wait: Duration) -> ClientResult<()> {
    let settings = "SELECT set_config('search_path', quote_ident($1) || ', pg_temp', true),
           set_config('lock_timeout', $2, true), set_config('jit', 'off', true),
           CASE WHEN $3 THEN set_config('synchronous_commit', 'off', true) END";
    let timeout = format!("{}ms", wait.as_millis().max(1));
    let is_lazy = matches!(beginning, Beginning::Write(Durability::Normal));
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&schema, Type::TEXT), (&timeout, Type::TEXT), (&is_lazy, Type::BOOL)];
    let (begun, set) =
        join(client.execute_typed(beginning.sql(), &[]), client.query_typed(settings, &parameters)).await;
    begun.and(set).map(|_| ())
}

/// Takes the locks of a transaction that writes. What is read after them is what earlier writers committed.
async fn lock(client: &Client, beginning: Beginning, claimed: Option<&[String]>) -> ClientResult<()> {
    match (beginning, claimed) {
        (Beginning::Read | Beginning::Unlocked | Beginning::Fold, _) => {}
        (Beginning::Write(_), None) => drop(client.query_typed(LOCK_ALL, &[]).await?),
        (Beginning::Write(_), Some(names)) => {
            let names: [(&(dyn ToSql + Sync), Type); 1] = [(&names, Type::TEXT_ARRAY)];
            let (claimed, rows) =
                join(client.query_typed(LOCK_NAMES, &names), client.query_typed(LOCK_ROWS, &names)).await;
            claimed.and(rows)?;
        }
    }
    Ok(())
}

/// The number of the schema, unless it was checked before.
async fn number(client: &Client, is_checked: bool) -> ClientResult<Option<i64>> {
    if is_checked {
        return Ok(None);
    }
    client.query_typed(NUMBER, &[]).await?.first().map(|row| row.try_get(0)).transpose()
}

/// Undoes the transaction, and tells whether there is a schema that this role may not use.
pub(super) async fn is_hidden(client: &Client, schema: &str) -> ClientResult<bool> {
    const HIDDEN: &str = "SELECT 1 FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')";
    client.batch_execute("ROLLBACK").await?;
    Ok(!client.query_typed(HIDDEN, &[(&schema, Type::TEXT)]).await?.is_empty())
}
