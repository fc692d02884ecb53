//! Objects of other programs: in place of cfn's tables they are damage; others are listed.

use rusqlite::{Connection, Result};

use super::adopt::OLD_INDEXES;
use super::failure::Place;
use super::layout::{self, Object, Relation};
use super::views::VIEWS;
use super::{constraints, schema, state};
use crate::model::Visible;
use crate::store::{self, CheckReport, StoreError};

/// Objects without pages: views and virtual tables.
const WITHOUT_PAGES: &str = "SELECT name, type FROM sqlite_schema WHERE rootpage = 0 AND type <> 'trigger'";

/// Refuses a file with a view or virtual table in place of a table: a view may never end.
pub(super) fn require_tables(connection: &Connection, place: &Place) -> store::Result<()> {
    match in_place_of_a_table(connection).map_err(|error| place.fail(&error))? {
        Some(detail) => Err(StoreError::Damaged { location: place.location(), detail }),
        None => Ok(()),
    }
}

fn in_place_of_a_table(connection: &Connection) -> Result<Option<String>> {
    let mut statement = connection.prepare(WITHOUT_PAGES)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str()?;
        // In a healthy file no name has to be looked up.
        if VIEWS.iter().all(|(view, _)| *view != name) && schema::makes_table(name) {
            let what = if row.get_ref(1)?.as_str()? == "view" { "a view" } else { "a virtual table" };
            return Ok(Some(format!("it has {what} in place of the table {name}")));
        }
    }
    Ok(None)
}

/// How the schema of a file differs from that of a new one.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What it lacks, so that cfn cannot work.
    pub(super) lacks: Vec<String>,
    /// Objects that a new database does not have.
    pub(super) foreign: Vec<Object>,
    /// Constraints of cfn's tables that a new database does not have, each as a sentence.
    pub(super) constraints: Vec<String>,
    /// Triggers, as in a new database, that do something else here.
    pub(super) changed: Vec<Object>,
    /// Objects of a new database that are not here.
    pub(super) missing: Vec<Object>,
}

/// Compares the schema of a file with a new one. In a newer schema, it looks only for required objects.
pub(super) fn compare(connection: &Connection, fresh: &Connection) -> Result<Comparison> {
    let mut found = Comparison { lacks: state::lacks(connection, fresh)?, ..Comparison::default() };
    if !schema::is_current(connection)? {
        return Ok(found);
    }
    let (ours, theirs) = (layout::objects(fresh, None)?, layout::objects(connection, None)?);
    let same = |one: &Object, other: &Object| one.kind == other.kind && one.name.eq_ignore_ascii_case(&other.name);
    for object in &theirs {
        match ours.iter().find(|it| same(it, object)) {
            None if OLD_INDEXES.contains(&object.name.as_str()) => {}
            None => found.foreign.push(object.clone()),
            Some(own) if own.kind == "trigger" && own.sql != object.sql => found.changed.push(own.clone()),
            Some(_) => {}
        }
    }
    let named = |index: &str| found.foreign.iter().any(|it| it.kind == "index" && it.name == index);
    let mut constraints = Vec::new();
    for table in ours.iter().filter(|it| it.kind == "table" && theirs.iter().any(|other| same(it, other))) {
        constraints.extend(constraints::foreign(connection, fresh, &table.name, &named)?);
    }
    found.constraints = constraints;
    found.missing = ours.into_iter().filter(|it| it.kind != "table").collect();
    found.missing.retain(|it| !theirs.iter().any(|other| same(it, other)));
    Ok(found)
}

impl Comparison {
    /// A sentence about each object that is not cfn's.
    pub(super) fn foreign(&self) -> impl Iterator<Item = String> {
        self.foreign.iter().map(|it| format!("{} is not cfn's", named(it)))
    }

    /// A sentence about each object of cfn's that is missing or changed.
    pub(super) fn incomplete(&self) -> impl Iterator<Item = String> {
        let changed = self.changed.iter().map(|it| format!("{} differs from cfn's", named(it)));
        changed.chain(self.missing.iter().map(|it| format!("{} is missing", named(it))))
    }
}

/// Reports the differences from the schema of a new database.
pub(super) fn check(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    let fresh = schema::at(schema::CURRENT)?;
    let found = compare(connection, &fresh)?;
    report.damage.extend(found.lacks.iter().map(|it| format!("it has {it}")));
    report.warnings.extend(found.foreign().chain(found.incomplete()));
    report.warnings.extend(found.constraints);
    for table in layout::objects(&fresh, Some("table"))? {
        report.warnings.extend(refusals(connection, &fresh, &table.name)?);
    }
    Ok(())
}

/// Why a table refuses every new row of cfn: for columns that it does not know, or references to tables that are not there.
fn refusals(connection: &Connection, fresh: &Connection, table: &str) -> Result<Vec<String>> {
    let own = layout::columns(fresh, table)?;
    let mut found = Vec::new();
    for column in layout::columns(connection, table)? {
        let is_own = own.iter().any(|it| it.name.eq_ignore_ascii_case(&column.name));
        if !is_own && column.not_null && column.default.is_none() && !column.generated {
            let name = Visible(&column.name);
            found.push(format!(
                "the column {name} of {table} is not cfn's, and every row must have a value in it: cfn cannot add one"
            ));
        }
    }
    for reference in layout::references(connection, table)? {
        if layout::relation(connection, &reference.table)? == Relation::Nothing {
            let (column, other) = (Visible(&reference.column), Visible(&reference.table));
            found.push(format!(
                "the column {column} of {table} refers to the table {other}, which does not exist: writes to {table} fail"
            ));
        }
    }
    Ok(found)
}

/// `trigger x on table y`
pub(super) fn named(object: &Object) -> String {
    let (kind, name) = (&object.kind, Visible(&object.name));
    match kind.as_str() {
        "table" if object.sql.get(..15).is_some_and(|it| it.eq_ignore_ascii_case("CREATE VIRTUAL ")) => {
            format!("the virtual table {name}")
        }
        "index" | "trigger" => format!("the {kind} {name} on {}", Visible(&object.table)),
        _ => format!("the {kind} {name}"),
    }
}
