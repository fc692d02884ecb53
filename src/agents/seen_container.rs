//! Running containers as the kernel of this machine has them.

use std::collections::BTreeSet;

use super::run_folder::{RunFolder, Runs};
use super::runtime::Left;
use crate::linux::{Limits, ProcessStatus, is_in_memory, processor_numbers};

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
    /// Those of a project's runs.
    #[must_use]
    pub fn all(runs: &Runs) -> Vec<Self> {
        runs.open().iter().filter_map(Self::of).collect()
    }

    /// `None` for a run that is in no container, or in one whose first process is not seen from here.
    fn of(run: &RunFolder) -> Option<Self> {
        let (plan, running) = (run.plan()?, run.running()?);
        let Left::Container { main: Some(main), .. } = &running.left else { return None };
        let (group, process) = (main.group()?, main.process.process);
        Some(Self {
            agent_id: plan.agent_id.into(),
            asked: plan.limits,
            memory_bytes: group.memory_limit(),
            processors: processor_numbers(ProcessStatus::of(process).processors()),
            has_tmp_in_memory: is_in_memory(process, TMP),
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
