//! Writes to `bootstrap_skills`.

use super::fields::Fields;
use super::parameters::{big, maybe_text, text};
use super::state::State;
use crate::model::{Bootstrap, ContentHash, Moment};
use crate::store::{BootstrapWrites, Result};

const ADD: &str = "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING";

const BIND: &str = "UPDATE bootstrap_skills SET content_hash = $2,
     updated_at = to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
   WHERE skill_name = $1 AND content_hash IS NULL";

const WITH: &str = "SELECT skill_name FROM bootstrap_skills WHERE content_hash = $1 ORDER BY skill_name COLLATE \"C\"";

const DISABLE: &str =
    "UPDATE bootstrap_skills SET enabled = 0, updated_at = $2 WHERE content_hash = $1 AND enabled <> 0";

impl BootstrapWrites for State<'_> {
    fn add_bootstrap(&mut self, bootstrap: &Bootstrap, now: Moment) -> Result<bool> {
        let added = self.session.change(
            ADD,
            &[
                text(&bootstrap.name),
                text(&bootstrap.file_path),
                big(bootstrap.load_order),
                text(bootstrap.description.as_deref().unwrap_or_default()),
                maybe_text(bootstrap.content_hash.as_deref()),
                text(now.as_str()),
            ],
        )?;
        Ok(added > 0)
    }

    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> Result<()> {
        self.session.write(BIND, &[text(name), text(&hash.to_string())])
    }

    fn disable_bootstrap(&mut self, content_hash: &str, now: Moment) -> Result<Vec<String>> {
        let rows = self.session.rows(WITH, &[text(content_hash)])?;
        if !rows.is_empty() {
            self.session.change(DISABLE, &[text(content_hash), text(now.as_str())])?;
        }
        rows.iter().map(|row| Fields::new("bootstrap_skills", row).text()).collect()
    }
}
