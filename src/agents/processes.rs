//! Commands as processes of this machine.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::hash::BuildHasher as _;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::plan::Order;
use super::runtime::{Ended, Left, Logs, Runtime, RuntimeError};
use crate::linux::{ControlGroup, own_groups, send_signal, with_variable};
use crate::model::RunReason;
use crate::process::{Apart, Bounded, Early, Ending, Finished, Limited, Waiting};
use crate::regular_file;

/// Exit codes, as `timeout` and shells have them.
const TIMEOUT: u8 = 124;
const NOT_FOUND: u8 = 127;
const EXCEEDED: u8 = 137;
const BY_SIGNAL: i32 = 128;

/// The variable that tells the processes of a run where no control group does. Its value is of one run only, which an agent's
/// id need not be: another project may have it too.
const RUN: &str = "CFN_RUN";

/// The runtime of processes.
#[derive(Debug, Default)]
pub struct Processes {
    /// What becomes the command of the only run, and the name of the run's control group.
    early: RefCell<Option<(Early, String)>>,
}

impl Processes {
    /// The same for one run, of which what becomes the command is started now: the order may take a while.
    #[must_use]
    pub fn early(agent_id: &str) -> Self {
        let group = group_of(agent_id);
        let early = Early::start(RUN, &group).ok(); // or it is started later, if there is an order
        Self { early: RefCell::new(early.map(|it| (it, group))) }
    }
}

/// The name of the control group of a run. Another project may have an agent of this name.
fn group_of(agent_id: &str) -> String {
    let number = std::hash::RandomState::new().hash_one(std::process::id());
    format!("cfn-agent-{agent_id}-{number:016x}")
}

impl Runtime for Processes {
    fn run(
        &self,
        order: &Order,
        logs: Logs,
        starts: &mut dyn FnMut(&Left) -> io::Result<()>,
    ) -> Result<Ended, RuntimeError> {
        let (early, group) = match self.early.take() {
            Some((early, group)) => (Some(early), group),
            None => (None, group_of(order.plan.agent_id.as_str())),
        };
        let mut environment = order.environment.clone();
        environment.push((RUN.into(), group.clone().into()));
        let fail = |what: &str| {
            let what = what.to_owned();
            move |source| RuntimeError { what, source }
        };
        // From here on, others may ask this process to end the run.
        let waiting = waiting(&logs).map_err(fail("signals could not be noticed"))?;
        starts(&Left::Processes { group: group.clone(), near: own_groups() })
            .map_err(fail("the run could not be noted"))?;
        let Some((program, arguments)) = order.command.split_first() else {
            return Err(fail("there is no command")(io::ErrorKind::InvalidInput.into()));
        };
        if is_missing(program, order) {
            return Ok(not_found(program));
        }
        let input = order.input.as_deref().map(regular_file::open).transpose();
        let input = input.map_err(fail("the input of the command could not be opened"))?;
        let terminal = logs.terminal.as_ref().map(|it| &it.file);
        let apart = Apart {
            group: &group,
            folder: &order.plan.workspace,
            environment: &environment,
            stdin: terminal.or(input.as_ref()),
            stdout: terminal.unwrap_or(&logs.stdout),
            stderr: terminal.unwrap_or(&logs.stderr),
            is_on_terminal: terminal.is_some(),
        };
        let plan = &order.plan;
        let (limits, timeout) = (plan.limits.clone(), Some(plan.timeout));
        let bounded = Bounded { program, arguments, limits, timeout, grace: plan.grace, apart: Some(apart), early };
        bounded.run(waiting).map(|it| ended(&it)).map_err(fail("the command could not be run to its end"))
    }

    fn end_left(&self, left: &Left, agent_id: &str) -> Result<(), RuntimeError> {
        let Left::Processes { group, near } = left else { return Ok(()) };
        let fail = |source| RuntimeError { what: format!("the processes of {agent_id} could not be ended"), source };
        if let Some(group) = ControlGroup::left(group, near) {
            return group.end().map_err(fail);
        }
        // Without a group, or with one that was ended: what the environment tells, as well as it does.
        for process in with_variable(&format!("{RUN}={group}")) {
            if process.unsigned_abs() != std::process::id() {
                send_signal(process, Signal::KILL);
            }
        }
        Ok(())
    }
}

fn waiting(logs: &Logs) -> io::Result<Waiting> {
    let mut waiting = Waiting::new()?;
    if let Some(terminal) = &logs.terminal {
        waiting.hangs_up_with(terminal.caller()?);
    }
    Ok(waiting)
}

/// Whether there is no such program, in the folder and on the PATH that the command will have.
fn is_missing(program: &OsStr, order: &Order) -> bool {
    let folder = &order.plan.workspace;
    if Path::new(program).components().count() > 1 {
        return !folder.join(program).exists();
    }
    let path = order.environment.iter().find(|(name, _)| name == "PATH").map(|it| it.1.as_os_str());
    let folders = path.unwrap_or(OsStr::new("/bin:/usr/bin")).as_bytes().split(|it| *it == b':');
    !folders.map(OsStr::from_bytes).any(|it| folder.join(it).join(program).exists())
}

fn not_found(program: &OsStr) -> Ended {
    Ended {
        reason: RunReason::Exited,
        exit_code: NOT_FOUND,
        took: Duration::ZERO,
        peak_bytes: None,
        cpu: None,
        limited_by: "nothing: there was nothing to limit".to_owned(),
        detail: Some(format!("there is no command {}", program.to_string_lossy())),
    }
}

fn ended(finished: &Finished) -> Ended {
    let code = |signal: i32| u8::try_from(BY_SIGNAL + signal).unwrap_or(u8::MAX);
    let (reason, exit_code) = match finished.ending {
        Ending::Exited(code) => (RunReason::Exited, code),
        Ending::Signaled(signal) => (RunReason::Exited, code(signal)),
        Ending::Timeout => (RunReason::Timeout, TIMEOUT),
        Ending::Memory => (RunReason::Memory, EXCEEDED),
        Ending::Processes => (RunReason::Processes, EXCEEDED),
        Ending::Stopped(signal) => (RunReason::Stopped, code(signal)),
    };
    Ended {
        reason,
        exit_code,
        took: finished.took,
        peak_bytes: finished.peak_bytes,
        cpu: Some(finished.cpu),
        limited_by: limited_by(&finished.limited),
        detail: None,
    }
}

fn limited_by(limited: &Limited) -> String {
    let by = limited.by;
    if limited.not.is_empty() { by.to_owned() } else { format!("{by}, but not {}", limited.not.join(", ")) }
}
