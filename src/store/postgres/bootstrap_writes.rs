//! Writes to `bootstrap_skills`.

use super::fields::Fields;
use super::parameters::{big, maybe_text, text};
use super::state::State;
use super::verified::{changed, skipped};
use crate::model::{Bootstrap, ContentHash, Moment};
use crate::store::{BootstrapWrites, Result};

const ADD: &str = concat!(
    "WITH w AS (INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, created_at, updated_at)
   VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM w UNION ALL ",
    skipped!(
        "bootstrap_skills",
        "NOT EXISTS (SELECT FROM w) AND NOT EXISTS (SELECT FROM bootstrap_skills WHERE skill_name = $1 OR load_order = $3)"
    )
);

const BIND: &str = changed!(
    "bootstrap_skills",
    "content_hash = $2, updated_at = to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
    "skill_name = $1 AND content_hash IS NULL"
);

const WITH: &str = "SELECT skill_name FROM bootstrap_skills WHERE content_hash = $1 ORDER BY skill_name COLLATE \"C\"";

const DISABLE: &str =
    changed!("bootstrap_skills", "enabled = 0, updated_at = $2", "content_hash = $1 AND enabled <> 0");

impl BootstrapWrites for State<'_> {
    fn add_bootstrap(&mut self, bootstrap: &Bootstrap, now: Moment) -> Result<bool> {
        let added = self.session.counted(
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
            self.session.counted(DISABLE, &[text(content_hash), text(now.as_str())])?;
        }
        rows.iter().map(|row| Fields::new("bootstrap_skills", row).text()).collect()
    }
}
