//! What `load` reads.

use super::candidates;
use super::fields::Fields;
use super::parameters::{big, text};
use super::state::State;
use crate::model::{AgentType, Bootstrap, Candidate, SkillId, StoredFile, StoredJson};
use crate::store::{Result, Serving};

pub(super) const FILES: &str = "SELECT f.version_id, f.path, f.mode, f.hash, f.size
     FROM skill_versions v JOIN skill_files f ON f.version_id = v.id
     WHERE v.skill_id = $1 AND v.version = $2 ORDER BY f.path";

pub(super) const CONTENT: &str = "SELECT hash, bytes FROM skill_contents WHERE hash = $1";

impl Serving for State<'_> {
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>> {
        let (candidates, ahead) = candidates::served(self.session, agent_type)?;
        self.keep_ahead(ahead);
        Ok(candidates)
    }

    fn bootstrap(&self) -> Result<Vec<Bootstrap>> {
        candidates::bootstrap(self.session)
    }

    fn latest_pass_rate(&self, skill: SkillId) -> Result<Option<f64>> {
        let sql = "SELECT id, test_pass_rate FROM skill_usage_log
             WHERE skill_id = $1 AND test_pass_rate IS NOT NULL ORDER BY id DESC LIMIT 1";
        let found = self.session.first(sql, &[big(skill.0)])?;
        found.map_or(Ok(None), |row| {
            let mut fields = Fields::new("skill_usage_log", &row);
            let _id: i64 = fields.get()?;
            fields.get()
        })
    }

    fn front_matter(&self, skill: SkillId, version: &str) -> Result<Option<StoredJson>> {
        let known = self.ahead().and_then(|it| it.front_matters.get(&(skill, version.to_owned())).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let sql = "SELECT id, front_matter FROM skill_versions WHERE skill_id = $1 AND version = $2";
        let found = self.session.first(sql, &[big(skill.0), text(version)])?;
        found.map_or(Ok(None), |row| {
            let mut fields = Fields::new("skill_versions", &row);
            let _id: i64 = fields.get()?;
            fields.stored()
        })
    }

    fn files(&self, skill: SkillId, version: &str) -> Result<Vec<StoredFile>> {
        let known = self.ahead().and_then(|it| it.files.get(&(skill, version.to_owned())).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let read = |row| {
            let mut fields = Fields::new("skill_files", row);
            let _version: i64 = fields.get()?;
            Ok(StoredFile {
                path: String::from_utf8_lossy(fields.get()?).into_owned(),
                mode: fields.text()?,
                hash: fields.text()?,
                size: fields.get::<Option<i64>>()?.unwrap_or(-1),
            })
        };
        self.session.rows(FILES, &[big(skill.0), text(version)])?.iter().map(read).collect()
    }

    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        let known = self.ahead().and_then(|it| it.contents.get(hash).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let found = self.session.first(CONTENT, &[text(hash)])?;
        found.map_or(Ok(None), |row| {
            let mut fields = Fields::new("skill_contents", &row);
            let _hash: String = fields.get()?;
            fields.get().map(Some)
        })
    }
}
