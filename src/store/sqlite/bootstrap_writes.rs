//! Writes to `bootstrap_skills`.

use rusqlite::{Connection, Result, params};

use super::rows::{Fields, collect, is_set};
use super::transaction::SqliteTransaction;
use super::verified::{clear, insert_if, update};
use crate::model::{Bootstrap, ContentHash, Moment};
use crate::store::{self, BootstrapWrites};

impl BootstrapWrites for SqliteTransaction<'_> {
    fn add_bootstrap(&mut self, bootstrap: &Bootstrap, now: Moment) -> store::Result<bool> {
        self.say(add(&self.inner, bootstrap, now))
    }

    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> store::Result<()> {
        self.say(bind(&self.inner, name, hash))
    }

    fn disable_bootstrap(&mut self, content_hash: &str, now: Moment) -> store::Result<Vec<String>> {
        self.say(disable(&self.inner, content_hash, now))
    }
}

fn add(connection: &Connection, bootstrap: &Bootstrap, now: Moment) -> Result<bool> {
    insert_if(
        connection,
        "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, created_at, updated_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?6
         WHERE NOT EXISTS (SELECT 1 FROM bootstrap_skills WHERE skill_name = ?1 OR load_order = ?3)",
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM bootstrap_skills WHERE skill_name = ?1 OR load_order = ?3)",
        params![
            bootstrap.name,
            bootstrap.file_path,
            bootstrap.load_order,
            bootstrap.description.as_deref().unwrap_or_default(),
            bootstrap.content_hash,
            now,
        ],
    )
}

fn bind(connection: &Connection, name: &str, hash: &ContentHash) -> Result<()> {
    update(
        connection,
        "UPDATE bootstrap_skills SET content_hash = ?2, updated_at = datetime('now')
         WHERE skill_name = ?1 AND content_hash IS NULL",
        params![name, hash.to_string()],
    )?;
    Ok(())
}

fn disable(connection: &Connection, content_hash: &str, now: Moment) -> Result<Vec<String>> {
    let sql = "SELECT skill_name FROM bootstrap_skills WHERE content_hash = ?1 ORDER BY skill_name COLLATE BINARY";
    let names = collect(connection, sql, [content_hash], |row| Fields::new("bootstrap_skills", row).text())?;
    let sql = concat!(
        "UPDATE bootstrap_skills SET enabled = 0, updated_at = ?2 WHERE content_hash = ?1 AND ",
        is_set!("enabled")
    );
    clear(connection, sql, params![content_hash, now])?;
    Ok(names)
}
