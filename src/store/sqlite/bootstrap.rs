//! `bootstrap_skills`: the skills that every agent loads first.

use rusqlite::{Connection, Result};

use super::rows::{Fields, collect};
use crate::model::Bootstrap;

/// Those that are not revoked, enabled or not: the word in `enabled` is read by [`Fields::is_set`].
const SQL: &str = "SELECT skill_name, enabled, file_path, load_order, description, content_hash FROM bootstrap_skills b
     WHERE NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = b.content_hash AND e.event IN ('revoked', 'purged'))
     ORDER BY load_order";

pub(super) fn enabled(connection: &Connection) -> Result<Vec<Bootstrap>> {
    let rows = collect(connection, SQL, [], |row| {
        let mut fields = Fields::new("bootstrap_skills", row);
        let name = fields.text()?;
        if !fields.is_set()? {
            return Ok(None);
        }
        Ok(Some(Bootstrap {
            name,
            file_path: fields.text()?,
            load_order: fields.number()?.unwrap_or_default(),
            description: fields.maybe_text()?,
            content_hash: fields.maybe_text()?,
        }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}
