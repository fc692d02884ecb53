//! The supervisor of a run: one process, from before the start of the command until its result is written.

use std::fs;
use std::io;
use std::time::Duration;

use super::error::Result;
use super::history::settle;
use super::logs::Log;
use super::plan::{Order, Plan};
use super::run_folder::{RunFolder, Running};
use super::runtime::{Ended, Left, Logs, Runtime, RuntimeError};
use super::terminal::RunTerminal;
use crate::clock::Clock;
use crate::linux::ProcessIdentity;
use crate::model::{AgentRun, RunReason};
use crate::store::AgentRuns;

/// What a supervisor has.
pub struct Supervisor<'a> {
    /// The folder of the run; its lock is held.
    pub folder: &'a RunFolder,
    /// What runs the command.
    pub runtime: &'a dyn Runtime,
    /// The terminal of the command, if it has one.
    pub terminal: Option<RunTerminal>,
    /// The id of the database.
    pub database: &'a str,
    /// The clock.
    pub clock: Clock,
}

impl Supervisor<'_> {
    /// Runs the command of an order to its end, calls `started` when it is about to start, and writes the result. Fails only
    /// if nothing is known of the end.
    pub fn run(
        &self,
        order: &Order,
        history: Option<&mut dyn AgentRuns>,
        started: &mut dyn FnMut(),
    ) -> Result<AgentRun> {
        let began = self.clock.moment().as_str().to_owned();
        let (mut noted, mut spawned) = (None, None);
        let ran = self.logged(order, &mut |left| {
            self.note(left, &began).map_err(io::Error::other)?;
            if noted.replace(left.clone()).is_none() {
                spawned = order.began.elapsed().ok();
                started();
            }
            Ok(())
        });
        let result = match ran {
            Ok(ended) => self.result(&order.plan, began, &ended),
            Err(error) => {
                if let Some(left) = &noted {
                    self.runtime.end_left(left, order.plan.agent_id.as_str())?;
                }
                let detail = error.to_string();
                let result = lost(&order.plan, began, self.clock, detail);
                if noted.is_some() {
                    result
                } else {
                    AgentRun { reason: RunReason::Exited, exit_code: Some(126), ..result }
                }
            }
        };
        let result = AgentRun { spawn_ms: spawned.map(milliseconds), ..result };
        // An input that was copied here may be large, and secret.
        let _ = fs::remove_file(self.folder.path().join(super::spawn::INPUT));
        settle(self.folder, &result, history)?;
        Ok(result)
    }

    fn note(&self, left: &Left, began: &str) -> Result<()> {
        let lock = self.folder.lock_number().unwrap_or_default();
        self.folder.reserve_result()?;
        self.folder.set_running(&Running {
            supervisor: ProcessIdentity::own(),
            database: self.database.to_owned(),
            lock,
            left: left.clone(),
            started_at: began.to_owned(),
        })
    }

    fn logged(
        &self,
        order: &Order,
        starts: &mut dyn FnMut(&Left) -> io::Result<()>,
    ) -> std::result::Result<Ended, RuntimeError> {
        let fail = |what: &str| {
            let what = what.to_owned();
            move |source| RuntimeError { what, source }
        };
        let log = |stream| Log::start(self.folder.log(stream)).map_err(fail("the log could not be made"));
        let ((stdout_log, stdout), (stderr_log, stderr)) = (log("stdout")?, log("stderr")?);
        let terminal = self.terminal.as_ref().map(|it| it.start(stdout.try_clone()?)).transpose();
        let (screen, terminal) = terminal.map_err(fail("the terminal could not be used"))?.unzip();
        let ended = self.runtime.run(order, Logs { stdout, stderr, terminal }, starts);
        if let Some(screen) = screen {
            screen.end();
        }
        stdout_log.end();
        stderr_log.end();
        ended
    }

    fn result(&self, plan: &Plan, began: String, ended: &Ended) -> AgentRun {
        AgentRun {
            reason: ended.reason,
            exit_code: Some(ended.exit_code),
            duration_ms: Some(milliseconds(ended.took)),
            peak_bytes: ended.peak_bytes.and_then(|it| i64::try_from(it).ok()),
            cpu_ms: ended.cpu.map(milliseconds),
            limited_by: Some(ended.limited_by.clone()),
            detail: ended.detail.clone(),
            ..unknown(plan, began, self.clock)
        }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The result of a run of whose end nothing is known.
pub(super) fn lost(plan: &Plan, began: String, clock: Clock, detail: String) -> AgentRun {
    AgentRun { detail: Some(detail), ..unknown(plan, began, clock) }
}

/// What is known of every run that ended now.
fn unknown(plan: &Plan, began: String, clock: Clock) -> AgentRun {
    AgentRun {
        agent_id: plan.agent_id.to_string(),
        agent_type: plan.agent_type.clone(),
        task_id: plan.task_id.clone(),
        runtime: plan.runtime.as_str().to_owned(),
        started_at: began,
        ended_at: clock.moment().as_str().to_owned(),
        reason: RunReason::Lost,
        exit_code: None,
        spawn_ms: None,
        duration_ms: None,
        peak_bytes: None,
        cpu_ms: None,
        limited_by: None,
        detail: None,
    }
}
