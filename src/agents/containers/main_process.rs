//! The first process of a container, as this machine sees it: with it, all of the container ends.

use rustix::process::Signal;

use super::engine::Engine;
use crate::agents::container_plan::EnginePlace;
use crate::agents::runtime::ContainerProcess;
use crate::linux::{Counted, ProcessIdentity, SeenGroup};

/// The first process of a container, once it is known.
#[derive(Debug, Default)]
pub(super) struct MainProcess {
    seen: Option<(ContainerProcess, SeenGroup)>,
    counted: Counted,
    /// How often it was looked for in vain.
    tries: u32,
}

/// After so many, this machine does not see it, as where the engine is in a virtual machine.
const MOST_TRIES: u32 = 50;

impl MainProcess {
    /// That of a container whose first process is known already.
    pub(super) fn of(process: Option<ProcessIdentity>, id: &str) -> Self {
        let process = process.map(|process| ContainerProcess { process, container: id.to_owned() });
        let seen = process.and_then(|it| Some((it.group()?, it)));
        Self { seen: seen.map(|(group, process)| (process, group)), ..Self::default() }
    }

    /// That of a container of an engine that is there. On another machine, it is never looked for.
    pub(super) fn of_engine(place: EnginePlace) -> Self {
        let tries = match place {
            EnginePlace::ThisMachine => 0,
            EnginePlace::AnotherMachine => MOST_TRIES,
        };
        Self { tries, ..Self::default() }
    }

    /// What it is, once that is known.
    pub(super) fn process(&self) -> Option<&ContainerProcess> {
        self.seen.as_ref().map(|it| &it.0)
    }

    /// What its control group counts, or counted last.
    pub(super) fn look(&mut self, engine: &Engine, container: &str) -> Counted {
        if self.seen.is_none() && self.tries < MOST_TRIES {
            self.tries += 1;
            self.seen = find(engine, container);
        }
        if let Some(counted) = self.seen.as_ref().and_then(|it| it.1.counted()) {
            self.counted = counted;
        }
        self.counted
    }

    /// What its control group counts now, if it is still there, or counted last.
    pub(super) fn last(&self) -> Counted {
        self.seen.as_ref().and_then(|it| it.1.counted()).unwrap_or(self.counted)
    }

    /// Ends it without the engine; returns whether it is surely gone.
    pub(super) fn end(&self) -> bool {
        self.seen.as_ref().is_some_and(|(main, _)| main.process.signal(Signal::KILL) || !main.process.is_alive())
    }
}

/// Its control group has the id of the container in its name, so that it is no process of somebody else.
fn find(engine: &Engine, container: &str) -> Option<(ContainerProcess, SeenGroup)> {
    let (id, state) = engine.state(container).ok()??;
    let process = ProcessIdentity::of(state.pid).filter(|_| state.running && state.pid != 0)?;
    let main = ContainerProcess { process, container: id };
    let group = main.group()?;
    Some((main, group))
}
