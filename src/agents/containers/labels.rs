//! The labels of a container: what it is for, and whose it is.

use crate::agents::container_plan::ContainerPlan;
use crate::agents::plan::Plan;
use crate::linux::ProcessIdentity;

/// The label with the number of the run: no other run of any project has it.
pub(super) const RUN: &str = "cfn.run";

/// The label with the name of the member of a pool.
pub(super) const POOL: &str = "cfn.pool";

/// The label with the boot of the machine.
pub(super) const BOOT: &str = "cfn.boot";

/// Whose a container is. Nothing is ended unless all of it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The id of the database.
    pub database: String,
    /// Where the runs of the project are: another copy of the project has another place.
    pub place: String,
}

impl Owner {
    /// The labels by which an owner finds its containers on this machine.
    pub(super) fn lasting_labels(&self) -> [(&'static str, String); 3] {
        let machine = ProcessIdentity::own().machine;
        [("cfn.database", self.database.clone()), ("cfn.place", self.place.clone()), ("cfn.machine", machine)]
    }

    /// The labels that say whose a container is.
    pub(super) fn labels(&self) -> Vec<(&'static str, String)> {
        let own = ProcessIdentity::own();
        let mut labels = Vec::from(self.lasting_labels());
        labels.extend([(BOOT, own.boot), ("cfn.namespace", own.namespace)]);
        labels
    }
}

/// All labels of the container of a run.
pub(super) fn labels(plan: &Plan, container: &ContainerPlan, owner: &Owner, run: &str) -> Vec<(String, String)> {
    let mut labels = vec![
        ("cfn.agent.id", plan.agent_id.to_string()),
        ("cfn.agent.type", plan.agent_type.clone()),
        (RUN, run.to_owned()),
        ("cfn.supervisor", ProcessIdentity::own().process.to_string()),
        ("cfn.supervisor.started", ProcessIdentity::own().started.to_string()),
    ];
    labels.extend(plan.task_id.clone().map(|it| ("cfn.task.id", it)));
    labels.extend(plan.limits.memory_bytes.map(|it| ("cfn.memory.limit", it.to_string())));
    labels.extend(owner.labels());
    let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value));
    // What the caller says about it goes before what cfn says.
    let own: Vec<_> = labels.filter(|(name, _)| container.labels.iter().all(|(other, _)| other != name)).collect();
    own.into_iter().chain(container.labels.iter().cloned()).collect()
}
