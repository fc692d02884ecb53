//! One step on one database: what it reports, as text.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;

use cfn::cache::Disabled;
use cfn::clock::Clock;
use cfn::model::{Bootstrap, ChangeType, ContentHash, Failures, Location, SkillName, Version};
use cfn::ops::{self, Deploy, Format, Import, Load, Project, Restore, Review, Rollback, Update, UsageOf};
use cfn::store::{self, Durability, SkillChange, Snapshot, Store, UsageFilter, write};
use jiff::{SignedDuration, Timestamp};

use super::steps::{BODIES, Execution, Foreign, SKILLS, Step};
use crate::store_contract::OtherProgram;

/// The files that skills are made of, the same for all databases.
pub(super) struct Files {
    folder: tempfile::TempDir,
    pub(super) rules: ops::Files,
    pub(super) project: Project,
}

impl Files {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let rules = ops::Files { most_bytes: 1 << 20, root: None };
        let project = Project::of(&Location::File(folder.path().join("skills.db")), folder.path());
        let files = Self { folder, rules, project };
        for skill in SKILLS {
            for body in 0..BODIES {
                fs::write(files.path(skill, body), text(skill, body)).expect("written");
            }
            fs::create_dir_all(files.tree().join(skill)).expect("a folder");
            fs::write(files.tree().join(skill).join("SKILL.md"), text(skill, 3)).expect("written");
        }
        fs::write(files.folder.path().join("first.md"), "First steps.\n").expect("written");
        files
    }

    fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    pub(super) fn path(&self, skill: &str, body: usize) -> PathBuf {
        self.folder.path().join(format!("{skill}-{body}.md"))
    }
}

/// Some files ask for a category, a version, or another review; one is the same for all skills.
fn text(skill: &str, body: usize) -> String {
    let fields = match body {
        0 => return "# The same for all\n\nRead first.\n".to_owned(),
        1 => "category: testing\ntags: [one, two]",
        2 => "version: 1.2.0\nowner: ann",
        3 => "approval_level: human\ncategory: domain",
        _ => "category: infrastructure\nversion: 2.0.0",
    };
    format!("---\nname: {skill}\ndescription: About {skill}.\n{fields}\n---\n\nBody {body}.\n")
}

fn hash(skill: &str, body: usize) -> ContentHash {
    ContentHash::of(text(skill, body).as_bytes())
}

fn name(text: &str) -> SkillName {
    text.parse().expect("a name")
}

/// A clock that goes on with the story.
pub(super) fn clock(at: u64) -> Clock {
    let start: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
    Clock::Fixed(start + SignedDuration::from_mins(7) * i32::try_from(at).expect("not so long"))
}

/// What was answered: of an error of the database only its kind, since it names a place.
fn told<T: Debug>(answer: ops::Result<T>) -> String {
    match answer {
        Ok(report) => format!("{report:#?}"),
        Err(ops::Error::Store(error)) => {
            let text = format!("{error:?}");
            text.split(|it: char| !it.is_alphanumeric()).next().unwrap_or_default().to_owned()
        }
        Err(error) => format!("{error:#?}"),
    }
}

/// A version of a skill, counted from the newest; one that is not there, where there are not so many.
fn recorded(store: &mut dyn Store, skill: &str, at: usize) -> Version {
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.skill(&name(skill)).expect("a read");
    let versions = found.map_or_else(Vec::new, |it| snapshot.versions(it.id).expect("versions"));
    let version = versions.get(at).and_then(|it| Version::lenient(&it.version));
    version.unwrap_or_else(|| "9.9.9".parse().expect("a version"))
}

fn successor(version: Version, change: ChangeType) -> Version {
    let (major, minor) = (version.major(), version.minor());
    match change {
        ChangeType::Patch => version.next_patch().expect("a small one"),
        ChangeType::Minor => format!("{major}.{}.0", minor + 1).parse().expect("a version"),
        ChangeType::Major => format!("{}.0.0", major + 1).parse().expect("a version"),
    }
}

