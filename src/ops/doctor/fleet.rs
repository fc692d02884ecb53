//! Containers and agents that cfn runs.

use std::path::Path;

use super::diagnosis::{Area, Diagnosis};
use crate::ops::project::Project;

/// The folder of runs in a project.
const RUNS: &str = ".cfn-workspaces";

/// What the runs of a project show: without its folder of runs, there are none.
#[must_use]
pub fn fleet_lines(project: &Project) -> Vec<Diagnosis> {
    let runs = project.folders().map(|it| it.join(RUNS)).find(|it| it.is_dir());
    let evidence = match runs.as_deref().map(Path::display) {
        None => format!("no run of an agent was started here: there is no {RUNS}"),
        Some(folder) => format!("{folder} is there, but this cfn runs no agents"),
    };
    vec![
        Diagnosis::not_used(Area::Containers, "containers", evidence.clone()),
        Diagnosis::not_used(Area::Agents, "runs", evidence),
    ]
}
