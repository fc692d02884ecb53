//! `bootstrap_skills`: the skills that every agent loads first.

use rusqlite::{Connection, Result};

use super::rows::{Fields, collect, is_set};
use crate::model::Bootstrap;

pub(super) fn enabled(connection: &Connection) -> Result<Vec<Bootstrap>> {
    collect(
        connection,
        concat!(
            "SELECT skill_name, file_path, load_order, description, content_hash FROM bootstrap_skills b WHERE ",
            is_set!("enabled"),
            " AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = b.content_hash
               AND e.event IN ('revoked', 'purged')) ORDER BY load_order"
        ),
        [],
        |row| {
            let mut fields = Fields::new("bootstrap_skills", row);
            Ok(Bootstrap {
                name: fields.text()?,
                file_path: fields.text()?,
                load_order: fields.number()?.unwrap_or_default(),
                description: fields.maybe_text()?,
                content_hash: fields.maybe_text()?,
            })
        },
    )
}