pub(super) fn perform(store: &mut dyn Store, other: &dyn OtherProgram, files: &Files, at: u64, step: &Step) -> String {
    let clock = clock(at);
    match step {
        Step::Begin => begin(other),
        Step::Deploy { .. } | Step::Update { .. } | Step::Import { .. } => publish(store, files, clock, step),
        Step::Review { skill, version, decision } => {
            let version = version.map(|at| recorded(store, skill, at));
            let (name, decision) = (&name(skill), *decision);
            let request = Review { name, version, expected: None, decision, approver: "ann", reason: "because" };
            told(ops::review(store, clock, &request))
        }
        Step::Rollback { skill, to, overrides, dry_run } => {
            let (name, to) = (name(skill), recorded(store, skill, *to));
            let reason = overrides.then_some("it was right");
            let (override_rejection, dry_run) = (*overrides, *dry_run);
            told(ops::rollback(
                store,
                clock,
                &Rollback { reason, override_rejection, dry_run, ..Rollback::new(&name, to) },
            ))
        }
        Step::Load { agent, context, phase, max_skills, max_tokens } => {
            let request = Load {
                context: context.then(|| "auth".to_owned()).into_iter().collect(),
                phase: phase.map(str::to_owned),
                max_skills: *max_skills,
                max_tokens: *max_tokens,
                format: Format::Prompt,
                ..Load::usual(agent.parse().expect("an agent type"))
            };
            told(ops::load(store, &Disabled, &request))
        }
        Step::LoadAndLog { agent, agent_id, task } => {
            let request = Load::usual(agent.parse().expect("an agent type"));
            let usage = UsageOf { agent_id: (*agent_id).to_owned(), task_id: task.map(str::to_owned) };
            told(ops::load_and_log(store, clock, &request, &usage))
        }
        Step::Log(executions) => log(store, clock, executions),
        Step::Restore { skills, dry_run } => {
            let names: Vec<SkillName> = skills.iter().map(|it| name(it)).collect();
            told(ops::restore(store, clock, &Restore { names: &names, dry_run: *dry_run }))
        }
        Step::Capture => told(ops::capture(store, &files.rules, &files.project, true)),
        Step::SetStatus { skill, status } => {
            let now = clock.database_time();
            let change = SkillChange { status: Some(*status), now: &now, ..SkillChange::default() };
            let written: store::Result<()> = write(store, Durability::Full, |tx| {
                tx.skill(&name(skill))?.map_or(Ok(()), |it| tx.update_skill(it.id, &change))
            });
            format!("{written:?}")
        }
        Step::Deliver { .. } | Step::RetryDeadLetters | Step::BackOff(_) => deliver(store, clock, step),
        Step::Foreign(foreign) => write_elsewhere(store.read().expect("a snapshot").as_ref(), other, foreign),
    }
}

fn begin(other: &dyn OtherProgram) -> String {
    for (name, load_order) in [("first", 1), ("missing", 2)] {
        let bootstrap = Bootstrap {
            name: name.to_owned(),
            file_path: format!("{name}.md"),
            load_order,
            description: Some("First steps".to_owned()),
            content_hash: None,
        };
        other.add_bootstrap(&bootstrap, true);
    }
    String::new()
}

fn publish(store: &mut dyn Store, files: &Files, clock: Clock, step: &Step) -> String {
    let Files { rules, project, .. } = files;
    let (auth, reason) = (["auth".to_owned()], "it was right");
    match step {
        Step::Deploy { skill, body, version, category, agents, priority, required, context, overrides, dry_run } => {
            let (name, path) = (name(skill), files.path(skill, *body));
            let agents: Vec<_> = agents.iter().map(|it| it.parse().expect("an agent type")).collect();
            let request = Deploy {
                version: *version,
                category: *category,
                agents: &agents,
                priority: *priority,
                required: *required,
                context: context.then_some(&auth[..]),
                reason: overrides.then_some(reason),
                override_rejection: *overrides,
                dry_run: *dry_run,
                ..Deploy::new(7, &name, &path)
            };
            told(ops::deploy(store, rules, project, clock, &request))
        }
        Step::Update { skill, body, version, change, overrides, dry_run } => {
            let (name, path) = (name(skill), files.path(skill, *body));
            let version = version.unwrap_or_else(|| successor(recorded(store, skill, 0), *change));
            let request = Update {
                notify_agents: true,
                reason: overrides.then_some(reason),
                override_rejection: *overrides,
                dry_run: *dry_run,
                ..Update::new(&name, version, &path, *change)
            };
            told(ops::update(store, rules, project, clock, &request))
        }
        Step::Import { update, from_any, approve, overrides } => {
            let folder = files.tree();
            let request = Import {
                update: *update,
                from_any: *from_any,
                approve_as: approve.then_some("ann"),
                reason: Some(reason),
                override_rejection: *overrides,
                ..Import::new(&folder)
            };
            told(ops::import(store, rules, project, clock, &request, &mut |_| {}))
        }
        other => unreachable!("{other:?}"),
    }
}

