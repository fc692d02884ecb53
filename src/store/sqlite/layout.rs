//! The objects of a file and their columns, as SQLite describes them. Adoption, upgrade and `db check` compare them
//! with those of a new database.

use rusqlite::{Connection, Error, Result};

/// A schema object with its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// `table`, `index`, `view` or `trigger`.
    pub(super) kind: String,
    pub(super) name: String,
    /// The table that it belongs to.
    pub(super) table: String,
    pub(super) sql: String,
}

/// A column of a table.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// Its position in the primary key, from 1; 0 if it is not part of it.
    pub(super) key: i64,
    /// Whether its values are computed from those of other columns, so that it cannot be written.
    pub(super) generated: bool,
}

/// A column that refers to another table.
pub(super) struct Reference {
    pub(super) column: String,
    pub(super) table: String,
    /// The column that it refers to.
    pub(super) to: String,
    pub(super) on_update: String,
    pub(super) on_delete: String,
}

/// The object with the name of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Nothing,
    /// A table whose rows have row ids.
    Table,
    /// A table `WITHOUT ROWID`.
    Keyed,
    View,
    Virtual,
}

impl Relation {
    /// A description with its article.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Table => "a table",
            Self::Keyed => "a table without row ids",
            Self::View => "a view",
            Self::Virtual => "a virtual table",
        }
    }
}

/// All objects, or those of one kind, in order of creation.
pub(super) fn objects(connection: &Connection, kind: Option<&str>) -> Result<Vec<Object>> {
    connection
        .prepare(
            "SELECT type, name, tbl_name, sql FROM sqlite_master
             WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND (?1 IS NULL OR type = ?1) ORDER BY rowid",
        )?
        .query_map([kind], |row| {
            Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
        })?
        .collect()
}

/// The columns of a table or view; empty if there is none.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    connection
        .prepare(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden IN (2, 3) FROM pragma_table_xinfo(?1) WHERE hidden <> 1",
        )?
        .query_map([table], |row| {
            Ok(Column {
                name: row.get(0)?,
                kind: row.get(1)?,
                not_null: row.get(2)?,
                default: row.get(3)?,
                key: row.get(4)?,
                generated: row.get(5)?,
            })
        })?
        .collect()
}

/// The references of a table to others.
pub(super) fn references(connection: &Connection, table: &str) -> Result<Vec<Reference>> {
    connection
        .prepare(
            "SELECT \"from\", \"table\", coalesce(\"to\", 'id'), on_update, on_delete
             FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
        )?
        .query_map([table], |row| {
            Ok(Reference {
                column: row.get(0)?,
                table: row.get(1)?,
                to: row.get(2)?,
                on_update: row.get(3)?,
                on_delete: row.get(4)?,
            })
        })?
        .collect()
}

/// The collation of a column.
pub(super) fn collation(connection: &Connection, table: &str, column: &str) -> Result<String> {
    let (_, collation, ..) = connection.column_metadata(None::<&str>, table, column)?;
    Ok(collation.map_or_else(|| "BINARY".to_owned(), |it| it.to_string_lossy().into_owned()))
}

/// The unique indexes of a table, of its constraints too, each with whether it is partial.
pub(super) fn unique_indexes(connection: &Connection, table: &str) -> Result<Vec<(String, bool)>> {
    connection
        .prepare("SELECT name, partial FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY seq DESC")?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The columns of an index, each with its collation; `None` for an expression.
pub(super) fn index_columns(connection: &Connection, index: &str) -> Result<Vec<(Option<String>, String)>> {
    connection
        .prepare("SELECT name, coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno")?
        .query_map([index], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The object with this name. Views are not read.
pub(super) fn relation(connection: &Connection, name: &str) -> Result<Relation> {
    let sql = "SELECT type, rootpage FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([name])?;
    let Some(row) = rows.next()? else { return Ok(Relation::Nothing) };
    Ok(match (row.get_ref(0)?.as_str()?, row.get::<_, i64>(1)?) {
        ("view", _) => Relation::View,
        (_, 0) => Relation::Virtual,
        _ => match connection.prepare(&format!("SELECT rowid FROM {}", quoted(name))) {
            Ok(_) => Relation::Table,
            Err(Error::SqlInputError { .. }) => Relation::Keyed,
            Err(error) => return Err(error),
        },
    })
}

/// Whether there is an object of this kind and name.
pub(super) fn exists(connection: &Connection, kind: &str, name: &str) -> Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = ?1 AND name = ?2 COLLATE NOCASE)",
        [kind, name],
        |row| row.get(0),
    )
}

/// Quotes an identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
