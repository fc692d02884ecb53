//! Whole rows: every column of the tables that users know, in the order of their documentation.

use serde_json::Value;
use tokio_postgres::Row as Stored;
use tokio_postgres::types::Type;

use super::fields::Fields;
use super::parameters::{big, maybe_big, text};
use super::session::Session;
use super::state::State;
use super::verified::changed;
use crate::model::SkillId;
use crate::store::{Result, Row, RowKind, WholeRowWrites, WholeRows};

const LINK: &str = changed!("skills", "replacement_id = $2", "id = $1");

/// A trigger recorded the skill's current version; the order of recording is that of the calls.
const REPLACED: &str = "DELETE FROM skill_versions v USING json_populate_record(NULL::skill_versions, $1::json) r
   WHERE v.skill_id = r.skill_id AND v.version = r.version";

fn read(session: &Session, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> Result<Vec<Row>> {
    let (table, owner, columns) = of.table();
    // Two statements, so that each uses its index.
    let which = if skill.is_some() { format!("{owner} = $1 AND ") } else { String::new() };
    let list = columns.join(", ");
    let sql = format!(
        "SELECT id, {list} FROM {table} WHERE {which}id > $2 AND $1 IS NOT DISTINCT FROM $1 ORDER BY id LIMIT $3"
    );
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = session.rows(&sql, &[maybe_big(skill.map(|it| it.0)), big(after), big(most)])?;
    rows.iter().map(|row| whole(table, row)).collect()
}

fn whole(table: &'static str, row: &Stored) -> Result<Row> {
    let mut fields = Fields::new(table, row);
    let mut whole = Row::new();
    for column in row.columns() {
        let value = match *column.type_() {
            Type::INT8 => fields.get::<Option<i64>>()?.map(Value::from),
            Type::INT2 => fields.get::<Option<i16>>()?.map(Value::from),
            Type::FLOAT8 => fields.get::<Option<f64>>()?.map(Value::from),
            _ => fields.get::<Option<String>>()?.map(Value::from),
        };
        whole.extend(value.map(|it| (column.name().to_owned(), it)));
    }
    Ok(whole)
}

fn add(session: &Session, of: RowKind, row: &Row) -> Result<i64> {
    let (table, _, columns) = of.table();
    let mut row = row.clone();
    row.values_mut().for_each(bind);
    let has_key = row.get("id").is_some_and(Value::is_i64);
    let values = Value::Object(row).to_string();
    if of == RowKind::Version {
        session.write(REPLACED, &[text(&values)])?;
    }
    let list = columns.join(", ");
    // After an explicit key, the next key is behind it.
    let sql = if has_key {
        format!(
            "WITH added AS (INSERT INTO {table} (id, {list})
               SELECT id, {list} FROM json_populate_record(NULL::{table}, $1::json) RETURNING id)
             SELECT id, CASE WHEN id >= (SELECT last_value FROM {table}_id_seq) THEN setval('{table}_id_seq', id) END FROM added"
        )
    } else {
        format!(
            "INSERT INTO {table} ({list}) SELECT {list} FROM json_populate_record(NULL::{table}, $1::json) RETURNING id"
        )
    };
    let added = session.returned(&sql, &[text(&values)])?;
    added.map_or_else(|| Err(session.skipped(table)), |row| Fields::new(table, &row).get())
}

/// Flags are numbers, and what is no value is NULL.
fn bind(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = Value::from(u8::from(*flag)),
        Value::Array(_) | Value::Object(_) => *value = Value::Null,
        Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}

impl WholeRows for State<'_> {
    fn whole_rows(&self, of: RowKind, skill: Option<SkillId>, after: i64, most: usize) -> Result<Vec<Row>> {
        read(self.session, of, skill, after, most)
    }
}

impl WholeRowWrites for State<'_> {
    fn add_whole_row(&mut self, of: RowKind, row: &Row) -> Result<i64> {
        add(self.session, of, row)
    }

    fn link_replacement(&mut self, skill: SkillId, replacement: SkillId) -> Result<()> {
        self.session.write(LINK, &[big(skill.0), big(replacement.0)])
    }
}
