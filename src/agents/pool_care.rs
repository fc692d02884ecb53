//! Keeping pools: starting members, taking them up again after a restart, and ending them.

use std::fs;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::container_plan::Bind;
use super::containers::{Engine, EngineError, Owner, PROGRAM};
use super::error::{AgentError, Result};
use super::left_containers;
use super::pool::{Pool, PoolPlan};
use super::pool_member::PoolMember;
use crate::linux::own_program;

/// Interval for looking whether members are missing.
const LOOKS: Duration = Duration::from_millis(500);

/// A pool, and what waits in it.
#[derive(Debug, Serialize)]
pub struct PoolStatus {
    /// The agent type that it is for; none for all.
    pub agent_type: Option<String>,
    /// Its image.
    pub image: String,
    /// What runs it.
    pub runtime: &'static str,
    /// How many members are to wait.
    pub size: usize,
    /// How many wait.
    pub waiting: usize,
}

/// What looks after the pools of a project.
#[derive(Debug)]
pub struct PoolCare<'a> {
    /// The pools.
    pub pool: &'a Pool,
    /// Whose containers the members are.
    pub owner: &'a Owner,
}

impl Pool {
    /// What waits in each pool.
    #[must_use]
    pub fn status(&self) -> Vec<PoolStatus> {
        let plans = self.plans().into_iter();
        plans
            .map(|plan| PoolStatus {
                waiting: self.waiting_for(&plan),
                agent_type: plan.agent_type,
                image: plan.container.image,
                runtime: plan.runtime.as_str(),
                size: plan.size,
            })
            .collect()
    }

    fn waiting_for(&self, plan: &PoolPlan) -> usize {
        let is_of_plan = |it: &PoolMember| {
            it.agent_type == plan.agent_type && it.container.image == plan.container.image && it.is_alive()
        };
        self.waiting().into_iter().filter(is_of_plan).count()
    }
}

impl PoolCare<'_> {
    /// Starts what is missing in each pool.
    pub fn fill(&self) -> Result<()> {
        for plan in self.pool.plans() {
            left_containers::note(self.pool.runs(), plan.runtime, &plan.container.engine)?;
            for _ in self.pool.waiting_for(&plan)..plan.size {
                self.start(&plan)?;
            }
        }
        Ok(())
    }

    fn start(&self, plan: &PoolPlan) -> Result<()> {
        let Some(engine) = Engine::of(plan.runtime, &plan.container.engine) else { return Ok(()) };
        let (mut member, workspace) = self.pool.new_member(plan)?;
        let program = own_program().map_err(|source| AgentError::File {
            what: "find the program of cfn by",
            path: PROGRAM.into(),
            source,
        });
        let started = program.and_then(|source| {
            member.container.binds.push(Bind { source, target: PROGRAM.to_owned(), read_only: true });
            member.start(&engine, self.owner, &workspace).map_err(AgentError::from)
        });
        started.and_then(|()| self.pool.offer(&member, &workspace)).inspect_err(|_| {
            let _ = fs::remove_dir_all(&workspace); // nobody knows of it
            let _ = engine.remove(&member.name); // if it was started at all; 'cleanup' removes it else
        })
    }

    /// Starts what is missing, again and again, until there is no pool any more. Returns at once if another process does it.
    pub fn keep(&self, failed: &mut dyn FnMut(&AgentError)) -> Result<()> {
        let Some(_lock) = self.pool.lock_of_keeper()? else { return Ok(()) };
        while !self.pool.plans().is_empty() {
            if let Err(error) = self.take_up().and_then(|()| self.fill()) {
                failed(&error);
                thread::sleep(LOOKS * 10); // an engine that is away comes back, or does not
            }
            thread::sleep(LOOKS);
        }
        Ok(())
    }

    /// Takes up the members that the engines have, by their labels: it starts those again that a restart ended before any run
    /// claimed them, and removes those that are of no use any more.
    pub fn take_up(&self) -> Result<()> {
        let dead: Vec<_> = self.pool.waiting().into_iter().filter(|it| !it.is_alive()).collect();
        for mut member in dead {
            let Some(engine) = member.engine() else { continue };
            let started = engine.tell(&["start", &member.name], &[]);
            match started.and_then(|_| member.wake(&engine, &self.pool.workspace(&member.name))) {
                Ok(()) => self.pool.note(&member)?,
                Err(error @ (EngineError::Silent(..) | EngineError::Unreachable(..))) => return Err(error.into()),
                Err(error) => {
                    tracing::debug!(%error, member.name, "a member cannot be taken up");
                    if self.pool.withdraw(&member.name) {
                        engine.remove(&member.name)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the members of the pools for an agent type, or of all. Those that runs have claimed stay theirs.
    pub fn stop(&self, agent_type: Option<&str>) -> Result<usize> {
        let is_meant = |of: &Option<String>| agent_type.is_none_or(|it| of.as_deref() == Some(it));
        for plan in self.pool.plans().into_iter().filter(|it| is_meant(&it.agent_type)) {
            self.pool.remove_plan(plan.agent_type.as_deref());
        }
        let mut count = 0;
        for member in self.pool.waiting().into_iter().filter(|it| is_meant(&it.agent_type)) {
            if self.pool.withdraw(&member.name) {
                count += 1;
                member.engine().map_or(Ok(()), |it| it.remove(&member.name))?;
            }
        }
        Ok(count)
    }
}
