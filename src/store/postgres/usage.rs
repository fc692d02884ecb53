//! `skill_usage_log`: the uses of skills.

use jiff::civil::Date;
use tokio_postgres::Row;

use super::approvals::approved;
use super::fields::Fields;
use super::parameters::{Parameter, big, maybe_big, maybe_double, maybe_text, small, text};
use super::session::Session;
use super::state::State;
use super::statement::Statement;
use super::verified::{added, changed};
use super::{archived_parts, cells, origins, outbox, rollups};
use crate::model::{
    AgentType, OpenUse, OriginUses, Outcome, SkillId, SkillName, Usage, UsageCell, UsageRow, UsedSkill,
};
use crate::settings::Queued;
use crate::store::{ArchivedPart, Days, Result, UsageFilter, UsageLog, UsageWrites};

/// A skill, and the version that an agent of a type would load. The name itself comes before a former one.
const USED: &str = concat!(
    "SELECT s.id, s.approval_level, coalesce(s.generated_by, '') = 'phase4', v.version, v.content_hash, s.name
     FROM (SELECT *, coalesce((SELECT m.pinned_version FROM agent_skill_mappings m
       WHERE m.agent_type = $2 AND m.skill_id = skills.id), pinned_version) AS pin FROM skills
       WHERE id = coalesce((SELECT id FROM skills WHERE name = $1), (SELECT skill_id FROM cfn_aliases WHERE name = $1))) s
     LEFT JOIN LATERAL (SELECT v.version, v.content_hash FROM skill_versions v WHERE v.skill_id = s.id AND ",
    approved!("v"),
    " AND CASE WHEN s.pin IS NULL
         THEN v.id <= coalesce((SELECT c.id FROM skill_versions c WHERE c.skill_id = s.id AND c.version = s.version), v.id)
         ELSE v.version = s.pin END
       ORDER BY v.id DESC LIMIT 1) v ON true"
);

/// The skill, and its name.
fn used(session: &Session, name: &SkillName, agent_type: &AgentType) -> Result<Option<(UsedSkill, String)>> {
    let row = session.first(USED, &[text(name.as_str()), text(agent_type.as_str())])?;
    row.map(|row| {
        let mut fields = Fields::new("skills", &row);
        let (id, approval_level, phase4_generated) = (SkillId(fields.get()?), fields.level()?, fields.get()?);
        let (version, hash): (Option<String>, Option<String>) = (fields.get()?, fields.get()?);
        Ok((UsedSkill { id, approval_level, phase4_generated, version: version.zip(hash) }, fields.text()?))
    })
    .transpose()
}

const GOT: &str = "SELECT version, content_hash FROM skill_usage_log
   WHERE task_id = $1 AND agent_id = $2 AND skill_id = $3 AND version IS NOT NULL AND content_hash IS NOT NULL
   ORDER BY id DESC LIMIT 1";

fn got(session: &Session, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>> {
    let row = session.first(GOT, &[text(task_id), text(agent_id), big(skill.0)])?;
    row.map(|row| {
        let mut fields = Fields::new("skill_usage_log", &row);
        Ok((fields.get()?, fields.get()?))
    })
    .transpose()
}

/// Whether a use is open. One completed by another program is not.
macro_rules! is_open {
    () => {
        "open_key IS NOT NULL AND num_nonnulls(exit_code, success_indicator, execution_time_ms, confidence_before,
           confidence_after, test_pass_rate, tokens_avoided, cost_avoided_usd) = 0"
    };
}

/// Served by a partial index of open uses.
const OPEN: &str = concat!(
    "SELECT id, open_key FROM skill_usage_log WHERE task_id = $1 AND agent_id = $2 AND skill_id = $3 AND ",
    is_open!(),
    " ORDER BY id DESC LIMIT 1"
);

/// Without one, [`got`] is asked next.
fn open(session: &Session, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>> {
    let parameters = [text(task_id), text(agent_id), big(skill.0)];
    let got = Statement::new(GOT, &parameters)?;
    let mut rows = session.rows_of_all(&[Statement::new(OPEN, &parameters)?, got.clone()])?;
    session.ahead.remember(got, rows.pop().unwrap_or_default());
    rows.iter()
        .flatten()
        .next()
        .map(|row| {
            let mut fields = Fields::new("skill_usage_log", row);
            Ok(OpenUse { id: fields.get()?, key: fields.text()? })
        })
        .transpose()
}

/// Adds an outcome to a row, unless another transaction did, or moved it to an archive: then this one runs again.
fn complete(session: &Session, id: i64, phase: Option<&str>, outcome: &Outcome) -> Result<()> {
    let sql = changed!(
        "skill_usage_log",
        "open_key = NULL, phase = coalesce($2, phase), execution_time_ms = $3,
           confidence_before = $4, confidence_after = $5, success_indicator = CASE WHEN $9 = 0 THEN 1 WHEN $9 <> 0 THEN 0 END,
           test_suite_executed = CASE WHEN $6 IS NOT NULL THEN 1 END, test_pass_rate = $6, tokens_avoided = $7,
           cost_avoided_usd = $8, exit_code = $9",
        concat!("id = $1 AND ", is_open!())
    );
    let parameters = [
        big(id),
        maybe_text(phase),
        maybe_big(outcome.execution_ms),
        maybe_double(outcome.confidence_before),
        maybe_double(outcome.confidence_after),
        maybe_double(outcome.test_pass_rate),
        maybe_big(outcome.tokens_avoided),
        maybe_double(outcome.cost_avoided_usd),
        maybe_big(outcome.exit_code),
    ];
    if session.counted(sql, &parameters)? == 0 { Err(session.lost_a_race()) } else { Ok(()) }
}

/// Writes a row, in its month's partition; `open` is the key of its event, while the row awaits its outcome.
fn log(session: &Session, row: &Usage<'_>, open: Option<&str>) -> Result<()> {
    let outcome = row.outcome.unwrap_or_default();
    let sql = added!(
        "skill_usage_log",
        "(agent_id, agent_type, skill_id, task_id, phase, loaded_at, approval_level,
           phase4_generated, version, content_hash, execution_time_ms, confidence_before, confidence_after, test_pass_rate,
           tokens_avoided, cost_avoided_usd, exit_code, open_key, success_indicator, test_suite_executed, month)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
           CASE WHEN $17 = 0 THEN 1 WHEN $17 <> 0 THEN 0 END, CASE WHEN $14 IS NOT NULL THEN 1 END,
           cfn_month(cfn_time($6)))"
    );
    let loaded_at = row.loaded_at;
    let parameters = [
        text(row.agent_id),
        text(row.agent_type),
        big(row.skill_id.0),
        maybe_text(row.task_id),
        maybe_text(row.phase),
        text(loaded_at.as_str()),
        text(row.approval_level.as_str()),
        small(row.phase4_generated),
        maybe_text(row.version),
        maybe_text(row.content_hash),
        maybe_big(outcome.execution_ms),
        maybe_double(outcome.confidence_before),
        maybe_double(outcome.confidence_after),
        maybe_double(outcome.test_pass_rate),
        maybe_big(outcome.tokens_avoided),
        maybe_double(outcome.cost_avoided_usd),
        maybe_big(outcome.exit_code),
        maybe_text(open),
    ];
    session.write(sql, &parameters)
}

