//! Determines the schema of a file: from the number in its header, and if necessary from its tables.
//!
//! A file with any of cfn's own tables is never taken for a legacy one: adoption approves the active skills of a layout
//! without approvals, which might have been rejected since.

use rusqlite::Connection;

use super::failure::Place;
use super::layout::{self, Column, Object, Relation};
use super::schema::{self, CURRENT, FIRST};
use crate::model::{Version, Visible};
use crate::store::{Result, StoreError};

/// The state of a file's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Current, or a newer minor one, which only has additions.
    Current,
    /// Needs a migration.
    Older(Older),
}

/// An older schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Older {
    /// A layout of the old scripts.
    Legacy {
        /// Its declared version.
        version: String,
    },
    /// An older schema of cfn.
    Numbered {
        /// The number in the header.
        number: i64,
        /// Whether the header lacks it: a reloaded dump has it only in `schema_versions`.
        lost: bool,
    },
}

impl Older {
    /// `v3.0.0`, or the declared version of a legacy database.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Legacy { version } => version.clone(),
            Self::Numbered { number, .. } => schema::name_of(*number),
        }
    }
}

/// The tables of the old scripts; all others are cfn's.
const LEGACY: [&str; 9] = [
    "skills",
    "approval_history",
    "agent_skill_mappings",
    "skill_usage_log",
    "bootstrap_skills",
    "approval_criteria_templates",
    "phase4_skill_generation",
    "edge_case_tracking",
    "schema_versions",
];

/// Reads the header, and examines the tables only if necessary.
pub(super) fn of(connection: &Connection, place: &Place) -> Result<State> {
    if let Some(state) = by_number(connection, place)? {
        return Ok(state);
    }
    // Read everything in one transaction: another process may be migrating the file.
    let begun = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose();
    let _snapshot = begun.map_err(|error| place.fail(&error))?;
    match by_number(connection, place)? {
        Some(state) => Ok(state),
        None => older(connection, place).map(State::Older),
    }
}

/// The state by the number in the header; `None` if that is not enough.
fn by_number(connection: &Connection, place: &Place) -> Result<Option<State>> {
    let number = schema::version(connection).map_err(|error| place.fail(&error))?;
    if number / 1000 > CURRENT / 1000 {
        return Err(newer(place, schema::name_of(number)));
    }
    Ok(schema::is_ours(number).then_some(State::Current))
}

fn newer(place: &Place, found: String) -> StoreError {
    StoreError::Newer { location: place.location(), found, known: schema::name_of(CURRENT) }
}

fn older(connection: &Connection, place: &Place) -> Result<Older> {
    let number = schema::version(connection).map_err(|error| place.fail(&error))?;
    let recorded = recorded_version(connection).map_err(|error| place.fail(&error))?;
    let version = recorded.as_deref().and_then(Version::lenient);
    let header = (number >= FIRST).then_some(number);
    let record = match &version {
        Some(found) if found.major() > (CURRENT / 1000).unsigned_abs() => {
            return Err(newer(place, format!("v{found}")));
        }
        Some(found) => schema::number_of(*found).filter(|it| *it >= FIRST),
        None => None,
    };
    let Some(known) = header.max(record) else {
        require_legacy(connection, place)?;
        let version = version.map_or_else(|| "v1".to_owned(), |it| format!("v{it}"));
        return Ok(Older::Legacy { version });
    };
    match contradiction(connection, known).map_err(|error| place.fail(&error))? {
        Some(why) => Err(damaged(place, format!("it has schema {}, and {why}", schema::name_of(known)))),
        None => Ok(Older::Numbered { number: known, lost: header != Some(known) }),
    }
}

fn damaged(place: &Place, detail: String) -> StoreError {
    StoreError::Damaged { location: place.location(), detail }
}

/// The first deviation from the declared schema: a missing object, or one of a later schema.
fn contradiction(connection: &Connection, number: i64) -> rusqlite::Result<Option<String>> {
    let (then, now) = (schema::at(number)?, schema::at(CURRENT)?);
    if let Some(lack) = lacks(connection, &then)?.into_iter().next() {
        return Ok(Some(lack));
    }
    let later = |name: &str| -> rusqlite::Result<bool> {
        Ok(!layout::exists(&then, "table", name)? && layout::relation(connection, name)? != Relation::Nothing)
    };
    for table in layout::objects(&now, Some("table"))? {
        if later(&table.name)? {
            return Ok(Some(format!("the table {} of a later one", table.name)));
        }
    }
    Ok(None)
}

/// The tables and columns of `wanted` that are missing or different.
pub(super) fn lacks(connection: &Connection, wanted: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut lacks = Vec::new();
    for Object { name: table, .. } in layout::objects(wanted, Some("table"))? {
        let columns = layout::columns(wanted, &table)?;
        let found = layout::relation(connection, &table)?;
        if found == Relation::Nothing {
            lacks.push(format!("no table {table}"));
        } else if let Some(why) = misfit(&found, &table, &columns) {
            lacks.push(why);
        } else {
            let present = layout::columns(connection, &table)?;
            let absent =
                columns.iter().filter(|it| !present.iter().any(|there| there.name.eq_ignore_ascii_case(&it.name)));
            lacks.extend(absent.map(|it| format!("no column {table}.{}", it.name)));
            lacks.extend(computed(&present, &columns).map(|it| format!("{it} of the table {table}")));
        }
    }
    Ok(lacks)
}

