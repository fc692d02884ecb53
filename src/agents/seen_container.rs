//! Running containers as the kernel of this machine has them.

use std::collections::BTreeSet;

use super::containers::Engine;
use super::run_folder::{RunFolder, Runs};
use super::runtime::Left;
use crate::linux::{Limits, ProcessStatus, SeenGroup, is_in_memory, processor_numbers};

/// At most so many are looked at: each one is a question to its engine.
const MOST: usize = 20;

/// Where programs put their temporary files.
const TMP: &str = "/tmp";

/// A container that runs on this machine.
#[derive(Debug)]
pub struct SeenContainer {
    /// The agent in it.
    pub agent_id: String,
    /// Its limits, as they were asked for.
    pub asked: Limits,
    /// Its limit of memory in bytes; `None` for none.
    pub memory_bytes: Option<u64>,
    /// The numbers of the processors that it may use.
    pub processors: BTreeSet<u32>,
    /// Whether its `/tmp` is in memory.
    pub has_tmp_in_memory: bool,
}

impl SeenContainer {
    /// The first ones of a project's runs. Asks their engines, which may hang.
    #[must_use]
    pub fn all(runs: &Runs) -> Vec<Self> {
        runs.open().iter().filter_map(Self::of).take(MOST).collect()
    }

    /// `None` for a run that is in no container, or in one on another machine.
    fn of(run: &RunFolder) -> Option<Self> {
        let (plan, running) = (run.plan()?, run.running()?);
        let Left::Container { name, engine, .. } = &running.left else { return None };
        let (id, state) = Engine::of(plan.runtime, engine)?.state(name).ok()??;
        let group = SeenGroup::of(state.pid, &id)?;
        Some(Self {
            agent_id: plan.agent_id.into(),
            asked: plan.limits,
            memory_bytes: group.memory_limit(),
            processors: processor_numbers(ProcessStatus::of(state.pid).processors()),
            has_tmp_in_memory: is_in_memory(state.pid, TMP),
        })
    }

    /// In which of its limits the kernel differs from what was asked for, in words.
    #[must_use]
    pub fn differences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mebibytes = |it: Option<u64>| it.map_or_else(|| "none".to_owned(), |it| format!("{} MiB", it >> 20));
        if self.asked.memory_bytes.is_some() && self.asked.memory_bytes != self.memory_bytes {
            let (asked, has) = (mebibytes(self.asked.memory_bytes), mebibytes(self.memory_bytes));
            all.push(format!("{}: memory of {asked} was asked for, the kernel has {has}", self.agent_id));
        }
        if let Some(asked) = &self.asked.cpu_set
            && processor_numbers(asked) != self.processors
        {
            let has: Vec<_> = self.processors.iter().map(u32::to_string).collect();
            all.push(format!(
                "{}: the processors {asked} were asked for, the kernel has {}",
                self.agent_id,
                has.join(",")
            ));
        }
        all
    }
}
