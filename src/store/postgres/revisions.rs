//! Revisions: the hash of one random row for each transaction that wrote, while the triggers that add these rows are the
//! ones that the migration made.

use super::fields::Fields;
use super::session::Session;
use super::state::State;
use crate::model::{CacheKey, Revision, Tables};
use crate::store::{Result, Revisions};

/// There is a row only while all triggers are there, unchanged and on. One that was off for a while, or a table that was
/// rewritten, changes the state of the triggers.
const REVISION: &str = "SELECT d.value, k.value, t.state || sha256((SELECT string_agg(token, ''::bytea ORDER BY token) FROM cfn_revisions))
   FROM cfn_triggers t JOIN cfn_metadata s ON s.name = 'catalogue_triggers' AND s.value = t.shape
   JOIN cfn_metadata d ON d.name = 'database_id' JOIN cfn_metadata k ON k.name = 'cache_key'";

impl Revisions for State<'_> {
    fn revision(&self, of: Tables) -> Result<Option<Revision>> {
        revision(self.session, of)
    }
}

/// The usage log has none: its writers would all have to add a row, and reports are fast without a cache.
fn revision(session: &Session, of: Tables) -> Result<Option<Revision>> {
    if of == Tables::CatalogueAndUsage {
        return Ok(None);
    }
    let Some(row) = session.first(REVISION, &[])? else { return Ok(None) };
    let mut fields = Fields::new("cfn_metadata", &row);
    let (database, key, state): (Vec<u8>, Vec<u8>, Option<Vec<u8>>) = (fields.get()?, fields.get()?, fields.get()?);
    let (Ok(database), Ok(key), Some(state)) = (database.try_into(), key.try_into(), state) else { return Ok(None) };
    Ok(Some(Revision::new(database, state, CacheKey(key))))
}
