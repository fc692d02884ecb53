//! The usage log: rows, uses that wait for their outcome, and sums.

use std::collections::{BTreeMap, BTreeSet};

use cfn::model::{Moment, OpenUse, OriginUses, Outcome, SkillId, Usage, UsageCell, UsageRow, utc_time};
use cfn::store::{Days, UsageFilter};
use jiff::civil::Date;

use super::tables::{Tables, UsageEntry, next};

/// The maximum that one row adds to a sum; a greater value, from another program, counts as this.
const MOST: f64 = 1e12;
const MOST_BILLIONTHS: f64 = 1e15;

impl Tables {
    pub(super) fn append_usage(&mut self, usage: &Usage<'_>, open: Option<String>) {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let entry = UsageEntry {
            agent_id: usage.agent_id.to_owned(),
            agent_type: usage.agent_type.to_owned(),
            skill: usage.skill_id,
            task_id: owned(usage.task_id),
            phase: owned(usage.phase),
            loaded_at: usage.loaded_at.to_string(),
            approval_level: usage.approval_level.as_str().to_owned(),
            version: owned(usage.version),
            content_hash: owned(usage.content_hash),
            outcome: usage.outcome.unwrap_or_default(),
            open,
        };
        self.usage.insert(next(&mut self.last.usage), entry);
    }

    pub(super) fn complete_use(&mut self, id: i64, phase: Option<&str>, outcome: &Outcome) -> Option<&UsageEntry> {
        let entry = self.usage.get_mut(&id)?;
        entry.open = None;
        entry.outcome = *outcome;
        if phase.is_some() {
            entry.phase = phase.map(str::to_owned);
        }
        Some(entry)
    }

    /// The rows that an agent logged for a skill in a task, newest first.
    fn uses_in_task<'s>(
        &'s self,
        skill: SkillId,
        agent_id: &'s str,
        task_id: &'s str,
    ) -> impl Iterator<Item = (i64, &'s UsageEntry)> {
        self.usage.iter().rev().map(|(id, it)| (*id, it)).filter(move |(_, it)| {
            it.skill == skill && it.agent_id == agent_id && it.task_id.as_deref() == Some(task_id)
        })
    }

    pub(super) fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Option<(String, String)> {
        self.uses_in_task(skill, agent_id, task_id).find_map(|(_, it)| it.version.clone().zip(it.content_hash.clone()))
    }

    /// A row that another program completed is no longer open.
    pub(super) fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Option<OpenUse> {
        let mut uses = self.uses_in_task(skill, agent_id, task_id).filter(|(_, it)| it.outcome == Outcome::default());
        uses.find_map(|(id, it)| it.open.clone().map(|key| OpenUse { id, key }))
    }

    pub(super) fn skill_names(&self, skills: &[SkillId]) -> Vec<(SkillId, String)> {
        let name = |it: &SkillId| Some((*it, self.skills.get(it)?.skill.name.clone()));
        skills.iter().filter_map(name).collect()
    }

    pub(super) fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Vec<UsageRow> {
        let passes = |it: &UsageEntry| match filter {
            UsageFilter::Task(task) => it.task_id.as_deref() == Some(task),
            UsageFilter::Skill(skill) => it.skill == *skill,
        };
        let rows = self.usage.iter().rev().filter(|(_, it)| passes(it)).take(most);
        rows.map(|(id, it)| UsageRow {
            id: *id,
            skill: self.skills.get(&it.skill).map(|it| it.skill.name.clone()),
            agent_id: it.agent_id.clone(),
            agent_type: it.agent_type.clone(),
            task_id: it.task_id.clone(),
            phase: it.phase.clone(),
            loaded_at: it.loaded_at.clone().into(),
            version: it.version.clone(),
            content_hash: it.content_hash.clone(),
            execution_time_ms: it.outcome.execution_ms,
            exit_code: it.outcome.exit_code,
        })
        .collect()
    }

    /// Every row is added up, in whole numbers.
    pub(super) fn usage_cells(&self, days: Option<Days>) -> Vec<UsageCell> {
        let mut cells: BTreeMap<(SkillId, &str, &str), UsageCell> = BTreeMap::new();
        for entry in self.usage.values().filter(|it| days.is_none_or(|days| is_within(days, &it.loaded_at))) {
            let key = (entry.skill, entry.agent_type.as_str(), entry.approval_level.as_str());
            add(cells.entry(key).or_insert_with(|| self.empty_cell(entry)), entry);
        }
        cells.into_values().collect()
    }

    pub(super) fn uses_by_day(&self, days: Option<Days>, most: usize) -> Vec<(Date, i64)> {
        let mut by_day: BTreeMap<Date, i64> = BTreeMap::new();
        for entry in self.usage.values().filter(|it| days.is_none_or(|days| is_within(days, &it.loaded_at))) {
            if let Some(day) = day(&entry.loaded_at) {
                *by_day.entry(day).or_default() += 1;
            }
        }
        let older = by_day.len().saturating_sub(most);
        by_day.into_iter().skip(older).collect()
    }

    /// Nobody follows it, so all uses are its own.
    pub(super) fn uses_by_origin(
        &self,
        days: Days,
        agent_type: Option<&str>,
        category: Option<&str>,
    ) -> Vec<OriginUses> {
        let category_of = |it: &UsageEntry| self.skills.get(&it.skill).map(|it| it.skill.category.clone());
        let passes = |it: &&UsageEntry| {
            is_within(days, &it.loaded_at)
                && agent_type.is_none_or(|agent| agent == it.agent_type)
                && category.is_none_or(|category| category_of(it).as_deref() == Some(category))
        };
        let uses: Vec<&UsageEntry> = self.usage.values().filter(passes).collect();
        let times = || uses.iter().filter_map(|it| utc_time(&it.loaded_at).as_deref().and_then(Moment::written));
        let count = |length: usize| i64::try_from(length).expect("few");
        let codes = || uses.iter().filter_map(|it| it.outcome.exit_code);
        let all = OriginUses {
            origin: None,
            uses: count(uses.len()),
            agents: count(uses.iter().map(|it| &it.agent_id).collect::<BTreeSet<_>>().len()),
            skills: count(uses.iter().map(|it| it.skill.0).collect::<BTreeSet<_>>().len()),
            outcomes: count(codes().count()),
            succeeded: count(codes().filter(|it| *it == 0).count()),
            first_used: times().min(),
            last_used: times().max(),
        };
        if uses.is_empty() { Vec::new() } else { vec![all] }
    }

    fn empty_cell(&self, entry: &UsageEntry) -> UsageCell {
        let skill = self.skills.get(&entry.skill).map(|it| &it.skill);
        UsageCell {
            skill_id: entry.skill.0,
            skill: skill.map(|it| it.name.clone()),
            category: skill.map(|it| it.category.clone()),
            phase4_generated: skill.is_some_and(|it| it.generated_by.as_deref() == Some("phase4")),
            agent_type: entry.agent_type.clone(),
            approval_level: entry.approval_level.clone(),
            ..UsageCell::default()
        }
    }
}

