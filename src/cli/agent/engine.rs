//! What must be so of a container engine before anything is started.

use std::path::{Component, Path};

use crate::agents::{AgentError, ContainerPlan, Engine, EnginePlace, INSIDE, Request, RuntimeKind, SKILLS};
use crate::cli::failure::{Failure, FailureKind};
use crate::model::Visible;

/// The variables by which the clients find their engines.
const ENGINE: [&str; 11] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
    "CONTAINER_SSHKEY",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "XDG_RUNTIME_DIR",
];

/// The variables by which the client finds its engine, as they are here.
pub(in crate::cli) fn engine_variables() -> impl Iterator<Item = (String, String)> {
    ENGINE.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
}

/// Fails unless the engine is there and has the image.
pub(super) fn require_image(kind: RuntimeKind, container: &ContainerPlan) -> Result<(), Failure> {
    let required = Engine::of(kind, &container.engine).map_or(Ok(()), |it| it.require_image(&container.image));
    required.map_err(|error| AgentError::from(error).into())
}

/// Fails unless the engine can keep all limits.
pub(super) fn require_limits(kind: RuntimeKind, container: &ContainerPlan) -> Result<(), Failure> {
    let Some(engine) = Engine::of(kind, &container.engine) else { return Ok(()) };
    let lacking = engine.abilities().map_err(AgentError::from)?.lacking().join(", ");
    if lacking.is_empty() {
        return Ok(());
    }
    let message = format!("the engine of {} cannot limit {lacking}", kind.as_str());
    let hint = "Enable these control groups in the kernel, or leave out --require-limits.";
    Err(Failure::new(FailureKind::NoLimits, message, hint))
}

/// Where the engine is.
pub(super) fn place(kind: RuntimeKind, container: &ContainerPlan) -> Result<EnginePlace, Failure> {
    let Some(engine) = Engine::of(kind, &container.engine) else { return Ok(EnginePlace::ThisMachine) };
    let home = std::env::home_dir(); // as the clients find their files
    engine.place(home.as_deref()).map_err(|error| AgentError::from(error).into())
}

/// Fails if an engine on another machine cannot do what a run in a container wants.
pub(super) fn require_possible(request: &Request, container: &ContainerPlan) -> Result<(), Failure> {
    if container.place == EnginePlace::ThisMachine {
        return Ok(());
    }
    let sees_nothing = |what: &str, hint| {
        Failure::input(format!("the engine is on another machine, and has no {}", Visible(what)), hint)
    };
    if let Some(workspace) = &request.workspace {
        let hint = "Leave out --workspace: the agent's own one is copied there, and back.";
        return Err(sees_nothing(&workspace.to_string_lossy(), hint));
    }
    if let Some(volume) = container.volumes.iter().find(|it| it.source.starts_with('/')) {
        let hint = "Name a volume of the engine, or add the files to the image.";
        return Err(sees_nothing(&volume.source, hint));
    }
    let volumes = container.volumes.iter().map(|it| it.target.as_str());
    let in_memory = container.tmpfs.iter().map(|it| it.split(':').next().unwrap_or_default());
    match volumes.chain(in_memory).find(|it| hides_skills(it)) {
        None => Ok(()),
        Some(target) => {
            let message = format!(
                "the engine is on another machine: skills are copied there, and {} is in the way",
                Visible(target)
            );
            Err(Failure::input(message, "Mount it beside /workspace, such as at /data."))
        }
    }
}

/// Whether skills that are copied would come into what is mounted there, and stay in it, or be under it.
fn hides_skills(target: &str) -> bool {
    let target = Path::new(target);
    let is_over = |it: &str| {
        let skills = Path::new(INSIDE).join(it);
        skills.starts_with(target) || target.starts_with(&skills)
    };
    target.components().any(|it| it == Component::ParentDir) || SKILLS.iter().any(|it| is_over(it))
}

#[cfg(test)]
mod tests {
    use super::hides_skills;

    #[test]
    fn what_is_mounted_beside_the_skills_is_not_in_their_way() {
        let in_the_way = ["/", "/workspace", "/workspace/", "/workspace/.claude", "/workspace/.agents/skills/alpha"];
        assert!(in_the_way.iter().all(|it| hides_skills(it)) && hides_skills("/data/../workspace"));
        assert!(
            !["/data", "/workspace/node_modules", "/workspace/.claude/cache", "/tmp"].iter().any(|it| hides_skills(it))
        );
    }
}
