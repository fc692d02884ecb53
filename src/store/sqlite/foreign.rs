//! Objects of other programs: in place of cfn's tables they are damage; others are listed.

use rusqlite::{Connection, Result};

use super::adopt::OLD_INDEXES;
use super::failure::Place;
use super::layout::{self, Object};
use super::views::VIEWS;
use super::{schema, state};
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

/// Compares the schema of a file with a new one. In a newer schema, it checks only required objects.
pub(super) fn check(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    let fresh = schema::at(schema::CURRENT)?;
    report.damage.extend(state::lacks(connection, &fresh)?.into_iter().map(|it| format!("it has {it}")));
    if !schema::is_current(connection)? {
        return Ok(());
    }
    let (ours, theirs) = (layout::objects(&fresh, None)?, layout::objects(connection, None)?);
    let same = |one: &Object, other: &Object| one.kind == other.kind && one.name.eq_ignore_ascii_case(&other.name);
    for object in &theirs {
        let named = named(object);
        match ours.iter().find(|it| same(it, object)) {
            None if OLD_INDEXES.contains(&object.name.as_str()) => {}
            None => report.warnings.push(format!("{named} is not cfn's")),
            Some(own) if own.kind == "trigger" && own.sql != object.sql => {
                report.warnings.push(format!("{named} differs from cfn's"));
            }
            Some(_) => {}
        }
    }
    let missing = ours.iter().filter(|it| it.kind != "table" && !theirs.iter().any(|other| same(it, other)));
    report.warnings.extend(missing.map(|it| format!("{} is missing", named(it))));
    Ok(())
}

/// `trigger x on table y`
fn named(object: &Object) -> String {
    let (kind, name) = (&object.kind, Visible(&object.name));
    match kind.as_str() {
        "table" if object.sql.get(..15).is_some_and(|it| it.eq_ignore_ascii_case("CREATE VIRTUAL ")) => {
            format!("the virtual table {name}")
        }
        "index" | "trigger" => format!("the {kind} {name} on {}", Visible(&object.table)),
        _ => format!("the {kind} {name}"),
    }
}
