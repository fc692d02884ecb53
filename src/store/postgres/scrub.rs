//! Removes what is left of erased bytes in the tables. The server's log, backups and replicas have copies of their own.

use super::PostgresStore;
use super::beginning::Beginning;
use super::parameters::text;
use crate::store::{Result, ScrubReport};

/// Rewrites a table without the rows that are gone. The server quotes the names, which cannot be parameters of VACUUM.
const REWRITE: &str = "SELECT format('VACUUM (FULL) %I.%I', $1, name)
     FROM unnest(ARRAY['skill_contents', 'skill_versions', 'approval_history', 'other_values']) AS of (name)";

/// The owner of the tables, if this role is not one: the server skips a VACUUM of somebody else with a warning only.
const OTHER_OWNER: &str = "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
     WHERE oid IN ('skill_contents'::regclass, 'skill_versions'::regclass, 'approval_history'::regclass)
       AND NOT pg_has_role(relowner, 'USAGE')";

pub(super) fn run(store: &mut PostgresStore) -> Result<ScrubReport> {
    store.connected()?;
    let session = &store.session;
    session.begin(Beginning::Read);
    let (statements, other_owner) = (session.rows(REWRITE, &[text(session.schema())]), session.first(OTHER_OWNER, &[]));
    session.undo();
    if let Some(row) = other_owner? {
        return Err(session.place().not_the_owner(row.get(0)));
    }
    for statement in statements? {
        session.script(&statement.get::<_, String>(0))?; // a VACUUM is no part of a transaction
    }
    let removed = crate::store::Store::search_index(store).clear()?;
    Ok(ScrubReport { removed_indexes: usize::from(removed), copies: Vec::new() })
}