/// The columns of the schema that are generated, and so cannot be written.
fn computed<'a>(present: &'a [Column], wanted: &'a [Column]) -> impl Iterator<Item = String> + 'a {
    let is_wanted = |it: &&Column| wanted.iter().any(|own| own.name.eq_ignore_ascii_case(&it.name));
    present
        .iter()
        .filter(|it| it.generated)
        .filter(is_wanted)
        .map(|it| format!("a generated column in place of the column {}", Visible(&it.name)))
}

/// Why an object cannot serve as a table of the schema. A table with an `id` needs row ids.
fn misfit(found: &Relation, table: &str, columns: &[Column]) -> Option<String> {
    let fits = match found {
        Relation::Nothing | Relation::Table => true,
        Relation::Keyed => columns.iter().all(|it| it.name != "id"),
        Relation::View | Relation::Virtual => false,
    };
    (!fits).then(|| format!("{} in place of the table {table}", found.described()))
}

/// Refuses a file that is not a legacy database: without the table of skills, or with a table of cfn.
fn require_legacy(connection: &Connection, place: &Place) -> Result<()> {
    let own = own_object(connection).map_err(|error| place.fail(&error))?;
    let mine = layout::relation(connection, "cfn_metadata").map_err(|error| place.fail(&error))? != Relation::Nothing;
    if !mine {
        require_skills_table(connection, place)?;
    }
    match own {
        Some(object) => {
            Err(damaged(place, format!("it has cfn's {object}, and no version that says which schema it has")))
        }
        None => require_tables(connection, place),
    }
}

/// An object that only cfn creates.
fn own_object(connection: &Connection) -> rusqlite::Result<Option<String>> {
    for table in layout::objects(&schema::at(CURRENT)?, Some("table"))? {
        let name = table.name;
        if !LEGACY.contains(&name.as_str()) && layout::relation(connection, &name)? != Relation::Nothing {
            return Ok(Some(format!("table {name}")));
        }
    }
    let triggers = layout::objects(connection, Some("trigger"))?;
    Ok(triggers.iter().find(|it| it.name.starts_with("cfn_")).map(|it| format!("trigger {}", it.name)))
}

/// Refuses a file in which something else is in place of a legacy table.
fn require_tables(connection: &Connection, place: &Place) -> Result<()> {
    match unfit_table(connection).map_err(|error| place.fail(&error))? {
        Some(why) => Err(StoreError::NotADatabase { location: place.location(), why: format!("it has {why}") }),
        None => Ok(()),
    }
}

fn unfit_table(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let current = schema::at(CURRENT)?;
    for table in LEGACY {
        let columns = layout::columns(&current, table)?;
        if let Some(why) = misfit(&layout::relation(connection, table)?, table, &columns) {
            return Ok(Some(why));
        }
        let present = layout::columns(connection, table)?;
        if let Some(why) = computed(&present, &columns).next() {
            return Ok(Some(format!("{why} of the table {table}")));
        }
    }
    Ok(None)
}

/// Refuses a file without a table of skills with an integer key, a name, a path and a hash.
pub(super) fn require_skills_table(connection: &Connection, place: &Place) -> Result<()> {
    match unknown_layout(connection).map_err(|error| place.fail(&error))? {
        Some(why) => Err(StoreError::NotADatabase { location: place.location(), why }),
        None => Ok(()),
    }
}

fn unknown_layout(connection: &Connection) -> rusqlite::Result<Option<String>> {
    match layout::relation(connection, "skills")? {
        Relation::Nothing => return Ok(Some("it has no table \"skills\"".to_owned())),
        Relation::Table => {}
        other => return Ok(Some(format!("its \"skills\" is {}", other.described()))),
    }
    let columns = layout::columns(connection, "skills")?;
    let column = |name: &str| columns.iter().find(|it| it.name.eq_ignore_ascii_case(name));
    if let Some(missing) = ["id", "name", "content_path", "content_hash"].iter().find(|it| column(it).is_none()) {
        return Ok(Some(format!("its table \"skills\" has no column \"{missing}\"")));
    }
    // Any other key has its own index; an INTEGER PRIMARY KEY is the row id.
    let indexed = "SELECT EXISTS (SELECT 1 FROM pragma_index_list('skills') WHERE origin = 'pk')";
    let is_row_id = column("id").is_some_and(|it| it.key == 1)
        && !connection.query_row(indexed, [], |row| row.get::<_, bool>(0))?;
    Ok((!is_row_id).then(|| "the key of its table \"skills\" is not an integer \"id\"".to_owned()))
}

/// The highest version in `schema_versions` that was not rolled back.
fn recorded_version(connection: &Connection) -> rusqlite::Result<Option<String>> {
    if !matches!(layout::relation(connection, "schema_versions")?, Relation::Table | Relation::Keyed) {
        return Ok(None);
    }
    let columns = layout::columns(connection, "schema_versions")?;
    let has = |name: &str| columns.iter().any(|it| it.name.eq_ignore_ascii_case(name));
    let recorded = match (has("version"), has("rolled_back_at")) {
        (false, _) => return Ok(None),
        (true, false) => "SELECT version FROM schema_versions WHERE typeof(version) = 'text'",
        (true, true) => "SELECT version FROM schema_versions WHERE typeof(version) = 'text' AND rolled_back_at IS NULL",
    };
    let mut statement = connection.prepare(recorded)?;
    let versions: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(versions.into_iter().max_by_key(|text| Version::lenient(text)))
}
