//! Runs in containers, by the programs `docker` and `podman`: so the engine may be wherever they find it.
//!
//! Every call has a deadline. A container that its engine does not end is ended by its first process, where this machine
//! sees it. Nothing of another project is ended: the labels of a container say whose it is.

mod abilities;
mod arguments;
mod cold;
mod copied;
mod engine;
mod labels;
mod listing;
mod main_process;
mod mounts;
mod place;
mod warm;
mod watched;

use std::hash::BuildHasher as _;
use std::io;

pub use abilities::Abilities;
pub use engine::{Engine, EngineError};
pub use labels::Owner;
pub(super) use listing::Listed;
pub use warm::InnerOrder;
pub(super) use warm::PROGRAM;
use watched::Outcome;

use super::container_plan::EnginePlace;
use super::plan::{Order, Plan};
use super::runtime::{ContainerProcess, Ended, Left, Logs, Runtime, RuntimeError};
use super::runtime_kind::RuntimeKind;
use crate::model::RunReason;
use crate::process::Attending;

/// The runtime of containers.
#[derive(Debug, Clone)]
pub struct Containers {
    /// Which client.
    pub kind: RuntimeKind,
    /// Whose containers they are.
    pub owner: Owner,
}

impl Runtime for Containers {
    fn run(
        &self,
        order: &Order,
        logs: Logs,
        starts: &mut dyn FnMut(&Left) -> io::Result<()>,
    ) -> Result<Ended, RuntimeError> {
        let unplanned = || fail("the container")(io::Error::other("it has no plan"));
        let container = order.plan.container.as_ref().ok_or_else(unplanned)?;
        let engine = Engine::of(self.kind, &container.engine).ok_or_else(unplanned)?;
        let member = order.plan.member.as_ref();
        let random = || format!("{:016x}", std::hash::RandomState::new().hash_one(std::process::id()));
        let run = member.map_or_else(random, |it| it.run.clone());
        let left = |main| Left::Container {
            name: container.name.clone(),
            run: run.clone(),
            engine: container.engine.clone(),
            main,
        };
        let mut attending = attending(&logs).map_err(fail("signals could not be waited for"))?;
        starts(&left(None)).map_err(fail("the run could not be noted"))?;
        let began = std::time::Instant::now();
        // It is for those who look, and the run goes on without it.
        let mut found = |main: &ContainerProcess| drop(starts(&left(Some(main.clone()))));
        let ran = match member {
            Some(member) => warm::run(&engine, member, order, &logs, &mut attending, &mut found).map(Ok),
            None => cold::run(&engine, (order, container), (&self.owner, &run), &logs, &mut attending, &mut found),
        };
        let ran = ran.map_err(fail("the container could not be run to its end"))?;
        let outcome = ran.unwrap_or_else(|end| Outcome {
            reason: RunReason::Exited,
            code: end.code,
            took: began.elapsed(),
            counted: crate::linux::Counted::default(),
            detail: end.detail,
        });
        // A member of a pool goes when its run is settled: nobody has to wait for that.
        let removed = if member.is_some() { Ok(()) } else { engine.remove(&container.name) };
        Ok(self.ended(outcome, removed, container.place))
    }

    fn clear_away(&self, plan: &Plan) {
        let member = plan.member.as_ref().and_then(|it| Some((it.engine()?, &it.name)));
        if let Some((engine, name)) = member
            && let Err(error) = engine.remove(name)
        {
            tracing::debug!(%error, name, "a member of a pool was not removed");
        }
    }

    fn end_left(&self, left: &Left, agent_id: &str) -> Result<(), RuntimeError> {
        let Left::Container { name, run, engine, .. } = left else { return Ok(()) };
        let Some(engine) = Engine::of(self.kind, engine) else { return Ok(()) };
        let ended = match engine.label(name, labels::RUN) {
            Ok(Some(it)) if it == *run => engine.remove(name),
            Ok(_) => Ok(()), // it is gone, or it is of another run
            Err(error) => Err(error),
        };
        let what = format!("the container of {agent_id} could not be ended");
        ended.map_err(|error| RuntimeError { what, source: io::Error::other(error) })
    }
}

impl Containers {
    /// A container that could not be removed is removed by `cfn agent cleanup` later.
    fn ended(&self, outcome: Outcome, removed: Result<(), EngineError>, place: EnginePlace) -> Ended {
        let where_it_is = match place {
            EnginePlace::ThisMachine => "",
            EnginePlace::AnotherMachine => " on another machine",
        };
        let removed = removed.map_err(|error| format!("the container was not removed: {error}"));
        Ended {
            reason: outcome.reason,
            exit_code: outcome.code,
            took: outcome.took,
            peak_bytes: outcome.counted.peak_bytes,
            cpu: outcome.counted.cpu,
            limited_by: format!("the control groups of {}{where_it_is}", self.kind.as_str()),
            detail: outcome.detail.or(removed.err()),
        }
    }
}

fn attending(logs: &Logs) -> io::Result<Attending> {
    let mut attending = Attending::new()?;
    if let Some(terminal) = &logs.terminal {
        attending.hangs_up_with(terminal.caller()?);
    }
    Ok(attending)
}

fn fail(what: &str) -> impl Fn(io::Error) -> RuntimeError {
    let what = what.to_owned();
    move |source| RuntimeError { what: what.clone(), source }
}
