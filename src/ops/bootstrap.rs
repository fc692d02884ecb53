//! The bootstrap skills of the old scripts: rows that name files of the project.

use super::error::Result;
use crate::clock::Clock;
use crate::model::Bootstrap;
use crate::store::{Durability, Store, write};

/// Names and descriptions, in the order of loading.
const SKILLS: [(&str, &str); 5] = [
    ("database-connection", "How to open the SQLite database, and to write in transactions"),
    ("bash-fundamentals", "How to write shell scripts that stop at the first error"),
    ("file-operations", "How to read and write files, and to resolve paths"),
    ("error-handling", "How to report errors, use exit codes, and recover"),
    ("skill-loader", "How agents load and cache skills of the database"),
];

/// Adds the rows whose name and position are free; returns their names. Agents get such a skill when its bytes are stored.
pub fn add_bootstrap(store: &mut dyn Store, clock: Clock) -> Result<Vec<String>> {
    write(store, Durability::Full, |tx| {
        let mut added = Vec::new();
        for ((name, description), load_order) in SKILLS.into_iter().zip(1..) {
            let bootstrap = Bootstrap {
                name: name.to_owned(),
                file_path: format!(".claude/skills/bootstrap/{name}.md"),
                load_order,
                description: Some(description.to_owned()),
                content_hash: None,
            };
            if tx.add_bootstrap(&bootstrap, clock.moment())? {
                added.push(bootstrap.name);
            }
        }
        Ok(added)
    })
}
