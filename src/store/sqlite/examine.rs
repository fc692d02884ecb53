//! A quick look at a database: plans, schema, orphaned rows, free space and statistics.

use std::mem;

use rusqlite::{Connection, Result};

use super::failure::Place;
use super::layout::{Object, quoted};
use super::{approvals, candidates, check, foreign, inspect, maintain, schema, skills, sums, usage, versions};
use crate::store::{self, Examination, HotQuery, Repairable};

/// The queries that commands run most, each with what it finds.
const HOT: [(&str, &str); 7] = [
    ("the skills of an agent type", candidates::OF),
    ("the newest approved version", candidates::NEWEST),
    ("a skill by its name", skills::FIND),
    ("the versions of a skill", versions::OF),
    ("the latest decision on some bytes", approvals::LATEST),
    ("the latest pass rate of a skill", usage::LATEST_PASS_RATE),
    ("a use that awaits its outcome", usage::OPEN),
];

pub(super) fn run(connection: &Connection, place: &Place) -> store::Result<Examination> {
    examine(connection).map_err(|error| place.fail(&error))
}

fn examine(connection: &Connection) -> Result<Examination> {
    let fresh = schema::at(schema::CURRENT)?;
    sums::register(&fresh)?;
    let mut schema = foreign::compare(connection, &fresh)?;
    let constraints = mem::take(&mut schema.constraints).into_iter().map(|what| Repairable { what, sql: None });
    let mut found = Examination {
        damage: schema.lacks.iter().map(|it| format!("it has {it}").into()).collect(),
        incomplete: schema.incomplete().collect(),
        foreign: schema
            .foreign()
            .zip(&schema.foreign)
            .map(|(what, it)| foreign_object(what, it))
            .chain(constraints)
            .collect(),
        pages: Some(maintain::pages(connection)?),
        ..Examination::default()
    };
    if !found.damage.is_empty() {
        return Ok(found); // the queries need what is missing
    }
    for (name, sql) in HOT {
        found.plans.push(HotQuery { name, problems: problems(connection, &fresh, sql)? });
    }
    check::quick(connection, &mut found)?;
    found.without_statistics = maintain::without_statistics(connection)?;
    Ok(found)
}

/// An object that is not cfn's. A table may hold somebody's data.
fn foreign_object(what: String, object: &Object) -> Repairable {
    let sql = (object.kind != "table").then(|| format!("DROP {} {}", object.kind.to_uppercase(), quoted(&object.name)));
    Repairable { what, sql }
}

/// The expensive steps of a plan that the plan in a new database does not have: a sort of an agent type's few skills is
/// no problem.
fn problems(connection: &Connection, fresh: &Connection, sql: &str) -> Result<Vec<String>> {
    let usual = inspect::warnings(&inspect::plan(fresh, sql)?);
    let mut problems = inspect::warnings(&inspect::plan(connection, sql)?);
    problems.retain(|it| !usual.contains(it));
    Ok(problems)
}
