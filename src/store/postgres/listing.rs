//! Lists of skills, by pages. By name, a page is a range of the index behind UNIQUE (name); the other orders make one pass
//! over the skills. Agents, reviews and descriptions are looked up only for the rows of the page.

use super::approvals::review;
use super::fields::Fields;
use super::parameters::{Parameter, bigs, maybe_big, maybe_text, small, text};
use super::session::Session;
use super::skills::{columns, read};
use crate::model::{AgentType, ApprovalLevel, Category, ListedSkill, Status, StoredTags};
use crate::store::{Result, SkillFilter, SkillOrder};

/// The current version of skill `s`, as `v`.
macro_rules! current {
    () => {
        " LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash "
    };
}

/// What is read of each row of a page, and which rows are in it. Tags are stored in several forms that only the program
/// reads; here they are only compared as text, so that a row without the word is not read.
macro_rules! page {
    ($sources:expr, $key:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", ",
            review!("v"),
            ", ARRAY(SELECT agent_type FROM agent_skill_mappings m WHERE m.skill_id = s.id AND m.enabled <> 0
                ORDER BY agent_type)::text[], v.front_matter, page.uses
             FROM (SELECT s.id, s.name, ",
            $key,
            " AS uses, s.updated_at FROM skills s",
            $sources,
            current!(),
            "WHERE ($1::text IS NULL OR s.category = $1)
               AND ($2::text IS NULL OR s.approval_level = $2) AND ($3::text IS NULL OR s.status = $3)
               AND ($4::text IS NULL OR s.id IN
                     (SELECT skill_id FROM agent_skill_mappings WHERE agent_type = $4 AND enabled <> 0))
               AND ($5::text IS NULL OR s.owner = $5) AND ($6::text IS NULL OR s.team = $6)
               AND ($7::text IS NULL OR strpos(lower(s.tags), lower($7 COLLATE \"C\")) > 0)
               AND ($8 = 0 OR ",
            review!("v"),
            " = 'pending')) page JOIN skills s ON s.id = page.id",
            current!(),
            $order
        )
    };
}

const BY_NAME: &str = page!("", "NULL::bigint", "WHERE ($9 = '' OR page.name > $9) ORDER BY page.name LIMIT $10");
const BY_UPDATED: &str = page!(
    "",
    "NULL::bigint",
    "WHERE $9 = '' OR EXISTS (SELECT 1 FROM skills it WHERE it.name = $9
        AND (page.updated_at < it.updated_at OR page.updated_at = it.updated_at AND page.name > $9))
     ORDER BY page.updated_at DESC, page.name LIMIT $10"
);

/// The number of uses of skills: `$11` and `$12`.
macro_rules! used {
    () => {
        "(SELECT skill, sum(uses)::bigint AS uses FROM unnest($11::bigint[], $12::bigint[]) AS it (skill, uses) GROUP BY 1) used"
    };
}

const BY_USES: &str = page!(
    concat!(" LEFT JOIN ", used!(), " ON used.skill = s.id"),
    "coalesce(used.uses, 0)",
    "WHERE $9 = '' OR EXISTS (SELECT 1 FROM (SELECT coalesce(sum(uses), 0) AS uses FROM skills it
          LEFT JOIN unnest($11::bigint[], $12::bigint[]) AS of (skill, uses) ON of.skill = it.id
          WHERE it.name = $9 GROUP BY it.id) cursor
        WHERE page.uses < cursor.uses OR page.uses = cursor.uses AND page.name > $9)
     ORDER BY page.uses DESC, page.name LIMIT $10"
);

/// `uses` are needed only by [`SkillOrder::Uses`]: skills, and the number of their uses.
pub(super) fn list(session: &Session, filter: &SkillFilter, uses: &(Vec<i64>, Vec<i64>)) -> Result<Vec<ListedSkill>> {
    let page = &filter.page;
    // A page of tags may need more rows than it has, so the program counts them.
    let limit = page.limit.filter(|_| filter.tag.is_none()).map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    let mut parameters: Vec<Parameter<'_>> = vec![
        maybe_text(filter.category.map(Category::as_str)),
        maybe_text(filter.approval_level.map(ApprovalLevel::as_str)),
        maybe_text(filter.status.map(Status::as_str)),
        maybe_text(filter.agent_type.as_ref().map(AgentType::as_str)),
        maybe_text(filter.owner.as_deref()),
        maybe_text(filter.team.as_deref()),
        maybe_text(filter.tag.as_deref()),
        small(filter.pending),
        text(page.after.as_deref().unwrap_or_default()),
        maybe_big(limit),
    ];
    let sql = match page.order {
        SkillOrder::Name => BY_NAME,
        SkillOrder::Updated => BY_UPDATED,
        SkillOrder::Uses => {
            parameters.extend([bigs(&uses.0), bigs(&uses.1)]);
            BY_USES
        }
    };
    let rows = session.rows(sql, &parameters)?;
    let mut listed = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut fields = Fields::new("skills", row);
        let skill = read(&mut fields)?;
        let (review, agents) = (fields.word()?, fields.get::<Vec<String>>()?);
        let (front_matter, uses): (Option<String>, Option<i64>) = (fields.get()?, fields.get()?);
        let has_tag = |tag: &String| skill.tags.as_ref().is_some_and(|it| has_tag(it, tag));
        if filter.tag.as_ref().is_none_or(has_tag) {
            let description = front_matter.filter(|_| page.described).and_then(|it| description(&it));
            listed.push(ListedSkill { uses, description, ..ListedSkill::new(skill, review, agents) });
        }
    }
    listed.truncate(page.limit.unwrap_or(usize::MAX));
    Ok(listed)
}

fn has_tag(tags: &StoredTags, tag: &str) -> bool {
    tags.words().iter().any(|it| it.eq_ignore_ascii_case(tag))
}

/// The description in a front matter; a value that is no text is shown as JSON.
fn description(front_matter: &str) -> Option<String> {
    let found: serde_json::Value = serde_json::from_str(front_matter).ok()?;
    match found.get("description")? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
