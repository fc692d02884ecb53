//! Random steps.

use cfn::model::{Category, ChangeType, Decision, Outcome, Status, Version};
use jiff::Timestamp;

use super::dice::Dice;

/// Skills; the last two differ by case.
pub(super) const SKILLS: [&str; 5] = ["alpha", "beta", "gamma", "delta", "Delta"];
/// Names for skills: their own, others', and new ones.
const NAMES: [&str; 5] = ["alpha", "delta", "Gamma", "omega", "Omega"];
pub(super) const AGENTS: [&str; 3] = ["dev", "tester", "dev-lead"];
pub(super) const TASKS: [&str; 3] = ["t1", "t2", "t3"];
pub(super) const PHASES: [&str; 2] = ["plan", "build"];
/// Of each skill, so many files with other bytes.
pub(super) const FILES: usize = 5;
/// And so many folders with the last of them and a script.
const FOLDERS: usize = 2;
pub(super) const BODIES: usize = FILES + FOLDERS;
const TIMES: [&str; 5] =
    ["2026-01-31 12:00:00", "2026-01-31T23:30:00-05:00", "2026-02-01T00:30:00+09:00", "soon", "2026-02-30 10:00:00"];

#[derive(Debug, Clone)]
pub(super) struct LoggedUse {
    pub(super) skill: &'static str,
    pub(super) agent_id: &'static str,
    pub(super) agent_type: &'static str,
    pub(super) task: Option<&'static str>,
    pub(super) phase: Option<&'static str>,
    pub(super) outcome: Outcome,
}

/// A step. No version means the next one; existing versions are counted from the newest.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// The initial state.
    Begin,
    Publish(Publish),
    Review {
        skill: &'static str,
        version: Option<usize>,
        decision: Decision,
    },
    Load {
        agent: &'static str,
        context: bool,
        phase: Option<&'static str>,
        max_skills: usize,
        max_tokens: Option<u64>,
    },
    LoadAndLog {
        agent: &'static str,
        agent_id: &'static str,
        task: Option<&'static str>,
    },
    Log(Vec<LoggedUse>),
    Restore {
        skills: Vec<&'static str>,
        dry_run: bool,
    },
    SetStatus {
        skill: &'static str,
        status: Status,
    },
    Capture,
    /// Sums that an engine may keep are brought up to date, or built anew.
    CareForSums {
        rebuild: bool,
    },
    Outbox(OutboxStep),
    Foreign(Foreign),
    Rename {
        skill: &'static str,
        to: &'static str,
    },
    Delete {
        skill: &'static str,
    },
    Revoke {
        skill: &'static str,
    },
}

/// Bytes become a version.
#[derive(Debug, Clone)]
pub(super) enum Publish {
    Deploy(Deployment),
    Update {
        skill: &'static str,
        body: usize,
        version: Option<Version>,
        change: ChangeType,
        overrides: bool,
        dry_run: bool,
    },
    Rollback {
        skill: &'static str,
        to: usize,
        overrides: bool,
        dry_run: bool,
    },
    Import {
        update: bool,
        from_any: bool,
        approve: bool,
        overrides: bool,
    },
}

#[derive(Debug, Clone, Default)]
pub(super) struct Deployment {
    pub(super) skill: &'static str,
    pub(super) body: usize,
    pub(super) version: Option<Version>,
    pub(super) category: Option<Category>,
    pub(super) agents: Vec<&'static str>,
    pub(super) priority: Option<i64>,
    pub(super) required: Option<bool>,
    pub(super) context: bool,
    pub(super) overrides: bool,
    pub(super) dry_run: bool,
}

/// The outcome of a delivery.
#[derive(Debug, Clone)]
pub(super) enum OutboxStep {
    Deliver { which: usize },
    Fail { which: usize },
    Bury { which: usize },
    RetryDeadLetters,
    BackOff(Option<Timestamp>),
}