/// Uses in reports, newest first.
macro_rules! shown {
    ($which:literal) => {
        concat!(
            "SELECT u.id, s.name, u.agent_id, u.agent_type, u.task_id, u.phase, u.loaded_at, u.version, u.content_hash,
               u.execution_time_ms, u.exit_code
             FROM skill_usage_log u LEFT JOIN skills s ON s.id = u.skill_id WHERE ",
            $which,
            " ORDER BY u.id DESC LIMIT $2"
        )
    };
}

const OF_TASK: &str = shown!("u.task_id = $1");

/// The uses of a skill.
pub(super) const OF_SKILL: &str = shown!("u.skill_id = $1");

/// A number of rows as a parameter.
pub(super) fn at_most(rows: usize) -> Parameter<'static> {
    big(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// By task or by skill, each served by an index, newest first.
fn rows(session: &Session, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>> {
    let rows = match filter {
        UsageFilter::Task(task) => of_task(session, task, most),
        UsageFilter::Skill(skill) => session.rows(OF_SKILL, &[big(skill.0), at_most(most)]),
    };
    rows?.iter().map(shown_row).collect()
}

/// Together with where more of them may be, which is asked for next.
fn of_task(session: &Session, task: &str, most: usize) -> Result<Vec<Row>> {
    let mut queries = vec![Statement::new(OF_TASK, &[text(task), at_most(most)])?, archived_parts::of_task(task)?];
    let mut answers = session.rows_of_all(&queries)?.into_iter();
    let rows = answers.next().unwrap_or_default();
    if let (Some(parts), Some(query)) = (answers.next(), queries.pop()) {
        session.ahead.remember(query, parts);
    }
    Ok(rows)
}

fn shown_row(row: &Row) -> Result<UsageRow> {
    let mut fields = Fields::new("skill_usage_log", row);
    Ok(UsageRow {
        id: fields.get()?,
        skill: fields.get()?,
        agent_id: fields.text()?,
        agent_type: fields.text()?,
        task_id: fields.get()?,
        phase: fields.get()?,
        loaded_at: fields.text()?.into(),
        version: fields.get()?,
        content_hash: fields.get()?,
        execution_time_ms: fields.get()?,
        exit_code: fields.get()?,
    })
}

impl UsageLog for State<'_> {
    fn used(&self, name: &SkillName, agent_type: &AgentType) -> Result<Option<UsedSkill>> {
        let found = used(self.session, name, agent_type)?;
        Ok(found.map(|(used, present)| {
            self.note(name, &present);
            used
        }))
    }

    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>> {
        got(self.session, skill, agent_id, task_id)
    }

    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>> {
        open(self.session, skill, agent_id, task_id)
    }

    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>> {
        rows(self.session, filter, most)
    }

    fn archived_parts(&self, filter: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>> {
        archived_parts::of_uses(self.session, filter)
    }

    fn skill_names(&self, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>> {
        archived_parts::skill_names(self.session, skills)
    }

    fn usage_cells(&self, days: Option<Days>) -> Result<Vec<UsageCell>> {
        cells::cells(self.session, days, &rollups::exact(self.session)?)
    }

    fn uses_by_origin(&self, days: Days, agent_type: Option<&str>, category: Option<&str>) -> Result<Vec<OriginUses>> {
        origins::uses(self.session, days, agent_type, category)
    }

    fn uses_by_day(&self, days: Option<Days>, most: usize) -> Result<Vec<(Date, i64)>> {
        cells::by_day(self.session, days, &rollups::exact(self.session)?, most)
    }
}

impl UsageWrites for State<'_> {
    fn log_usage(&mut self, row: &Usage<'_>) -> Result<()> {
        let all = self.queued == Queued::Everything;
        let queued = if all { outbox::executed(self.session, row)? } else { None };
        let open = row.awaits_outcome().then(|| queued.unwrap_or_default());
        log(self.session, row, open.as_deref())
    }

    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()> {
        complete(self.session, open.id, phase, outcome)?;
        outbox::completed(self.session, open, outcome, self.queued == Queued::Everything)
    }
}
