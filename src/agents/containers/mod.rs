//! Runs in containers, by the programs `docker` and `podman`: so the engine may be wherever they find it.
//!
//! Every call has a deadline. A container that its engine does not end is ended by its first process, where this machine
//! sees it. Nothing of another project is ended: the labels of a container say whose it is.

mod arguments;
mod cold;
mod engine;
mod labels;
mod listing;
mod main_process;
mod mounts;
mod watched;

use std::hash::BuildHasher as _;
use std::io;

pub use engine::{Engine, EngineError};
pub use labels::Owner;
pub(super) use listing::Listed;
use watched::Outcome;

use super::container_plan::ContainerPlan;
use super::plan::{Order, RuntimeKind};
use super::runtime::{Ended, Left, Logs, Runtime, RuntimeError};
use crate::model::RunReason;

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
        let run = format!("{:016x}", std::hash::RandomState::new().hash_one(std::process::id()));
        let left = Left::Container { name: container.name.clone(), run: run.clone(), engine: container.engine.clone() };
        starts(&left).map_err(fail("the run could not be noted"))?;
        let began = std::time::Instant::now();
        let ran = cold::run(&engine, (order, container), (&self.owner, &run), &logs);
        let ran = ran.map_err(fail("the container could not be run to its end"))?;
        let outcome = ran.unwrap_or_else(|end| Outcome {
            reason: RunReason::Exited,
            code: end.code,
            took: began.elapsed(),
            counted: crate::linux::Counted::default(),
            detail: end.detail,
        });
        Ok(self.ended(&engine, container, outcome))
    }

    fn end_left(&self, left: &Left, agent_id: &str) -> Result<(), RuntimeError> {
        let Left::Container { name, run, engine } = left else { return Ok(()) };
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
    /// Removes the container. Where that fails, `cfn agent cleanup` does it later.
    fn ended(&self, engine: &Engine, container: &ContainerPlan, outcome: Outcome) -> Ended {
        let removed = engine.remove(&container.name).map_err(|error| format!("the container was not removed: {error}"));
        Ended {
            reason: outcome.reason,
            exit_code: outcome.code,
            took: outcome.took,
            peak_bytes: outcome.counted.peak_bytes,
            cpu: outcome.counted.cpu,
            limited_by: format!("the control groups of {}", self.kind.as_str()),
            detail: outcome.detail.or(removed.err()),
        }
    }
}

fn fail(what: &str) -> impl Fn(io::Error) -> RuntimeError {
    let what = what.to_owned();
    move |source| RuntimeError { what: what.clone(), source }
}