/// A write by another program, if the row that it changes exists.
#[derive(Debug, Clone)]
pub(super) enum Foreign {
    Overwrite { skill: &'static str, version: Option<Version>, body: usize },
    Decide { skill: &'static str, version: Option<Version>, decision: Decision },
    SetMapping { skill: &'static str, agent: &'static str, enabled: bool, gate: Option<&'static str> },
    SetTests { skill: &'static str, coverage: f64 },
    SetContent { skill: &'static str, body: usize, lose: bool },
    LogAt { skill: &'static str, time: &'static str },
    CompleteUse { task: &'static str },
}

const CATEGORIES: [Category; 3] = [Category::Domain, Category::Testing, Category::Infrastructure];
const DECISIONS: [Decision; 5] =
    [Decision::Approved, Decision::Approved, Decision::Rejected, Decision::Escalated, Decision::NeedsCorrection];
const STATUSES: [Status; 4] = [Status::Active, Status::Active, Status::Deprecated, Status::Archived];
const GATES: [&str; 4] =
    [r#"{"min_coverage":0.5}"#, r#"{"min_pass_rate":0.3}"#, r#"{"require_tests":true}"#, "not JSON"];

impl Step {
    pub(super) fn random(dice: &mut Dice) -> Self {
        let skill = dice.of(&SKILLS);
        match dice.roll(40) {
            0..=12 => Self::Publish(Publish::random(dice, skill)),
            13..=17 => Self::Review { skill, version: dice.maybe(&[0, 1, 2]), decision: dice.of(&DECISIONS) },
            18..=19 => Self::Load {
                agent: dice.of(&AGENTS),
                context: dice.once_in(2),
                phase: dice.maybe(&PHASES),
                max_skills: dice.of(&[1, 2, 20]),
                max_tokens: dice.maybe(&[40, 80, 4000]),
            },
            20..=23 => {
                Self::LoadAndLog { agent: dice.of(&AGENTS), agent_id: dice.of(&["a1", "a2"]), task: dice.maybe(&TASKS) }
            }
            24..=27 => Self::Log((0..=dice.roll(3)).map(|_| LoggedUse::random(dice)).collect()),
            28 => Self::Restore { skills: vec![skill, dice.of(&SKILLS)], dry_run: dice.once_in(8) },
            29 => Self::SetStatus { skill, status: dice.of(&STATUSES) },
            30 => Self::Capture,
            31..=34 => Self::Outbox(OutboxStep::random(dice)),
            35 => Self::CareForSums { rebuild: dice.once_in(4) },
            36 => match dice.roll(3) {
                0 => Self::Delete { skill },
                1 => Self::Revoke { skill },
                _ => Self::Rename { skill, to: dice.of(&NAMES) },
            },
            _ => Self::Foreign(Foreign::random(dice, skill)),
        }
    }
}

impl LoggedUse {
    fn random(dice: &mut Dice) -> Self {
        Self {
            skill: dice.of(&SKILLS),
            agent_id: dice.of(&["a1", "a2"]),
            agent_type: dice.of(&AGENTS),
            task: dice.maybe(&TASKS),
            phase: dice.maybe(&PHASES),
            outcome: outcome(dice),
        }
    }
}

fn outcome(dice: &mut Dice) -> Outcome {
    let figure = |dice: &mut Dice| dice.maybe(&[0.0, 0.1, 0.25, 0.3, 0.35, 0.9, 1.0]);
    Outcome {
        execution_ms: dice.maybe(&[0, 7, 120_000]),
        exit_code: dice.maybe(&[0, 1, -9]),
        confidence_before: figure(dice),
        confidence_after: figure(dice),
        test_pass_rate: figure(dice),
        tokens_avoided: dice.maybe(&[0, 5, 1_000_000]),
        cost_avoided_usd: dice.maybe(&[0.1, 0.000_000_2, 3.99]),
    }
}

impl Publish {
    fn random(dice: &mut Dice, skill: &'static str) -> Self {
        let (overrides, dry_run) = (dice.once_in(4), dice.once_in(8));
        let version = dice.maybe_version().filter(|_| dice.once_in(3));
        match dice.roll(13) {
            0..=6 => Self::Deploy(Deployment {
                skill,
                body: dice.roll(BODIES),
                version,
                category: dice.maybe(&CATEGORIES),
                agents: (0..dice.roll(3)).map(|_| dice.of(&AGENTS)).collect(),
                priority: dice.maybe(&[1, 5, 9]),
                required: dice.maybe(&[false, true]).filter(|_| dice.once_in(3)),
                context: dice.once_in(4),
                overrides,
                dry_run,
            }),
            7..=9 => {
                let (body, change) = (dice.roll(BODIES), dice.of(&ChangeType::ALL));
                Self::Update { skill, body, version, change, overrides, dry_run }
            }
            10..=11 => Self::Rollback { skill, to: dice.roll(5), overrides, dry_run },
            _ => {
                let (update, from_any) = (dice.once_in(2), dice.once_in(2));
                Self::Import { update, from_any, approve: dice.once_in(3), overrides }
            }
        }
    }
}

impl OutboxStep {
    fn random(dice: &mut Dice) -> Self {
        let which = dice.roll(5);
        match dice.roll(5) {
            0 => Self::Deliver { which },
            1 => Self::Fail { which },
            2 => Self::Bury { which },
            3 => Self::RetryDeadLetters,
            _ => Self::BackOff(dice.maybe(&[Timestamp::constant(1_800_000_000, 0)])),
        }
    }
}

impl Foreign {
    fn random(dice: &mut Dice, skill: &'static str) -> Self {
        let version = dice.maybe_version();
        match dice.roll(7) {
            0 => Self::Overwrite { skill, version, body: dice.roll(BODIES) },
            1 => Self::Decide { skill, version, decision: dice.of(&DECISIONS) },
            2 => {
                Self::SetMapping { skill, agent: dice.of(&AGENTS), enabled: !dice.once_in(3), gate: dice.maybe(&GATES) }
            }
            3 => Self::SetTests { skill, coverage: dice.of(&[0.25, 0.75]) },
            4 => Self::SetContent { skill, body: dice.roll(BODIES), lose: dice.once_in(2) },
            5 => Self::LogAt { skill, time: dice.of(&TIMES) },
            _ => Self::CompleteUse { task: dice.of(&TASKS) },
        }
    }
}
