//! Upgrades an older schema: completes a legacy layout to the first schema, then runs the later migrations in order.

use rusqlite::{Connection, Result};

use super::layout::{self, Object, quoted};
use super::revisions::RENEW;
use super::schema::{self, CURRENT, FIRST};
use super::state::Older;
use super::{adopt, rollups};
use crate::clock::Clock;
use crate::store::MigrateReport;

/// Runs in the caller's transaction.
pub(super) fn run(connection: &Connection, older: &Older, clock: Clock, report: &mut MigrateReport) -> Result<()> {
    let before = names(connection)?;
    let (number, trusted) = match older {
        Older::Legacy { .. } => {
            report.carried_forward = adopt::complete(connection)?;
            (FIRST, false)
        }
        Older::Numbered { number, lost: true } => (*number, false),
        Older::Numbered { number, lost: false } => {
            (*number, schema::has_rollups(connection)? && rollups::trusted(connection)?)
        }
    };
    schema::run(connection, number, CURRENT)?;
    if matches!(older, Older::Numbered { lost: true, .. }) {
        // A dump that was edited and loaded again has its old tokens, but not its old rows.
        connection.execute_batch(RENEW)?;
    }
    if number <= CURRENT {
        restore_triggers(connection)?;
        if trusted { rollups::trust(connection)? } else { rollups::forget(connection)? }
    } else {
        rollups::distrust(connection)?; // how to build them again, only a newer cfn knows
    }
    if matches!(older, Older::Legacy { .. }) {
        adopt::drop_served_indexes(connection)?;
    }
    schema::note_versions(connection, number, clock)?;
    describe(&before, &names(connection)?, report);
    Ok(())
}

/// Recreates cfn's triggers, replacing any with the same names.
fn restore_triggers(connection: &Connection) -> Result<()> {
    let present = layout::objects(connection, Some("trigger"))?;
    for Object { name, sql, .. } in layout::objects(&schema::at(CURRENT)?, Some("trigger"))? {
        if !present.iter().any(|it| it.name == name && it.sql == sql) {
            connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {};\n{sql}", quoted(&name)))?;
        }
    }
    Ok(())
}

/// The names of every table, index, view and column, for a report.
fn names(connection: &Connection) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for Object { kind, name, .. } in layout::objects(connection, None)?.into_iter().filter(|it| it.kind != "trigger") {
        if kind == "table" {
            let columns = layout::columns(connection, &name)?;
            names.extend(columns.iter().map(|it| format!("column {name}.{}", it.name)));
        }
        names.push(format!("{kind} {name}"));
    }
    Ok(names)
}

/// Leaves out the columns of new tables.
fn describe(before: &[String], after: &[String], report: &mut MigrateReport) {
    let new: Vec<&String> = after.iter().filter(|it| !before.contains(it)).collect();
    let of_new_table = |name: &str| {
        let table = name.strip_prefix("column ").and_then(|it| it.split('.').next());
        table.is_some_and(|it| new.iter().any(|other| other.strip_prefix("table ") == Some(it)))
    };
    report.added = new.iter().filter(|it| !of_new_table(it)).map(|it| (*it).clone()).collect();
    let gone = before.iter().filter(|it| !after.contains(it));
    report.dropped = gone.filter_map(|it| it.strip_prefix("index ")).map(str::to_owned).collect();
}
