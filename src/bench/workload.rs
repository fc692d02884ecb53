//! Generates skills and their usage log from a seed, so that every run on every machine measures the same bytes.

mod files;

use super::error::Result;
use super::random::Random;
use crate::clock::Clock;
use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Moment, Outcome, SkillId, SkillName, StoredJson, Usage,
    VersionSource,
};
use crate::store::{Durability, NewApproval, NewMapping, NewSkill, NewVersion, Store, Transaction, write};

pub use files::{MEDIAN_BYTES, sized_skill_text, skill_name, skill_text, write_file, write_skill, write_tree};

/// Default number of skills in one load.
pub const SKILLS_PER_AGENT: usize = 20;

/// Number of skills per transaction.
const SKILLS_A_BATCH: usize = 1000;

/// Number of usage rows per transaction.
const ROWS_A_BATCH: usize = 10_000;

/// Usage rows are spread over this many days up to now: a quarter.
const DAYS: usize = 90;

/// The size of a generated database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Number of approved skills. Each is mapped to one agent type; each agent type has [`SKILLS_PER_AGENT`].
    pub skills: usize,
    /// Number of rows in the usage log.
    pub usage_rows: usize,
    /// The rows are uses of the first skills, at most this many.
    pub used_skills: usize,
}

/// The agent type of a skill, out of `skills`. The skills of an agent type are far apart.
#[must_use]
pub fn agent_of(number: usize, skills: usize) -> String {
    format!("agent-{:05}", number % (skills / SKILLS_PER_AGENT).max(1))
}

/// Fills an empty database in few transactions. `progress` gets the number of skills and rows done and in total; its
/// error stops the work.
pub fn fill(
    store: &mut dyn Store,
    workload: &Workload,
    clock: Clock,
    progress: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<()> {
    let all = workload.skills + workload.usage_rows;
    let now = clock.moment();
    let mut known = Vec::with_capacity(workload.skills);
    while known.len() < workload.skills {
        let batch = known.len()..workload.skills.min(known.len() + SKILLS_A_BATCH);
        let added = write(store, Durability::Normal, |tx| {
            batch.clone().map(|number| add_skill(tx, number, workload.skills, now)).collect::<Result<Vec<_>>>()
        })?;
        known.extend(added);
        progress(known.len(), all)?;
    }
    if !known.is_empty() {
        log_uses(store, known.get(..workload.used_skills).unwrap_or(&known), workload, clock, &mut |rows| {
            progress(known.len() + rows, all)
        })?;
    }
    Ok(())
}

fn add_skill(tx: &mut dyn Transaction, number: usize, skills: usize, now: Moment) -> Result<(SkillId, String)> {
    let (name, agent, text) = (skill_name(number), agent_of(number, skills), skill_text(number, 0));
    let hash = ContentHash::of(text.as_bytes());
    let skill = NewSkill {
        name: &name.parse::<SkillName>()?,
        category: Category::Domain,
        team: None,
        tags: &["generated".to_owned()],
        owner: Some("team-1"),
        phase4_pattern_id: Some(1),
    };
    let front_matter = StoredJson::of(&serde_json::json!({ "name": name, "description": "Made up." }));
    let version = NewVersion {
        version: "1.0.0",
        content_hash: &hash,
        folder: None,
        content_path: &format!("/skills/{name}/SKILL.md"),
        front_matter: front_matter.as_ref(),
        approval_level: ApprovalLevel::Human,
        source: VersionSource::Deploy,
        now,
    };
    let hex = hash.to_string();
    let approval = NewApproval {
        version: "1.0.0",
        content_hash: &hex,
        folder_hash: None,
        approval_level: ApprovalLevel::Human,
        approver: "reviewer",
        decision: Decision::Approved,
        reasoning: "Made up",
        criteria_check: None,
        escalated_to: None,
        now,
    };
    let mapping = NewMapping {
        agent_type: &agent.parse::<AgentType>()?,
        priority: 5,
        required: false,
        conditions: None,
        enabled: true,
        now,
    };
    tx.store_content(&hash, text.as_bytes())?;
    let id = tx.insert_skill(&skill, &version)?;
    tx.record_approval(id, &approval)?;
    tx.add_mapping(id, &mapping)?;
    Ok((id, hex))
}

/// Logs uses in order of their days, some skills far more often than others, each by the agent type that has the skill.
fn log_uses(
    store: &mut dyn Store,
    skills: &[(SkillId, String)],
    workload: &Workload,
    clock: Clock,
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<()> {
    let days: Vec<Moment> = (0..DAYS)
        .rev()
        .map(|back| clock.now() - jiff::SignedDuration::from_hours(24 * i64::try_from(back).unwrap_or(0)))
        .map(Moment::from)
        .collect();
    let mut random = Random::new(0x0010_6065);
    let mut row = 0;
    while row < workload.usage_rows {
        let end = workload.usage_rows.min(row + ROWS_A_BATCH);
        random = write(store, Durability::Normal, |tx| -> Result<Random> {
            let mut random = random.clone();
            for number in row..end {
                // The minimum of three draws: the first tenth of the skills gets over a quarter of the uses.
                let skill = (0..3).map(|_| random.below(skills.len())).min().unwrap_or(0);
                let agent_type = agent_of(skill, workload.skills);
                let day = days[number * DAYS / workload.usage_rows];
                log_use(tx, &skills[skill], &agent_type, day, &mut random)?;
            }
            Ok(random)
        })?;
        row = end;
        progress(row)?;
    }
    Ok(())
}

fn log_use(
    tx: &mut dyn Transaction,
    (skill_id, hash): &(SkillId, String),
    agent_type: &str,
    loaded_at: Moment,
    random: &mut Random,
) -> Result<()> {
    let whole = |it: usize| i64::try_from(it).unwrap_or(0);
    let hundredth = |it: usize| f64::from(u32::try_from(it).unwrap_or(0)) / 100.0;
    let agent_id = format!("{agent_type}-{}", random.below(10));
    let task_id = format!("task-{}", random.below(1000));
    let (before, gain) = (40 + random.below(40), random.below(20));
    tx.log_usage(&Usage {
        agent_id: &agent_id,
        agent_type,
        skill_id: *skill_id,
        task_id: Some(&task_id),
        phase: None,
        loaded_at,
        approval_level: ApprovalLevel::Human,
        phase4_generated: true,
        version: Some("1.0.0"),
        content_hash: Some(hash),
        outcome: Some(Outcome {
            execution_ms: Some(whole(50 + random.below(5000))),
            exit_code: Some(i64::from(random.below(20) == 0)),
            confidence_before: Some(hundredth(before)),
            confidence_after: Some(hundredth(before + gain)),
            test_pass_rate: None,
            tokens_avoided: Some(whole(random.below(3000))),
            cost_avoided_usd: Some(hundredth(random.below(10))),
        }),
    })?;
    Ok(())
}
