//! Becomes what a pull brought. Rows that are the same already are not written, so that nothing that was remembered of them is lost.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Result, params};

use super::contents;
use crate::model::SkillId;
use crate::store::copying::{Owned, Table};
use crate::store::following::{Applied, Batch, Belongs, TableRows, followed};
use crate::store::sqlite::copying::{insert, value};
use crate::store::sqlite::removal;
use crate::store::sqlite::rows::{collect, first};
use crate::store::sqlite::verified::{clear, insert_if, update as update_one};

/// Tables whose rows others point to, with the column that must be free before others take its values. Their rows are changed in
/// place: deleting one would delete what points to it.
const PARENTS: [(&str, &str); 2] = [("skills", "name"), ("skill_versions", "version")];

pub(super) fn skill_ids(connection: &Connection) -> Result<Vec<i64>> {
    collect(connection, "SELECT id FROM skills ORDER BY id", [], |row| row.get(0))
}

/// All rows of the followed tables.
pub(super) fn all_rows(connection: &Connection) -> Result<Vec<TableRows>> {
    followed().map(|(table, _)| Ok(TableRows { table, rows: rows(connection, table, "", &[])? })).collect()
}

/// Constraints are checked at the end: a version is there before its skill, see [`followed`].
pub(super) fn run(connection: &Connection, batch: &Batch) -> Result<Applied> {
    connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    let mut applied = Applied { removed: remove_skills(connection, batch)?, ..Applied::default() };
    let scope = batch.skills.as_ref().map(|it| serde_json::to_string(it).unwrap_or_default());
    let mut reconciled = |name: &str| -> Result<()> {
        for of in batch.rows.iter().filter(|it| it.table.name == name) {
            applied.rows += reconcile(connection, of, scope.as_deref())?;
        }
        Ok(())
    };
    for (table, _) in followed() {
        reconciled(table.name)?;
        if table.name == "skills" {
            // A trigger records a version that the primary does not have.
            reconciled("skill_versions")?;
        }
    }
    applied.erased = contents::erase(connection, &batch.erased)?;
    rate(connection, batch)?;
    Ok(applied)
}

/// Whether a pull would remove uses that are not pushed.
pub(super) fn loses_uses(connection: &Connection, batch: &Batch) -> Result<bool> {
    let gone = gone(connection, batch)?;
    let sql = "SELECT 1 FROM usage_unpushed p JOIN skill_usage_log u ON u.id = p.row_id
         WHERE u.skill_id IN (SELECT value FROM json_each(?1)) LIMIT 1";
    if gone.is_empty() {
        return Ok(false);
    }
    let gone = serde_json::to_string(&gone).unwrap_or_default();
    Ok(first(connection, sql, [gone], |_| Ok(()))?.is_some())
}

/// The skills that the primary does not have.
fn gone(connection: &Connection, batch: &Batch) -> Result<Vec<i64>> {
    let there = skill_ids(connection)?;
    let of_skills = batch.rows.iter().filter(|it| it.table.name == "skills").flat_map(|it| &it.rows);
    let brought: HashSet<i64> = of_skills.filter_map(|row| id(row)).collect();
    let asked: Option<HashSet<i64>> = batch.skills.as_ref().map(|it| it.iter().copied().collect());
    let is_gone = |it: &i64| asked.as_ref().is_none_or(|asked| asked.contains(it)) && !brought.contains(it);
    Ok(there.into_iter().filter(is_gone).collect())
}

/// Removes the skills that the primary does not have, with all that is theirs.
fn remove_skills(connection: &Connection, batch: &Batch) -> Result<u64> {
    let gone = gone(connection, batch)?;
    for id in &gone {
        removal::delete_skill(connection, SkillId(*id))?;
    }
    Ok(gone.len() as u64)
}

/// The id of a row.
fn id(row: &[Owned]) -> Option<i64> {
    match row.first() {
        Some(Owned::Integer(id)) => Some(*id),
        _ => None,
    }
}

/// Makes the rows of a table, or those of some skills, what was brought; returns how many it changed.
fn reconcile(connection: &Connection, brought: &TableRows, scope: Option<&str>) -> Result<u64> {
    let table = brought.table;
    let belongs = followed().find(|(it, _)| it.name == table.name).map_or(Belongs::ToNothing, |(_, it)| it);
    let there = match scope.and_then(|scope| Some((condition(belongs)?, scope))) {
        Some((condition, scope)) => rows(connection, table, &condition, &[scope])?,
        None => rows(connection, table, "", &[])?,
    };
    let mut there: HashMap<String, Vec<Owned>> = there.into_iter().map(|row| (key(table, &row), row)).collect();
    let (mut changed, mut added) = (Vec::new(), Vec::new());
    for row in &brought.rows {
        match there.remove(&key(table, row)) {
            Some(same) if same == *row => {}
            Some(old) => changed.push((old, row)),
            None => added.push(row),
        }
    }
    let count = there.len() + changed.len() + added.len();
    for row in there.values() {
        delete(connection, table, row)?;
    }
    let unique = PARENTS.iter().find(|(name, _)| *name == table.name).map(|(_, column)| *column);
    for (old, _) in &changed {
        match unique {
            Some(column) => free(connection, table, column, old)?,
            None => delete(connection, table, old)?,
        }
    }
    for (_, row) in &changed {
        if unique.is_some() { update(connection, table, row)? } else { add(connection, table, row)? }
    }
    for row in added {
        add(connection, table, row)?;
    }
    Ok(count as u64)
}

