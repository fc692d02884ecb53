//! What containers of agents show to a doctor.

use std::path::Path;
use std::time::{Duration, Instant};

use super::containers::{Abilities, EngineError};
use super::left_containers::UsedEngine;
use super::pool::Pool;
use super::run_folder::Runs;
use super::seen_container::SeenContainer;
use super::status::RunStatus;
use crate::linux::network_file_system;
use crate::ops::{Area, Diagnosis};

/// What an engine said, and how long it took.
#[derive(Debug)]
pub struct EngineLook {
    /// The client.
    pub client: &'static str,
    /// What it can.
    pub answer: Result<(Abilities, Duration), String>,
}

/// Asks the engines that runs of a project used. They may hang: the caller must not wait for ever.
#[must_use]
pub fn look_at_engines(runs: &Runs) -> Vec<EngineLook> {
    let engines = UsedEngine::all(runs).into_iter().filter_map(|it| it.engine());
    engines
        .map(|engine| {
            let since = Instant::now();
            let answer = engine.abilities().map(|it| (it, since.elapsed()));
            EngineLook { client: engine.program, answer: answer.map_err(|error: EngineError| error.to_string()) }
        })
        .collect()
}

/// The lines about containers; `None` for the engines: they did not answer in time.
#[must_use]
pub fn container_health(runs: &Runs, project: &Path, engines: Option<&[EngineLook]>) -> Vec<Diagnosis> {
    let silent = || Diagnosis::fail(Area::Containers, "engine", "no answer in time", "start the container engine anew");
    let mut lines = match engines {
        Some([]) => return vec![not_used()],
        Some(looks) => looks.iter().flat_map(of_engine).collect(),
        None => vec![silent()],
    };
    lines.push(file_system(project));
    let running: Vec<_> = runs.open().iter().filter_map(RunStatus::of).filter(|it| it.runtime != "process").collect();
    lines.push(limits(&running));
    let seen = SeenContainer::all(runs);
    lines.extend([as_asked(&seen), temporary_data(&seen), processors(&seen)]);
    lines.extend(pools(&Pool::of(runs)));
    lines
}

fn not_used() -> Diagnosis {
    Diagnosis::not_used(Area::Containers, "engine", "no agent was started in a container here")
}

fn of_engine(look: &EngineLook) -> Vec<Diagnosis> {
    let (abilities, took) = match &look.answer {
        Ok(answer) => answer,
        Err(why) => {
            return vec![Diagnosis::fail(
                Area::Containers,
                "engine",
                why,
                "start the container engine, or correct DOCKER_HOST",
            )];
        }
    };
    let evidence = format!("{} {} answered in {} ms", look.client, abilities.version, took.as_millis());
    let mut lines = vec![Diagnosis::ok(Area::Containers, "engine", evidence)];
    let name = "limits of the engine";
    lines.push(match abilities.lacking().as_slice() {
        [] => Diagnosis::ok(Area::Containers, name, "memory, swap, processors, processor sets and processes"),
        lacking => {
            let evidence = format!("it cannot limit {}", lacking.join(", "));
            Diagnosis::warn(
                Area::Containers,
                name,
                evidence,
                "enable these control groups in the kernel, and start the engine anew",
            )
        }
    });
    lines
}

/// Images are built, and workspaces are mounted, from where the project is.
fn file_system(project: &Path) -> Diagnosis {
    const NAME: &str = "file system of the project";
    match network_file_system(project) {
        None => Diagnosis::ok(Area::Containers, NAME, "a native one"),
        Some(other) => {
            let evidence = format!("{other}: builds of images take many times as long");
            Diagnosis::warn(Area::Containers, NAME, evidence, "move the project to a native file system of Linux")
        }
    }
}

fn limits(running: &[RunStatus]) -> Diagnosis {
    const NAME: &str = "limits of containers";
    let without: Vec<_> = running.iter().filter(|it| it.limits.memory_bytes.is_none()).collect();
    let evidence = format!("{} running, {} of them without a limit of memory", running.len(), without.len());
    match without.first() {
        None => Diagnosis::ok(Area::Containers, NAME, evidence),
        Some(one) => {
            let mend =
                "spawn agents in containers with --memory, and with --cpus or --cpuset where they share processors";
            Diagnosis::warn(Area::Containers, NAME, format!("{evidence}: {}", one.agent_id), mend)
        }
    }
}

/// Whether the kernel has the limits that were asked for: another program may have changed them since.
fn as_asked(seen: &[SeenContainer]) -> Diagnosis {
    const NAME: &str = "limits in the kernel";
    let different: Vec<_> = seen.iter().filter(|it| !it.differences().is_empty()).collect();
    match different.first() {
        None => Diagnosis::ok(Area::Containers, NAME, format!("as they were asked for, in {}", several(seen))),
        Some(first) => {
            let all: Vec<_> = different.iter().flat_map(|it| it.differences()).collect();
            Diagnosis::warn(Area::Containers, NAME, all.join("; "), again(first))
        }
    }
}

fn temporary_data(seen: &[SeenContainer]) -> Diagnosis {
    const NAME: &str = "temporary data";
    let without: Vec<_> = seen.iter().filter(|it| !it.has_tmp_in_memory).collect();
    match without.first() {
        None => Diagnosis::ok(Area::Containers, NAME, format!("/tmp is in memory, in {}", several(seen))),
        Some(first) => {
            let agents: Vec<_> = without.iter().map(|it| it.agent_id.as_str()).collect();
            let evidence = format!("/tmp is not in memory, in {}", agents.join(", "));
            Diagnosis::warn(Area::Containers, NAME, evidence, format!("{}, without a volume at /tmp", again(first)))
        }
    }
}

/// Pinning pays where agents are measured or must not slow each other down: only who spawns them knows.
fn processors(seen: &[SeenContainer]) -> Diagnosis {
    let pinned: Vec<_> = seen.iter().filter(|it| it.asked.cpu_set.is_some()).collect();
    let sets = pinned.iter().map(|it| {
        let numbers: Vec<_> = it.processors.iter().map(u32::to_string).collect();
        format!("{} on {}", it.agent_id, numbers.join(","))
    });
    let evidence = match sets.collect::<Vec<_>>().as_slice() {
        [] => format!("no processor set was asked for, in {}", several(seen)),
        sets => format!("processor sets: {}", sets.join("; ")),
    };
    Diagnosis::ok(Area::Containers, "processors", evidence)
}

fn several(seen: &[SeenContainer]) -> String {
    format!("{} running container{}", seen.len(), if seen.len() == 1 { "" } else { "s" })
}

fn again(container: &SeenContainer) -> String {
    format!("'cfn agent stop {}', and spawn it again", container.agent_id)
}

fn pools(pool: &Pool) -> Vec<Diagnosis> {
    let lines = pool.status().into_iter().map(|it| {
        let evidence = format!("{} of {} containers of {} wait", it.waiting, it.size, it.image);
        if it.waiting == it.size {
            return Diagnosis::ok(Area::Containers, "pool", evidence);
        }
        Diagnosis::warn(Area::Containers, "pool", evidence, "cfn agent pool keep")
    });
    lines.collect()
}
