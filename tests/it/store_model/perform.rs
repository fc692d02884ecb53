//! One step on one database: what it reports, as text.

use std::fmt::Debug;

use cfn::cache::Disabled;
use cfn::clock::Clock;
use cfn::model::{Bootstrap, Failures, SkillName, Status, Version};
use cfn::ops::{self, Before, Delete, Load, Rename, Review, Revoke, RevokedBytes, SetStatus, UsageOf};
use cfn::store::{self, Durability, SkillChange, Store, UsageSums, write};
use jiff::{SignedDuration, Timestamp};

use super::files::Files;
use super::steps::{LoggedUse, OutboxStep, Step};
use crate::store_contract::OtherProgram;

pub(super) fn name(text: &str) -> SkillName {
    text.parse().expect("a name")
}

/// A clock that goes on with the story.
pub(super) fn clock(at: u64) -> Clock {
    let start: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
    Clock::Fixed(start + SignedDuration::from_mins(7) * i32::try_from(at).expect("not so long"))
}

/// The answer; of a database error only its kind, since it names a path.
pub(super) fn told<T: Debug>(answer: ops::Result<T>) -> String {
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
pub(super) fn recorded(store: &mut dyn Store, skill: &str, at: usize) -> Version {
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.skill(&name(skill)).expect("a read");
    let versions = found.map_or_else(Vec::new, |it| snapshot.versions(it.id).expect("versions"));
    let version = versions.get(at).and_then(|it| Version::lenient(&it.version));
    version.unwrap_or_else(|| "9.9.9".parse().expect("a version"))
}

pub(super) fn perform(store: &mut dyn Store, other: &dyn OtherProgram, files: &Files, at: u64, step: &Step) -> String {
    let clock = clock(at);
    match step {
        Step::Begin => begin(other),
        Step::Publish(publish) => publish.perform(store, files, clock),
        Step::Review { skill, version, decision } => {
            let version = version.map(|at| recorded(store, skill, at));
            let (name, decision) = (&name(skill), *decision);
            let request = Review {
                name,
                version,
                expected: None,
                decision,
                approver: "ann",
                reason: "because",
                escalated_to: None,
                experts: &[],
                before: Before::Any,
                also: cfn::ops::Also::default(),
                dry_run: false,
            };
            told(ops::review(store, clock, &request))
        }
        Step::Load { agent, context, phase, max_skills, max_tokens } => {
            let request = Load {
                context: context.then(|| "auth".to_owned()).into_iter().collect(),
                phase: phase.map(str::to_owned),
                max_skills: *max_skills,
                max_tokens: *max_tokens,
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
            told(ops::set_status(
                store,
                clock,
                &SetStatus {
                    names: &names,
                    status: Status::Active,
                    replacement: None,
                    note: None,
                    actor: Some("ann"),
                    dry_run: *dry_run,
                },
            ))
        }
        Step::Capture => told(ops::capture(store, &files.rules, &files.project, true)),
        Step::SetStatus { skill, status } => set_status(store, clock, skill, *status),
        Step::CareForSums { rebuild } => care_for_sums(store.usage_sums(), *rebuild),
        Step::Outbox(step) => step.perform(store, clock),
        Step::Rename { .. } | Step::Delete { .. } | Step::Revoke { .. } => lifecycle(store, clock, step),
        Step::Foreign(foreign) => foreign.perform(store.read().expect("a snapshot").as_ref(), other),
    }
}

fn lifecycle(store: &mut dyn Store, clock: Clock, step: &Step) -> String {
    match step {
        Step::Rename { skill, to } => {
            let (name, to) = (&name(skill), &name(to));
            told(ops::rename(store, clock, &Rename { name, to, actor: "ann", reason: None, dry_run: false }))
        }
        Step::Delete { skill } => {
            let request = Delete { names: &[name(skill)], actor: "ann", reason: Some("gone"), dry_run: false };
            told(ops::delete(store, clock, &request))
        }
        Step::Revoke { skill } => {
            let name = &name(skill);
            let request =
                Revoke { what: RevokedBytes::Version(name, None), approver: "ann", reason: "bad", dry_run: false };
            told(ops::revoke(store, clock, &request))
        }
        _ => String::new(),
    }
}

fn set_status(store: &mut dyn Store, clock: Clock, skill: &str, status: Status) -> String {
    let now = clock.moment();
    let change = SkillChange { status: Some(status), ..SkillChange::at(now) };
    let written: store::Result<()> = write(store, Durability::Full, |tx| {
        tx.skill(&name(skill))?.map_or(Ok(()), |it| tx.update_skill(it.id, &change))
    });
    format!("{written:?}")
}

/// How many cells there are is the engine's own business; that none is wrong is not.
fn care_for_sums(sums: &mut dyn UsageSums, rebuild: bool) -> String {
    let done = if rebuild { sums.rebuild(&mut |_| ()) } else { sums.catch_up(&mut |_| ()) };
    let proof = sums.prove().expect("a proof");
    format!("{done:?}, {} of {} rows differ, behind: {:?}", proof.differences, proof.rows, sums.is_behind())
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

fn log(store: &mut dyn Store, clock: Clock, executions: &[LoggedUse]) -> String {
    let executions: Vec<_> = executions
        .iter()
        .map(|it| ops::NewUse {
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

impl OutboxStep {
    fn perform(&self, store: &mut dyn Store, clock: Clock) -> String {
        let now = clock.moment();
        let done: store::Result<Option<usize>> = write(store, Durability::Normal, |tx| {
            let waiting = tx.waiting_deliveries(0, 99)?;
            match self {
                Self::Deliver { which } => waiting.get(*which).map_or(Ok(()), |it| tx.forget_delivered(it))?,
                Self::Fail { which } => {
                    if let Some(delivery) = waiting.get(*which) {
                        let failures = Failures::and(delivery.failures.as_ref(), now, "it took too long");
                        tx.delivery_failed(delivery, &failures)?;
                    }
                }
                Self::Bury { which } => waiting.get(*which).map_or(Ok(()), |it| tx.bury(it, "refused", now))?,
                Self::RetryDeadLetters => return tx.retry_dead_letters().map(Some),
                Self::BackOff(until) => tx.back_off(*until)?,
            }
            Ok(None)
        });
        format!("{done:?}")
    }
}