fn add(cell: &mut UsageCell, entry: &UsageEntry) {
    let outcome = &entry.outcome;
    cell.uses += 1;
    cell.tokens_avoided += outcome.tokens_avoided.unwrap_or_default();
    if outcome.cost_avoided_usd.is_none() {
        cell.unpriced_tokens += outcome.tokens_avoided.unwrap_or_default();
    }
    cell.cost_avoided_billionths +=
        i128::from(rounded(outcome.cost_avoided_usd.unwrap_or_default() * 1e9, MOST_BILLIONTHS));
    if let Some(used) = utc_time(&entry.loaded_at).as_deref().and_then(Moment::written) {
        cell.first_used = Some(cell.first_used.map_or(used, |it| it.min(used)));
        cell.last_used = cell.last_used.max(Some(used));
    }
    let (Some(before), Some(after)) = (outcome.confidence_before, outcome.confidence_after) else { return };
    let gain = rounded(after * 1e6, MOST) - rounded(before * 1e6, MOST);
    cell.measured += 1;
    cell.gain_millionths += gain;
    cell.helped += i64::from(gain > 50_000);
    cell.timed += i64::from(outcome.execution_ms.is_some());
    cell.time_ms += outcome.execution_ms.unwrap_or_default();
    cell.outcomes += i64::from(outcome.exit_code.is_some());
    cell.succeeded += i64::from(outcome.exit_code == Some(0));
}

#[expect(clippy::cast_possible_truncation, reason = "it is bounded")]
fn rounded(figure: f64, most: f64) -> i64 {
    figure.round().clamp(-most, most) as i64
}

/// The UTC day, where the time is one.
pub(super) fn day(time: &str) -> Option<Date> {
    utc_time(time).as_deref().and_then(Moment::written).map(Moment::day)
}

pub(super) fn is_within(days: Days, time: &str) -> bool {
    day(time).is_some_and(|it| days.first <= it && it <= days.last)
}
