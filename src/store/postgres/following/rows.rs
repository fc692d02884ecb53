//! The rows that a follower has from its primary.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::store::Result;
use crate::store::copying::{Owned, Table};
use crate::store::following::{Belongs, TableRows, followed};
use crate::store::postgres::copying::{others, value_of};
use crate::store::postgres::parameters::bigs;
use crate::store::postgres::session::Session;
use crate::store::postgres::statement::Statement;

/// So many skills are read at once.
const AT_ONCE: usize = 1000;

/// The latest pass rate of each skill that has one.
const RATES: &str = "SELECT s.id, (SELECT u.test_pass_rate FROM skill_usage_log u
     WHERE u.skill_id = s.id AND u.test_pass_rate IS NOT NULL ORDER BY u.id DESC LIMIT 1) FROM skills s";

/// The bytes of a value, whatever its type is.
struct Raw<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(super) fn of_skills(session: &Session, skills: Option<&[i64]>) -> Result<Vec<TableRows>> {
    let tables: Vec<_> = followed().filter(|(_, belongs)| *belongs != Belongs::ToNothing).collect();
    let mut found: Vec<TableRows> = tables.iter().map(|(table, _)| TableRows { table, rows: Vec::new() }).collect();
    let Some(skills) = skills else {
        for of in &mut found {
            session.each(&query(of.table, ""), &[], &mut |row| {
                of.rows.push(values(of.table, row)?);
                Ok(())
            })?;
        }
        return Ok(found);
    };
    let mut chunks: Vec<&[i64]> = skills.chunks(AT_ONCE).collect();
    if chunks.is_empty() {
        chunks.push(&[]); // there are rows of every skill
    }
    for (at, some) in chunks.into_iter().enumerate() {
        let queries = tables.iter().map(|(table, belongs)| match belongs {
            Belongs::ToSkillOrAll(column, concerns_all) if at == 0 => {
                let which =
                    format!(" WHERE t.{column} = ANY($1) OR {concerns_all} AND (t.{column} = ANY($2)) IS NOT TRUE");
                Statement::new(query(table, &which), &[bigs(some), bigs(skills)])
            }
            _ => Statement::new(query(table, &condition(*belongs)), &[bigs(some)]),
        });
        let answers = session.rows_of_all(&queries.collect::<Result<Vec<_>>>()?)?;
        for (of, rows) in found.iter_mut().zip(answers) {
            for row in &rows {
                of.rows.push(values(of.table, row)?);
            }
        }
    }
    Ok(found)
}

pub(super) fn whole_tables(session: &Session) -> Result<Vec<TableRows>> {
    let tables: Vec<_> = followed().filter(|(_, belongs)| *belongs == Belongs::ToNothing).collect();
    let queries = tables.iter().map(|(table, _)| Statement::new(query(table, ""), &[]));
    let answers = session.rows_of_all(&queries.collect::<Result<Vec<_>>>()?)?;
    let rows = |(table, rows): (&'static Table, Vec<Row>)| {
        Ok(TableRows { table, rows: rows.iter().map(|row| values(table, row)).collect::<Result<_>>()? })
    };
    tables.into_iter().map(|(table, _)| table).zip(answers).map(rows).collect()
}

pub(super) fn pass_rates(session: &Session, skills: Option<&[i64]>) -> Result<Vec<(i64, Option<f64>)>> {
    let rows = match skills {
        Some([]) => return Ok(Vec::new()),
        Some(skills) => session.rows(&format!("{RATES} WHERE s.id = ANY($1)"), &[bigs(skills)])?,
        None => session.rows(RATES, &[])?,
    };
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn condition(belongs: Belongs) -> String {
    match belongs {
        Belongs::ToSkill(column) | Belongs::ToSkillOrAll(column, _) => format!(" WHERE t.{column} = ANY($1)"),
        Belongs::ToVersion(column) => {
            format!(" WHERE t.{column} IN (SELECT id FROM skill_versions WHERE skill_id = ANY($1))")
        }
        Belongs::ToNothing => String::new(),
    }
}

fn query(table: &Table, condition: &str) -> String {
    let columns = table.columns.iter().map(|it| format!("t.{}", it.name)).collect::<Vec<_>>().join(", ");
    let keys = table.keys().iter().map(|it| format!("t.{}", it.name)).collect::<Vec<_>>().join(", ");
    format!("SELECT {columns}, {} FROM {} t{condition} ORDER BY {keys}", others::of_row(table), table.name)
}

/// A row, with the values that the columns of this engine cannot hold.
fn values(table: &'static Table, row: &Row) -> Result<Vec<Owned>> {
    let raw = |at: usize| row.get::<_, Option<Raw<'_>>>(at).map(|it| it.0);
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        values.push(value_of(column, raw(at))?);
    }
    let originals = others::of(table, &values, raw(values.len()).unwrap_or_default())?;
    let mut owned: Vec<Owned> = values.into_iter().map(Owned::from).collect();
    for (at, original) in originals {
        owned[at] = original;
    }
    Ok(owned)
}