fn log(store: &mut dyn Store, clock: Clock, executions: &[Execution]) -> String {
    let executions: Vec<_> = executions
        .iter()
        .map(|it| ops::Execution {
            skill: name(it.skill),
            agent_id: it.agent_id.to_owned(),
            agent_type: it.agent_type.parse().expect("an agent type"),
            task_id: it.task.map(str::to_owned),
            phase: it.phase.map(str::to_owned),
            outcome: it.outcome,
        })
        .collect();
    match &executions[..] {
        [one] => told(ops::log(store, clock, one)),
        many => told(ops::log_all(store, clock, many)),
    }
}

/// What a delivery does with the outbox.
fn deliver(store: &mut dyn Store, clock: Clock, step: &Step) -> String {
    let now = clock.database_time();
    let delivered: store::Result<String> = write(store, Durability::Normal, |tx| match step {
        Step::Deliver { which, outcome } => {
            let waiting = tx.waiting_deliveries(0, 99)?;
            let Some(delivery) = waiting.get(*which) else { return Ok(String::new()) };
            match outcome {
                0 => tx.forget_delivered(delivery)?,
                1 => {
                    let failures = Failures::and(delivery.failures.as_ref(), &now, "it took too long");
                    tx.delivery_failed(delivery, &failures)?;
                }
                _ => tx.bury(delivery, "refused", &now)?,
            }
            Ok(delivery.id.to_string())
        }
        Step::BackOff(until) => tx.back_off(*until).map(|()| String::new()),
        _ => Ok(tx.retry_dead_letters()?.to_string()),
    });
    format!("{delivered:?}")
}

fn write_elsewhere(snapshot: &dyn Snapshot, other: &dyn OtherProgram, foreign: &Foreign) -> String {
    let find = |skill: &str| snapshot.skill(&name(skill)).expect("a read");
    match foreign {
        Foreign::Overwrite { skill, version, body } => {
            let Some(found) = find(skill) else { return "no skill".to_owned() };
            let version = version.map_or(found.version, |it| it.to_string());
            other.overwrite(skill, &version, &hash(skill, *body).to_string());
        }
        Foreign::Decide { skill, version, decision } => {
            let Some(found) = find(skill) else { return "no skill".to_owned() };
            let version = version.map_or(found.version, |it| it.to_string());
            other.decide(skill, &version, *decision);
        }
        Foreign::SetMapping { skill, agent, enabled, gate } => {
            let mapped = |id| snapshot.mappings(id).expect("a read").iter().any(|it| it.agent_type == *agent);
            if !find(skill).is_some_and(|it| mapped(it.id)) {
                return "no mapping".to_owned();
            }
            other.set_mapping(skill, agent, *enabled, *gate);
        }
        Foreign::SetTests { skill, coverage } if find(skill).is_some() => other.set_tests(skill, *coverage),
        Foreign::LogAt { skill, time } if find(skill).is_some() => other.log_at(skill, time),
        Foreign::SetTests { .. } | Foreign::LogAt { .. } => return "no skill".to_owned(),
        Foreign::SetContent { skill, body, lose } => {
            let hash = hash(skill, *body).to_string();
            if snapshot.content(&hash).expect("a read").is_none() {
                return "no bytes".to_owned();
            }
            other.set_content(&hash, (!lose).then_some(b"damaged"));
        }
        Foreign::CompleteUse { task } => {
            let rows = snapshot.usage_rows(&UsageFilter::Task(task), 1).expect("rows");
            let Some(row) = rows.first() else { return "no use".to_owned() };
            other.complete_use(row.id);
        }
    }
    String::new()
}
