//! Where the runs of a project are, and the care for those whose supervisors were killed.

use std::path::PathBuf;

use super::telling::tell_of_lost;
use crate::agents::{Care, Containers, Owner, Processes, Runs, Runtime, RuntimeKind, UsedEngine};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::{Tables, Visible};
use crate::store::{AgentRuns, Store};

/// The runs of the project.
pub(super) struct Place {
    pub(super) project: PathBuf,
    pub(super) runs: Runs,
}

impl Place {
    pub(super) fn of(context: &Context) -> Result<Self, Failure> {
        let project = context.project()?.root().to_owned();
        let runs = Runs::of(&project);
        Ok(Self { project, runs })
    }

    /// Ends and records what killed supervisors left, and says what was found. It fails no command: the next one tries
    /// again.
    pub(super) fn look_after(&self, context: &Context) {
        if self.runs.open().is_empty() {
            return;
        }
        let opened = context.open(Access::Read).and_then(|mut store| database_id(store.as_mut()));
        match opened {
            Ok(database) => self.look_after_as(context, &database),
            Err(failure) => context.output.warn(&format!("killed runs were not looked after: {}", failure.message)),
        }
    }

    /// Whose containers those of the project are, if it ever had any.
    pub(super) fn owner_of_containers(&self, context: &Context) -> Result<Option<Owner>, Failure> {
        if UsedEngine::all(&self.runs).is_empty() {
            return Ok(None);
        }
        let database = database_id(context.open(Access::Read)?.as_mut())?;
        Ok(Some(Owner { database, place: self.runs.place() }))
    }

    /// The same with the id of the database.
    pub(super) fn look_after_as(&self, context: &Context, database: &str) {
        let mut history = history(context);
        let runtime = |kind| runtime(kind, &self.runs, database);
        let care = Care { runs: &self.runs, database, clock: context.clock, runtime: &runtime };
        let found = care.look_after_all(history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns));
        for agent in &found.lost {
            tell_of_lost(context, &self.runs, agent);
            context.output.note(&format!("the supervisor of {agent} was killed: what it left was ended"));
        }
        for (agent, why) in &found.unknown {
            tracing::debug!(agent, why, "nothing is known of a run, and it is left alone");
        }
        for (agent, why) in &found.failed {
            context.output.warn(&format!("the run of {agent} is not settled yet: {}", Visible(why)));
        }
    }
}

/// The history of runs; `None` if the settings of the database are wrong.
pub(super) fn history(context: &Context) -> Option<Box<dyn AgentRuns>> {
    let runs = Runs::of(context.project().ok()?.root());
    Some(context.opening(Access::Write).ok()?.agent_runs(runs.history()))
}

/// The id of the database, as digits.
pub(super) fn database_id(store: &mut dyn Store) -> Result<String, Failure> {
    let revision = store.read()?.revision(Tables::Catalogue)?;
    Ok(revision.map(|it| format!("{:032x}", u128::from_be_bytes(*it.database()))).unwrap_or_default())
}

/// The runtime of a kind, for the runs of a project with this database.
pub(super) fn runtime(kind: RuntimeKind, runs: &Runs, database: &str) -> Box<dyn Runtime> {
    match kind {
        RuntimeKind::Process => Box::new(Processes::default()),
        RuntimeKind::Docker | RuntimeKind::Podman => {
            Box::new(Containers { kind, owner: Owner { database: database.to_owned(), place: runs.place() } })
        }
    }
}