fn condition(belongs: Belongs) -> Option<String> {
    let these = "(SELECT value FROM json_each(?1))";
    match belongs {
        Belongs::ToSkill(column) => Some(format!(" WHERE {column} IN {these}")),
        Belongs::ToSkillOrAll(column, concerns_all) => Some(format!(" WHERE {column} IN {these} OR {concerns_all}")),
        Belongs::ToVersion(column) => {
            Some(format!(" WHERE {column} IN (SELECT id FROM skill_versions WHERE skill_id IN {these})"))
        }
        Belongs::ToNothing => None,
    }
}

fn rows(connection: &Connection, table: &Table, condition: &str, parameters: &[&str]) -> Result<Vec<Vec<Owned>>> {
    let sql = format!("SELECT {} FROM {}{condition}", table.list(), table.name);
    collect(connection, &sql, rusqlite::params_from_iter(parameters), |row| {
        (0..table.columns.len()).map(|at| Ok(Owned::from(value(row.get_ref(at)?)))).collect()
    })
}

fn key(table: &Table, row: &[Owned]) -> String {
    table.key_text(&row.iter().map(Owned::as_value).collect::<Vec<_>>())
}

/// The key of a row as a condition, with parameters after `from` others.
fn is_it(table: &Table, from: usize) -> String {
    let equal = table.keys().iter().enumerate().map(|(at, it)| format!("{} IS ?{}", it.name, at + from + 1));
    equal.collect::<Vec<_>>().join(" AND ")
}

fn delete(connection: &Connection, table: &Table, row: &[Owned]) -> Result<()> {
    let sql = format!("DELETE FROM {} WHERE {}", table.name, is_it(table, 0));
    insert(connection, &sql, &row[..table.key].iter().map(Owned::as_value).collect::<Vec<_>>())
}

/// Gives a row a value that no other one has or gets.
fn free(connection: &Connection, table: &Table, column: &str, row: &[Owned]) -> Result<()> {
    let sql = format!("UPDATE {} SET {column} = char(0) || id WHERE {}", table.name, is_it(table, 0));
    insert(connection, &sql, &row[..table.key].iter().map(Owned::as_value).collect::<Vec<_>>())
}

fn update(connection: &Connection, table: &Table, row: &[Owned]) -> Result<()> {
    let set = table.columns.iter().enumerate().skip(table.key).map(|(at, it)| format!("{} = ?{}", it.name, at + 1));
    let sql = format!("UPDATE {} SET {} WHERE {}", table.name, set.collect::<Vec<_>>().join(", "), is_it(table, 0));
    insert(connection, &sql, &row.iter().map(Owned::as_value).collect::<Vec<_>>())
}

fn add(connection: &Connection, table: &Table, row: &[Owned]) -> Result<()> {
    let marks = vec!["?"; table.columns.len()].join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.list());
    insert(connection, &sql, &row.iter().map(Owned::as_value).collect::<Vec<_>>())?;
    if table.name == "approval_history" {
        unbind(connection, table, row)?;
    }
    Ok(())
}

/// A trigger binds a decision without a hash to the bytes that its version has now: on the primary it was about none.
fn unbind(connection: &Connection, table: &Table, row: &[Owned]) -> Result<()> {
    let at = table.columns.iter().position(|it| it.name == "content_hash");
    if let (Some(id), Some(Owned::Null)) = (id(row), at.and_then(|at| row.get(at))) {
        let sql = "UPDATE approval_history SET content_hash = NULL, folder_hash = NULL WHERE id = ?1";
        update_one(connection, sql, params![id])?;
    }
    Ok(())
}

/// Takes the pass rates. Answers that depend on them are kept by the token of the usage log.
fn rate(connection: &Connection, batch: &Batch) -> Result<()> {
    let mut changes = 0;
    for (skill, rate) in &batch.rates {
        changes += match rate {
            Some(rate) => usize::from(insert_if(
                connection,
                "INSERT INTO follow_pass_rates (skill_id, rate) VALUES (?1, ?2)
                 ON CONFLICT (skill_id) DO UPDATE SET rate = excluded.rate WHERE rate IS NOT excluded.rate",
                "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM follow_pass_rates WHERE skill_id = ?1 AND rate IS ?2)",
                params![skill, rate],
            )?),
            None => clear(connection, "DELETE FROM follow_pass_rates WHERE skill_id = ?1", params![skill])?,
        };
    }
    let gone = "DELETE FROM follow_pass_rates WHERE skill_id NOT IN (SELECT id FROM skills)";
    if batch.skills.as_ref().is_none_or(|it| !it.is_empty()) {
        changes += clear(connection, gone, &[])?;
    }
    if changes > 0 {
        update_one(connection, "UPDATE cfn_tokens SET usage = random()", &[])?;
    }
    Ok(())
}
