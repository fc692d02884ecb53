//! Lists of skills, by pages.
//!
//! By name, a page is a range of the index behind UNIQUE (name): it starts with a seek and ends with its last row. The
//! other orders have no index, since each index costs every process that opens the database: one pass finds the rows of
//! the page. In each order, agents, reviews and descriptions are looked up only for the rows of the page.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSql, Value, ValueRef};
use rusqlite::{Connection, Result, Row};

use super::approvals::review;
use super::rollups::Sums;
use super::rows::{Fields, is_set};
use super::skills::{columns, read};
use super::sums::skill_of;
use crate::model::{AgentType, ApprovalLevel, Category, ListedSkill, Status, StoredTags};
use crate::store::{SkillFilter, SkillOrder, SkillPage};

/// The current version of skill `s`, as `v`.
macro_rules! current {
    () => {
        " LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash "
    };
}

macro_rules! passes {
    () => {
        concat!(
            "(:category IS NULL OR s.category = :category)
             AND (:level IS NULL OR CASE WHEN s.approval_level IN ('auto', 'escalate') THEN s.approval_level ELSE 'human' END = :level)
             AND (:status IS NULL OR coalesce(s.status, 'active') = :status)
             AND (:agent IS NULL OR s.id IN (SELECT skill_id FROM agent_skill_mappings WHERE agent_type = :agent AND ",
            is_set!("enabled"),
            "))
             AND (:owner IS NULL OR s.owner = :owner) AND (:team IS NULL OR s.team = :team)
             AND (:tag IS NULL OR has_tag(s.tags, :tag))
             AND (NOT :pending OR (SELECT ",
            review!("v"),
            " FROM (SELECT 1)",
            current!(),
            ") = 'pending')"
        )
    };
}

/// The query of an order.
struct Ordered {
    sql: &'static str,
    /// The query for the key of the skill that a page comes after, unless that is its name.
    cursor: Option<&'static str>,
}

const fn ordered(page: &SkillPage) -> Ordered {
    match page.order {
        SkillOrder::Name if page.after.is_none() => Ordered { sql: FIRST_BY_NAME, cursor: None },
        SkillOrder::Name => Ordered { sql: BY_NAME, cursor: None },
        SkillOrder::Updated => Ordered { sql: BY_UPDATED, cursor: Some(UPDATED) },
        SkillOrder::Uses => Ordered { sql: BY_USES, cursor: Some(USES) },
    }
}

/// What is read of each row of a page.
macro_rules! entry {
    ($uses:literal) => {
        concat!(
            columns!(),
            ", ",
            review!("v"),
            ", (SELECT json_group_array(agent_type) FROM
                (SELECT agent_type FROM agent_skill_mappings m WHERE m.skill_id = s.id AND typeof(agent_type) = 'text' AND ",
            is_set!("m.enabled"),
            " ORDER BY agent_type)),
             CASE WHEN :described AND json_valid(v.front_matter) THEN CAST(v.front_matter ->> '$.description' AS TEXT) END, ",
            $uses
        )
    };
}

macro_rules! by_name {
    ($from:literal) => {
        concat!(
            "SELECT ",
            entry!("NULL"),
            " FROM skills s",
            current!(),
            "WHERE ",
            $from,
            passes!(),
            " ORDER BY s.name LIMIT :limit"
        )
    };
}

/// Without a comparison, which would leave out rows whose name is NULL.
const FIRST_BY_NAME: &str = by_name!("");
const BY_NAME: &str = by_name!("s.name >= :from AND ");

/// Rows of the page in the order of a key, highest first, then by name.
macro_rules! by_key {
    ($uses:literal, $key:literal, $sources:expr) => {
        concat!(
            "SELECT ",
            entry!($uses),
            " FROM (SELECT s.id, ",
            $key,
            " AS sort_key FROM ",
            $sources,
            " WHERE ",
            passes!(),
            " AND (:from = '' OR ",
            $key,
            " < :key OR ",
            $key,
            " = :key AND s.name >= :from)
              ORDER BY sort_key DESC, s.name LIMIT :limit) page JOIN skills s ON s.id = page.id",
            current!(),
            "ORDER BY page.sort_key DESC, s.name"
        )
    };
}

const BY_UPDATED: &str = by_key!("NULL", "coalesce(CAST(s.updated_at AS TEXT), '')", "skills s");
const UPDATED: &str = "SELECT coalesce(CAST(s.updated_at AS TEXT), '') FROM skills s WHERE s.name = :name";

/// Sums of uses, by skill: from the rollups and the rows after them, or, with `:scan`, from all rows.
macro_rules! uses {
    ($which:literal) => {
        concat!(
            "(SELECT skill_id, sum(uses) AS uses FROM (
                SELECT skill_id, uses FROM usage_totals WHERE (archived OR NOT :scan)",
            $which,
            " UNION ALL SELECT ",
            skill_of!(),
            " AS skill_id, 1 FROM skill_usage_log u WHERE u.id > :through",
            $which,
            ") GROUP BY 1)"
        )
    };
}

const BY_USES: &str = by_key!(
    "page.sort_key",
    "coalesce(used.uses, 0)",
    concat!("skills s LEFT JOIN ", uses!(""), " used ON used.skill_id = s.id")
);
const USES: &str = concat!(
    "SELECT coalesce((SELECT uses FROM ",
    uses!(" AND skill_id = (SELECT id FROM skills WHERE name = :name)"),
    "), 0) FROM skills WHERE name = :name"
);

/// `sums` are needed only by [`SkillOrder::Uses`].
pub(super) fn list(connection: &Connection, filter: &SkillFilter, sums: Option<Sums>) -> Result<Vec<ListedSkill>> {
    register(connection)?;
    let Ordered { sql, cursor } = ordered(&filter.page);
    let (scan, through) = sums.map(sources).unwrap_or_default();
    let key = match (&filter.page.after, cursor) {
        (Some(name), Some(cursor)) => {
            let values: [(&str, &dyn ToSql); 3] = [(":name", name), (":scan", &scan), (":through", &through)];
            rows(connection, cursor, &values, |row| row.get::<_, Value>(0))?.pop()
        }
        _ => None,
    };
    // The name itself is not after itself: its successor in the order of bytes is.
    let from = filter.page.after.as_ref().map(|it| format!("{it}\0")).unwrap_or_default();
    let limit = filter.page.limit.map_or(-1, |it| i64::try_from(it).unwrap_or(i64::MAX));
    let values: [(&str, &dyn ToSql); 14] = [
        (":category", &filter.category.map(Category::as_str)),
        (":level", &filter.approval_level.map(ApprovalLevel::as_str)),
        (":status", &filter.status.map(Status::as_str)),
        (":agent", &filter.agent_type.as_ref().map(AgentType::as_str)),
        (":pending", &filter.pending),
        (":tag", &filter.tag),
        (":owner", &filter.owner),
        (":team", &filter.team),
        (":described", &filter.page.described),
        (":from", &from),
        (":key", &key),
        (":limit", &limit),
        (":scan", &scan),
        (":through", &through),
    ];
    rows(connection, sql, &values, listed)
}

/// Whether to add up all rows of the usage log, and the row after which to add them up.
fn sources(sums: Sums) -> (bool, i64) {
    match sums {
        Sums::Rollups { through } => (false, through),
        Sums::Scan => (true, i64::MIN),
    }
}

/// Runs a query with those of the values that it names.
fn rows<T>(
    connection: &Connection,
    sql: &str,
    values: &[(&str, &dyn ToSql)],
    map: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    for (name, value) in values {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    statement.raw_query().mapped(map).collect()
}

fn listed(row: &Row<'_>) -> Result<ListedSkill> {
    let mut fields = Fields::new("skills", row);
    let skill = read(&mut fields)?;
    let review = fields.word()?;
    let agents: String = fields.get()?;
    // SQLite built this array from text, so it parses.
    let agents = serde_json::from_str(&agents).unwrap_or_default();
    let (description, uses) = (fields.maybe_text()?, fields.number()?);
    Ok(ListedSkill { uses, description, ..ListedSkill::new(skill, review, agents) })
}

/// Adds the function `has_tag`: tags are stored in several forms, which only [`StoredTags`] knows.
fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("has_tag", 2, flags, |context| {
        let (ValueRef::Text(tags), tag) = (context.get_raw(0), context.get::<String>(1)?) else { return Ok(false) };
        let tags = StoredTags::from(String::from_utf8_lossy(tags).into_owned());
        Ok(tags.words().iter().any(|it| it.eq_ignore_ascii_case(&tag)))
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus};

    use super::{BY_NAME, BY_UPDATED, BY_USES, list, register};
    use crate::store::sqlite::plans::{database, scans};
    use crate::store::sqlite::rollups::Sums;
    use crate::store::{SkillFilter, SkillOrder, SkillPage};

    const PAGE: usize = 50;

    /// Rows of scans, and steps of the virtual machine, for a page in the middle.
    fn cost(connection: &Connection, order: SkillOrder) -> rusqlite::Result<(i32, i32)> {
        let after = Some("s300".to_owned());
        let page = SkillPage { order, after, limit: Some(PAGE), described: true };
        let sql = super::ordered(&page).sql;
        connection.prepare_cached(sql)?.reset_status(StatementStatus::FullscanStep);
        connection.prepare_cached(sql)?.reset_status(StatementStatus::VmStep);
        let filter = SkillFilter { page, ..SkillFilter::default() };
        let found = list(connection, &filter, Some(Sums::Rollups { through: 0 }))?;
        assert_eq!(found.len(), PAGE);
        let statement = connection.prepare_cached(sql)?;
        Ok((statement.get_status(StatementStatus::FullscanStep), statement.get_status(StatementStatus::VmStep)))
    }

    fn with_more_skills(more: i32) -> rusqlite::Result<Connection> {
        let connection = database()?;
        register(&connection)?;
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
               INSERT INTO skills (name, category, content_path, content_hash, version)
               SELECT 't' || i, 'testing', '', 't' || i, '1.0.0' FROM n",
            [more],
        )?;
        Ok(connection)
    }

    #[test]
    fn a_page_by_name_costs_its_rows_whatever_the_number_of_skills() -> rusqlite::Result<()> {
        let (few, many) = (with_more_skills(1)?, with_more_skills(5000)?);
        for connection in [&few, &many] {
            let scanned = scans(connection, BY_NAME)?;
            assert!(scanned.iter().all(|it| it.starts_with("SCAN (") || it == "SCAN CONSTANT ROW"), "{scanned:?}");
        }
        let cost = [cost(&few, SkillOrder::Name)?, cost(&many, SkillOrder::Name)?];
        assert_eq!(cost[0], cost[1], "scanned rows and steps of the virtual machine");
        assert!(cost[0].0 <= 2 * 50, "{cost:?}");
        Ok(())
    }

    #[test]
    fn the_other_orders_cost_one_pass_and_then_the_rows_of_the_page() -> rusqlite::Result<()> {
        let connection = with_more_skills(5000)?;
        for (order, sql) in [(SkillOrder::Updated, BY_UPDATED), (SkillOrder::Uses, BY_USES)] {
            let of_skills = scans(&connection, sql)?.into_iter().filter(|it| it.starts_with("SCAN s")).count();
            assert_eq!(of_skills, 1, "{order:?}");
            let (scanned, _) = cost(&connection, order)?;
            assert!(scanned < 5501 + 1000 + 2 * 50, "{order:?}: {scanned}");
        }
        Ok(())
    }
}
