//! The engines that runs of a project used, and the containers there that no run has: those of supervisors that were killed
//! while the engine was away, and those that could not be removed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use super::containers::{Engine, Listed, Owner};
use super::error::Result;
use super::files;
use super::plan::Plan;
use super::pool::Pool;
use super::run_folder::Runs;
use super::runtime_kind::RuntimeKind;

const FOLDER: &str = ".engines";

/// An engine that runs of the project used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedEngine {
    /// Which client.
    pub runtime: RuntimeKind,
    /// The variables by which it finds the engine.
    pub environment: Vec<(String, String)>,
}

/// Notes that runs use an engine.
pub(super) fn note(runs: &Runs, runtime: RuntimeKind, environment: &[(String, String)]) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    (runtime.as_str(), environment).hash(&mut hasher);
    let folder = runs.state().join(FOLDER);
    let path = folder.join(format!("{:016x}.json", hasher.finish()));
    if path.exists() {
        return Ok(());
    }
    files::ensure_folder(&folder)?;
    files::write(&path, &UsedEngine { runtime, environment: environment.to_vec() })
}

impl UsedEngine {
    /// All that runs of a project used.
    #[must_use]
    pub fn all(runs: &Runs) -> Vec<Self> {
        files::read_all(&runs.state().join(FOLDER))
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        Engine::of(self.runtime, &self.environment)
    }
}

/// What was removed.
#[derive(Debug, Default)]
pub struct LeftContainers {
    /// The names of containers that were removed, or would be.
    pub names: Vec<String>,
    /// Why others could not be looked for or removed.
    pub failed: Vec<String>,
}

impl LeftContainers {
    /// Removes the containers of a project that no run has. Idle members of a pool are none of them.
    #[must_use]
    pub fn clean_up(runs: &Runs, owner: &Owner, dry_run: bool) -> Self {
        let mut done = Self::default();
        for engine in UsedEngine::all(runs).iter().filter_map(UsedEngine::engine) {
            match engine.containers(owner) {
                Ok(listed) => listed.iter().filter(|it| is_left(runs, it)).for_each(|it| {
                    done.remove(&engine, &it.name, dry_run);
                }),
                Err(error) => done.failed.push(error.to_string()),
            }
        }
        done
    }

    fn remove(&mut self, engine: &Engine, name: &str, dry_run: bool) {
        match if dry_run { Ok(()) } else { engine.remove(name) } {
            Ok(()) => self.names.push(name.to_owned()),
            Err(error) => self.failed.push(format!("{name}: {error}")),
        }
    }
}

/// Whether no run has a container. What runs since an earlier boot, as an engine on another machine may have it, is left
/// alone.
fn is_left(runs: &Runs, container: &Listed) -> bool {
    let may_be_ended = container.is_of_this_boot || !container.is_running;
    let has_run = runs.find(&container.agent_id).is_some_and(|it| !it.is_recorded);
    may_be_ended && if container.member.is_empty() { !has_run } else { is_useless(&Pool::of(runs), container) }
}

/// Whether a member of a pool neither waits nor is of a run. A run that has no plan yet may just be claiming it.
fn is_useless(pool: &Pool, container: &Listed) -> bool {
    let is_of = |plan: Option<Plan>| plan.is_none_or(|it| it.member.is_some_and(|it| it.name == container.name));
    !pool.has(&container.member) && !pool.runs().open().iter().any(|it| is_of(it.plan()))
}
