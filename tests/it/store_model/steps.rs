//! What may happen, at random: the same seed is the same story on every machine.

use cfn::model::{Category, ChangeType, Decision, Outcome, Status, Version};

/// Skills; the last two differ by case.
pub(super) const SKILLS: [&str; 5] = ["alpha", "beta", "gamma", "delta", "Delta"];
pub(super) const AGENTS: [&str; 3] = ["dev", "tester", "dev-lead"];
pub(super) const TASKS: [&str; 3] = ["t1", "t2", "t3"];
pub(super) const PHASES: [&str; 2] = ["plan", "build"];
/// Of each skill, so many files with other bytes.
pub(super) const BODIES: usize = 5;
const TIMES: [&str; 5] =
    ["2026-01-31 12:00:00", "2026-01-31T23:30:00-05:00", "2026-02-01T00:30:00+09:00", "soon", "2026-02-30 10:00:00"];

/// A generator of its own.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Small seeds differ in few bits.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    /// One time in so many.
    fn once_in(&mut self, times: usize) -> bool {
        self.roll(times) == 0
    }

    fn maybe<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if self.once_in(2) { Some(self.of(from)) } else { None }
    }

    fn version(&mut self) -> Version {
        format!("{}.{}.{}", 1 + self.roll(2), self.roll(3), self.roll(4)).parse().expect("a version")
    }

    fn maybe_version(&mut self) -> Option<Version> {
        let version = self.version();
        self.maybe(&[version])
    }

    fn figure(&mut self) -> Option<f64> {
        self.maybe(&[0.0, 0.1, 0.25, 0.3, 0.35, 0.9, 1.0])
    }

    fn outcome(&mut self) -> Outcome {
        Outcome {
            execution_ms: self.maybe(&[0, 7, 120_000]),
            exit_code: self.maybe(&[0, 1, -9]),
            confidence_before: self.figure(),
            confidence_after: self.figure(),
            test_pass_rate: self.figure(),
            tokens_avoided: self.maybe(&[0, 5, 1_000_000]),
            cost_avoided_usd: self.maybe(&[0.1, 0.000_000_2, 3.99]),
        }
    }

    fn execution(&mut self) -> Execution {
        Execution {
            skill: self.of(&SKILLS),
            agent_id: self.of(&["a1", "a2"]),
            agent_type: self.of(&AGENTS),
            task: self.maybe(&TASKS),
            phase: self.maybe(&PHASES),
            outcome: self.outcome(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) skill: &'static str,
    pub(super) agent_id: &'static str,
    pub(super) agent_type: &'static str,
    pub(super) task: Option<&'static str>,
    pub(super) phase: Option<&'static str>,
    pub(super) outcome: Outcome,
}

/// What somebody does. Of versions, the next one is meant where none is given, and those that are there are counted from the newest.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// What is there before anything happens.
    Begin,
    Deploy {
        skill: &'static str,
        body: usize,
        version: Option<Version>,
        category: Option<Category>,
        agents: Vec<&'static str>,
        priority: Option<i64>,
        required: Option<bool>,
        context: bool,
        overrides: bool,
        dry_run: bool,
    },
    Update {
        skill: &'static str,
        body: usize,
        version: Option<Version>,
        change: ChangeType,
        overrides: bool,
        dry_run: bool,
    },
    Review {
        skill: &'static str,
        version: Option<usize>,
        decision: Decision,
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
    Log(Vec<Execution>),
    Restore {
        skills: Vec<&'static str>,
        dry_run: bool,
    },
    SetStatus {
        skill: &'static str,
        status: Status,
    },
    Capture,
    /// A delivery is made, fails or is refused.
    Deliver {
        which: usize,
        outcome: usize,
    },
    RetryDeadLetters,
    BackOff(Option<i64>),
    Foreign(Foreign),
}

/// What another program does, where there is what it wants to change.
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
        let (overrides, dry_run) = (dice.once_in(4), dice.once_in(8));
        match dice.roll(40) {
            0..=6 => Self::deploy(dice, skill, overrides, dry_run),
            7..=9 => Self::Update {
                skill,
                body: dice.roll(BODIES),
                version: dice.maybe_version().filter(|_| dice.once_in(3)),
                change: dice.of(&ChangeType::ALL),
                overrides,
                dry_run,
            },
            10..=14 => Self::Review { skill, version: dice.maybe(&[0, 1, 2]), decision: dice.of(&DECISIONS) },
            15..=16 => Self::Rollback { skill, to: dice.roll(5), overrides, dry_run },
            17 => {
                Self::Import { update: dice.once_in(2), from_any: dice.once_in(2), approve: dice.once_in(3), overrides }
            }
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
            24..=27 => Self::Log((0..1 + dice.roll(3)).map(|_| dice.execution()).collect()),
            28 => Self::Restore { skills: vec![skill, dice.of(&SKILLS)], dry_run },
            29 => Self::SetStatus { skill, status: dice.of(&STATUSES) },
            30 => Self::Capture,
            31..=32 => Self::Deliver { which: dice.roll(5), outcome: dice.roll(3) },
            33 => Self::RetryDeadLetters,
            34 => Self::BackOff(dice.maybe(&[1_800_000_000])),
            _ => Self::Foreign(Foreign::random(dice, skill)),
        }
    }

    fn deploy(dice: &mut Dice, skill: &'static str, overrides: bool, dry_run: bool) -> Self {
        Self::Deploy {
            skill,
            body: dice.roll(BODIES),
            version: dice.maybe_version().filter(|_| dice.once_in(3)),
            category: dice.maybe(&CATEGORIES),
            agents: (0..dice.roll(3)).map(|_| dice.of(&AGENTS)).collect(),
            priority: dice.maybe(&[1, 5, 9]),
            required: dice.maybe(&[false, true]).filter(|_| dice.once_in(3)),
            context: dice.once_in(4),
            overrides,
            dry_run,
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
