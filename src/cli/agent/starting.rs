//! Starting the runs of one command: within the memory budget, each under its supervisor.

use std::ffi::{OsStr, OsString};

use super::place::{Place, database_id};
use super::said::say_skills;
use crate::agents::{
    self, AgentError, Plan, Request, RunFolder, RunTerminal, RuntimeKind, Supervised, Supervision, Turns,
};
use crate::cli::context::{Access, Context};
use crate::cli::delivery;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::numbers::bytes;
use crate::model::{AgentId, AgentRun};
use crate::process::Relay;
use crate::store::Store;

/// What starts runs.
pub(super) struct Starting<'a> {
    context: &'a Context,
    place: &'a Place,
    /// The id of the database.
    database: String,
    budget: Option<u64>,
    turns: Turns,
    /// Open while runs are started, and closed while there is no room.
    store: Option<Box<dyn Store>>,
    /// For the next run.
    terminal: Option<RunTerminal>,
    has_said_skills: bool,
}

impl<'a> Starting<'a> {
    /// Opens the database, and looks after killed runs first.
    pub(super) fn new(context: &'a Context, place: &'a Place, budget: Option<u64>) -> Result<Self, Failure> {
        let budget = budget.map_or_else(|| context.settings.memory_budget(), |it| Ok(Some(it)))?;
        let mut store = context.open(Access::Write)?;
        let database = database_id(store.as_mut())?;
        place.look_after_as(context, &database);
        let (turns, store) = (Turns::within(budget), Some(store));
        Ok(Self { context, place, database, budget, turns, store, terminal: None, has_said_skills: false })
    }

    /// Refuses a run that the budget never has room for.
    pub(super) fn check(&self, request: &Request) -> Result<(), Failure> {
        match (self.budget, request.limits.memory_bytes) {
            (Some(budget), Some(needed)) if needed > budget => {
                let (needed, budget) = (bytes(needed), bytes(budget));
                let message = format!("an agent with {needed} of memory never fits into a budget of {budget}");
                Err(Failure::input(message, "Give it less with --memory, or raise --budget or CFN_MEMORY_BUDGET."))
            }
            _ => Ok(()),
        }
    }

    /// The next run gets this terminal, if it is one.
    pub(super) fn set_terminal(&mut self, terminal: Option<RunTerminal>) {
        self.terminal = terminal;
    }

    /// Starts a run; `None` if the budget has no room for it yet, or if a signal came first.
    pub(super) fn start(
        &mut self,
        request: &Request,
        agent: AgentId,
        relay: &Relay,
    ) -> Result<Option<(Plan, Supervised)>, Failure> {
        let Some(turn) = self.turns.take(&self.place.runs, request.limits.memory_bytes)? else {
            self.store = None;
            return Ok(None);
        };
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(self.context.open(Access::Write)?),
        };
        let location = self.context.settings.database()?;
        let arguments =
            |folder: &RunFolder| supervising(location.as_argument(), folder, &self.database, request.runtime);
        let environment = self.context.settings.redis_for_children();
        let supervision = Supervision { arguments: &arguments, environment: &environment, relay };
        let at = (&self.place.runs, self.place.project.as_path());
        let prepared = match agents::prepare(store.as_mut(), self.context.clock, at, request, agent, &supervision) {
            Err(AgentError::Interrupted) => return Ok(None),
            prepared => prepared?,
        };
        drop(turn);
        if prepared.loaded.is_some() {
            delivery::start(self.context, store.as_mut());
        }
        if !self.has_said_skills {
            self.has_said_skills = true;
            say_skills(self.context, &prepared);
        }
        let plan = prepared.plan().clone();
        if request.pool.is_some() && plan.member.is_none() {
            tracing::info!("no container waits in the pool: the agent gets a new one");
        }
        Ok(Some((plan, prepared.start(self.terminal.take().as_ref())?)))
    }

    /// The database is not needed while runs are waited for.
    pub(super) fn close(&mut self) {
        self.store = None;
    }

    /// The result of a run that ended, also of one whose supervisor was killed.
    pub(super) fn result(&self, agent: &AgentId, run: Option<AgentRun>) -> Result<AgentRun, Failure> {
        if let Some(run) = run {
            return Ok(run);
        }
        self.place.look_after_as(self.context, &self.database);
        let found = self.place.runs.find(agent.as_str()).and_then(|it| it.result());
        found.ok_or_else(|| {
            let message = format!("the supervisor of {agent} was killed, and its run is not settled yet");
            Failure::new(FailureKind::ProgramFailed, message, "The next 'cfn agent' command looks after it.")
        })
    }
}

/// The arguments of the supervisor of a run, with this database.
fn supervising(location: &OsStr, folder: &RunFolder, database: &str, runtime: RuntimeKind) -> Vec<OsString> {
    let words = |words: &[&'static str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let place = [words(&["--quiet", "--db"]), vec![location.to_owned()], words(&["agent", "supervise", "--state"])];
    let rest = [folder.path().as_os_str(), OsStr::new("--database-id"), OsStr::new(database)];
    let kind = words(if runtime == RuntimeKind::Process { &["--process"] } else { &[] });
    place.into_iter().flatten().chain(rest.map(OsStr::to_owned)).chain(kind).collect()
}
