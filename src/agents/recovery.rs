//! What killed supervisors left: it is ended, and recorded as lost. Nothing is ended unless it is surely of this run: the
//! database, the machine, its boot, the namespace of processes and the lock must be those that the supervisor noted.

use std::fs::File;

use super::error::Result;
use super::history::{settle, take_in};
use super::run_folder::{RunFolder, Running, Runs};
use super::runtime::{Left, Runtime};
use super::runtime_kind::RuntimeKind;
use super::supervisor::lost;
use crate::clock::Clock;
use crate::linux::ProcessIdentity;
use crate::store::AgentRuns;

/// What is needed to look after runs.
pub struct Care<'a> {
    /// The runs of the project.
    pub runs: &'a Runs,
    /// The id of the database.
    pub database: &'a str,
    /// The clock.
    pub clock: Clock,
    /// The runtime of a kind.
    pub runtime: &'a dyn Fn(RuntimeKind) -> Box<dyn Runtime>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The agents whose runs were lost; nothing is left of them.
    pub lost: Vec<String>,
    /// The agents of whose runs nothing is known, each with the reason; they are left alone.
    pub unknown: Vec<(String, String)>,
    /// The agents whose runs could not be ended or recorded, each with the reason; the next command tries again.
    pub failed: Vec<(String, String)>,
}

impl Care<'_> {
    /// Looks after all runs whose results the history does not have.
    #[must_use]
    pub fn look_after_all(&self, mut history: Option<&mut dyn AgentRuns>) -> Found {
        let mut found = Found::default();
        for folder in self.runs.open() {
            self.look_after(&folder, history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns), &mut found);
        }
        found
    }

    fn look_after(&self, folder: &RunFolder, history: Option<&mut dyn AgentRuns>, found: &mut Found) {
        let Some(_lock) = lock_of_dead(folder) else { return };
        let done = match folder.result() {
            Some(result) => take_in(folder, &result, history),
            None => self.lose(folder, history, found),
        };
        if let Err(error) = done {
            found.failed.push((folder.agent(), error.to_string()));
        }
    }

    fn lose(&self, folder: &RunFolder, history: Option<&mut dyn AgentRuns>, found: &mut Found) -> Result<()> {
        let Some(plan) = folder.plan() else {
            // The command that made the folder was killed before it wrote what is to be run.
            return folder.discard();
        };
        let running = folder.running();
        let detail = match &running {
            None => "its supervisor ended before it started anything",
            Some(running) => match self.place_of(folder, running) {
                Place::Unknown(why) => {
                    found.unknown.push((folder.agent(), why.to_owned()));
                    return Ok(());
                }
                Place::Here => {
                    (self.runtime)(plan.runtime).end_left(&running.left, plan.agent_id.as_str())?;
                    "its supervisor was killed"
                }
                Place::EarlierBoot => {
                    if let Left::Container { .. } = running.left {
                        (self.runtime)(plan.runtime).end_left(&running.left, plan.agent_id.as_str())?;
                    }
                    "the machine was started anew while it ran"
                }
            },
        };
        let began = running.map_or_else(|| plan.spawned_at.clone(), |it| it.started_at);
        settle(folder, &lost(&plan, began, self.clock, detail.to_owned()), history)?;
        found.lost.push(folder.agent());
        Ok(())
    }

    fn place_of(&self, folder: &RunFolder, running: &Running) -> Place {
        let own = ProcessIdentity::own();
        if running.database != self.database {
            Place::Unknown("it is of another database")
        } else if folder.lock_number() != Some(running.lock) {
            Place::Unknown("its folder was copied from elsewhere")
        } else if !own.is_same_machine(&running.supervisor) {
            Place::Unknown("it is of another machine")
        } else if own.boot != running.supervisor.boot {
            Place::EarlierBoot
        } else if own.is_near(&running.supervisor) {
            Place::Here
        } else {
            Place::Unknown("its processes are in another namespace")
        }
    }
}

/// Where the processes of a run are.
enum Place {
    Here,
    EarlierBoot,
    Unknown(&'static str),
}

/// The lock of a run that is not alive, and that no other process moved meanwhile.
fn lock_of_dead(folder: &RunFolder) -> Option<File> {
    use std::os::unix::fs::MetadataExt as _;
    let lock = folder.take_lock()?;
    let number = lock.metadata().ok().map(|it| (it.dev(), it.ino()));
    (number == folder.lock_number()).then_some(lock)
}
