//! Removes what is left of erased bytes in the tables. The server's log, backups and replicas have copies of their own.

use super::PostgresStore;
use super::beginning::Beginning;
use super::parameters::text;
use crate::store::{Result, ScrubReport};

/// Rewrites a table without the rows that are gone. The server quotes the names, which cannot be parameters of VACUUM.
const REWRITE: &str = "SELECT format('VACUUM (FULL) %I.%I', $1, name)
     FROM unnest(ARRAY['skill_contents', 'skill_versions', 'approval_history']) AS of (name)";

pub(super) fn run(store: &mut PostgresStore) -> Result<ScrubReport> {
    store.connected()?;
    let session = &store.session;
    session.begin(Beginning::Read);
    let statements = session.rows(REWRITE, &[text(session.schema())]);
    session.undo();
    for statement in statements? {
        session.script(&statement.get::<_, String>(0))?; // a VACUUM is no part of a transaction
    }
    let removed = crate::store::Store::search_index(store).clear()?;
    Ok(ScrubReport { removed_indexes: usize::from(removed), copies: Vec::new() })
}
