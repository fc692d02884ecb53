//! The processes below another one, by `/proc`.
//!
//! A port: `proc_listchildpids` on macOS and `kinfo_proc` on the BSDs. Where nothing says it, there are none.

use std::collections::BTreeMap;
use std::fs;

use super::ProcessStatus;

/// The processes that descend from this one. Those whose parent ended count too if it is their subreaper.
#[must_use]
pub fn descendants() -> Vec<i32> {
    let own = std::process::id();
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in numbers.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok()) {
        children.entry(ProcessStatus::of(process).parent()).or_default().push(process);
    }
    let (mut found, mut next) = (Vec::new(), vec![own]);
    while let Some(process) = next.pop() {
        let below = children.remove(&process).unwrap_or_default();
        found.extend(below.iter().filter_map(|it| i32::try_from(*it).ok()));
        next.extend(below);
    }
    found
}

/// The processes of this user that were started with this variable in their environment, as `NAME=VALUE`. A process may
/// hide it.
#[must_use]
pub fn with_variable(variable: &str) -> Vec<i32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = numbers.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let has = |it: &i32| {
        let environment = fs::read(format!("/proc/{it}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == variable.as_bytes())
    };
    processes.filter(has).collect()
}
