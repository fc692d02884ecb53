//! Names of skills, present and former: those that differ only in case, and changes.

use super::fields::Fields;
use super::parameters::{big, text};
use super::session::Session;
use super::verified::skipped;
use crate::model::{Moment, SkillId};
use crate::store::{Result, Spelling};

/// In this collation, only ASCII letters have a case, and an index has the names without it.
pub(super) const SPELLINGS: &str =
    "SELECT s.id, s.name, s.name, 1 FROM skills s WHERE lower(s.name) = lower($1 COLLATE \"C\")
   UNION ALL SELECT s.id, a.name, s.name, 2 FROM cfn_aliases a JOIN skills s ON s.id = a.skill_id
   WHERE lower(a.name) = lower($1 COLLATE \"C\") ORDER BY 2, 4";

pub(super) const FORMER: &str = "SELECT name FROM cfn_aliases WHERE skill_id = $1 ORDER BY name";

/// Without a skill, or with its present name, there is no old one, and nothing is changed.
const RENAME: &str = concat!(
    "WITH old AS (SELECT id, name FROM skills WHERE id = $1 AND name <> $2),
   ended AS (DELETE FROM cfn_aliases WHERE name = $2 AND EXISTS (SELECT FROM old)),
   kept AS (INSERT INTO cfn_aliases (name, skill_id) SELECT name, id FROM old
     ON CONFLICT (name) DO UPDATE SET skill_id = excluded.skill_id RETURNING 1),
   bootstrap AS (UPDATE bootstrap_skills SET skill_name = $2, updated_at = $3 WHERE skill_name = (SELECT name FROM old)
     AND NOT EXISTS (SELECT FROM bootstrap_skills WHERE skill_name = $2)),
   renamed AS (UPDATE skills SET name = $2, updated_at = $3 WHERE id = (SELECT id FROM old) RETURNING 1) ",
    skipped!("skills", "EXISTS (SELECT FROM old) AND NOT EXISTS (SELECT FROM renamed)"),
    " UNION ALL ",
    skipped!("cfn_aliases", "EXISTS (SELECT FROM old) AND NOT EXISTS (SELECT FROM kept)")
);

pub(super) fn spellings(session: &Session, name: &str) -> Result<Vec<Spelling>> {
    let rows = session.rows(SPELLINGS, &[text(name)])?;
    let spelling = |row| {
        let mut fields = Fields::new("skills", row);
        let skill = SkillId(fields.get()?);
        Ok(Spelling { name: fields.text()?, skill, present: fields.text()? })
    };
    rows.iter().map(spelling).collect()
}

pub(super) fn former(session: &Session, skill: SkillId) -> Result<Vec<String>> {
    session.rows(FORMER, &[big(skill.0)])?.iter().map(|row| Fields::new("cfn_aliases", row).text()).collect()
}

pub(super) fn rename(session: &Session, skill: SkillId, to: &str, now: Moment) -> Result<()> {
    session.write(RENAME, &[big(skill.0), text(to), text(now.as_str())])
}
