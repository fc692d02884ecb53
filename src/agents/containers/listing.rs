//! The containers of a project, by their labels.

use super::engine::{Engine, EngineError};
use super::labels::{BOOT, Owner, POOL, RUN};
use crate::linux::ProcessIdentity;

/// A container of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The agent that it was made for.
    pub agent_id: String,
    /// The number of its run.
    pub run: String,
    /// The name of the member of a pool that it is, if it is one.
    pub member: String,
    /// Whether it runs.
    pub is_running: bool,
    /// Whether it is of this boot of the machine, and so may be ended.
    pub is_of_this_boot: bool,
}

impl Engine {
    /// The containers of an owner, running or not. Those of other projects, other copies of this one and other machines are
    /// none of them.
    pub fn containers(&self, owner: &Owner) -> Result<Vec<Listed>, EngineError> {
        let mut list = vec!["ps".to_owned(), "--all".to_owned(), "--quiet".to_owned(), "--no-trunc".to_owned()];
        for (name, value) in owner.lasting_labels() {
            list.extend(["--filter".to_owned(), format!("label={name}={value}")]);
        }
        let ids = self.ask(&list)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let label = |name: &str| format!("{{{{index .Config.Labels \"{name}\"}}}}");
        let labels = ["cfn.agent.id", RUN, POOL, BOOT].map(label).join("\t");
        let format = format!("{{{{.Name}}}}\t{{{{.State.Running}}}}\t{labels}");
        let inspect = ["container", "inspect", "--format", &format];
        let said = self.ask(&inspect.into_iter().chain(ids.lines()).collect::<Vec<_>>());
        let said = match said {
            // One was removed meanwhile: the next command sees the others.
            Err(EngineError::Refused(_, said)) if super::engine::is_missing(&said) => return Ok(Vec::new()),
            answered => answered?,
        };
        let boot = ProcessIdentity::own().boot;
        Ok(said.lines().filter_map(|it| listed(it, &boot)).collect())
    }
}

fn listed(line: &str, boot: &str) -> Option<Listed> {
    let fields: Vec<_> = line.split('\t').collect();
    let [name, running, agent_id, run, member, of_boot] = fields.as_slice() else { return None };
    Some(Listed {
        name: name.trim_start_matches('/').to_owned(),
        agent_id: (*agent_id).to_owned(),
        run: (*run).to_owned(),
        member: (*member).to_owned(),
        is_running: *running == "true",
        is_of_this_boot: *of_boot == boot,
    })
}
