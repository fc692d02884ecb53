//! The skills as a search finds them: each with the bytes that agents get.

use tokio_postgres::Row;

use super::approvals::approved;
use super::fields::Fields;
use super::parameters::big;
use super::state::State;
use crate::model::SkillId;
use crate::store::{Result, Searchable, Searching};

/// The start of the queries. `chosen` is the pinned version, or that in the skill's row; `served` is the newest approved
/// version up to it, or of a pinned skill the pinned one.
macro_rules! searchable {
    ($which:literal) => {
        concat!(
            "SELECT s.id, s.name, s.tags, served.version IS NOT NULL, coalesce(served.version, s.version),
               coalesce(served.content_hash, s.content_hash)
             FROM skills s LEFT JOIN skill_versions chosen
               ON chosen.skill_id = s.id AND chosen.version = coalesce(s.pinned_version, s.version)
             LEFT JOIN LATERAL (SELECT v.version, v.content_hash FROM skill_versions v
               WHERE v.skill_id = s.id AND s.status = 'active' AND v.id <= coalesce(chosen.id, 9223372036854775807)
                 AND (s.pinned_version IS NULL OR v.id = chosen.id) AND ",
            approved!("v"),
            " ORDER BY v.id DESC LIMIT 1) served ON true ",
            $which
        )
    };
}

impl Searching for State<'_> {
    fn searchable(&self, each: &mut dyn FnMut(Searchable)) -> Result<()> {
        self.session.each(searchable!("ORDER BY s.id"), &[], &mut |row| {
            each(read(row)?);
            Ok(())
        })
    }

    fn searchable_skill(&self, skill: SkillId) -> Result<Option<Searchable>> {
        let row = self.session.first(searchable!("WHERE s.id = $1"), &[big(skill.0)])?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<Searchable> {
    let mut fields = Fields::new("skills", row);
    let (id, name, tags) = (SkillId(fields.get()?), fields.text()?, fields.stored()?);
    let served = fields.get()?;
    Ok(Searchable { id, name, tags, version: fields.text()?, content_hash: fields.text()?, served })
}
