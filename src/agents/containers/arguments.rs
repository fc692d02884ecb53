//! The arguments by which a client makes a container.

use std::ffi::OsString;

use rustix::process::{getgid, getuid};

use super::labels::{Owner, POOL, RUN, labels};
use super::mounts::mounts;
use crate::agents::container_plan::{ContainerPlan, EnginePlace, INSIDE};
use crate::agents::plan::Plan;
use crate::agents::pool_member::PoolMember;
use crate::agents::runtime_kind::RuntimeKind;
use crate::linux::{Limits, propagates};

/// Home in a container.
const HOME: &str = "/tmp";

/// The folder in memory that every container has.
const TMP: &str = "/tmp";

/// What is made of a plan: arguments, and variables for the client, from which it takes those of the container. So no value
/// that may be secret is among the arguments, which everybody sees.
pub(super) struct Made {
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
}

/// What the command of a container reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reads {
    Nothing,
    File,
    Terminal,
}

impl Reads {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::File => &["--interactive"],
            Self::Terminal => &["--interactive", "--tty"],
        }
    }
}

/// For the container of a run.
pub(super) fn create(
    plan: &Plan,
    container: &ContainerPlan,
    (owner, run): (&Owner, &str),
    (command, environment, reads): (&[OsString], &[(OsString, OsString)], Reads),
) -> Made {
    let mut arguments: Vec<OsString> = vec!["create".into()];
    arguments.extend(reads.options().iter().map(OsString::from));
    arguments.extend(bounds(&container.name, container, (&plan.limits, plan.runtime)));
    for (name, value) in labels(plan, container, owner, run) {
        arguments.extend(["--label".into(), format!("{name}={value}").into()]);
    }
    let (named, environment) = variables(environment);
    arguments.extend(named);
    arguments.push(container.image.clone().into());
    arguments.extend(command.iter().cloned());
    Made { arguments, environment }
}

/// For a member of a pool, which sleeps until it is claimed.
pub(super) fn waiting(member: &PoolMember, owner: &Owner) -> Made {
    let mut arguments: Vec<OsString> = vec!["run".into(), "--detach".into()];
    arguments.extend(bounds(&member.name, &member.container, (&member.limits, member.runtime)));
    let own = [(POOL, member.name.clone()), (RUN, member.run.clone())];
    let of_type = member.agent_type.clone().map(|it| ("cfn.agent.type", it));
    for (name, value) in own.into_iter().chain(of_type).chain(owner.labels()) {
        arguments.extend(["--label".into(), format!("{name}={value}").into()]);
    }
    arguments.extend(["--entrypoint", "sleep", &member.container.image, "infinity"].map(OsString::from));
    Made { arguments, environment: Vec::new() }
}

/// What a container may and may not, whatever it is for.
fn bounds(name: &str, container: &ContainerPlan, (limits, kind): (&Limits, RuntimeKind)) -> Vec<OsString> {
    let user = format!("{}:{}", getuid().as_raw(), getgid().as_raw());
    let mut words: Vec<String> =
        ["--pull", "never", "--name", name, "--workdir", INSIDE, "--user", &user].map(str::to_owned).into();
    words.extend(["--init", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"].map(str::to_owned));
    // For folders that are bound. A service elsewhere may run as root, and refuses it then.
    if kind == RuntimeKind::Podman && !getuid().is_root() && container.place == EnginePlace::ThisMachine {
        words.extend(["--userns", "keep-id"].map(str::to_owned));
    }
    words.extend(limited(limits));
    for folder in
        std::iter::once(TMP).filter(|it| !covers(container, it)).chain(container.tmpfs.iter().map(String::as_str))
    {
        words.extend(["--tmpfs".to_owned(), in_memory(folder)]);
    }
    if let Some(network) = &container.network {
        words.extend(["--network".to_owned(), network.clone()]);
    }
    let mut arguments: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    arguments.extend(mounts(container, &propagates));
    arguments
}

pub(super) fn limited(limits: &Limits) -> Vec<String> {
    let mut words = Vec::new();
    let mut set = |option: &str, value: Option<String>| words.extend(value.map(|it| format!("--{option}={it}")));
    let memory = limits.memory_bytes.map(|it| it.to_string());
    set("memory", memory.clone());
    set("memory-swap", memory); // with swap, and so none
    set("cpus", limits.cpus.map(|it| it.to_string()));
    set("cpuset-cpus", limits.cpu_set.clone());
    set("pids-limit", limits.processes.map(|it| it.to_string()));
    words
}

/// Whether the plan has something else at a folder.
fn covers(container: &ContainerPlan, folder: &str) -> bool {
    let of_memory = |it: &String| it.split(':').next() == Some(folder);
    container.tmpfs.iter().any(of_memory) || container.volumes.iter().any(|it| it.target == folder)
}

/// `FOLDER` or `FOLDER:SIZE` as the engine says it. Programs may be run there: it is also the home.
fn in_memory(folder: &str) -> String {
    let (folder, size) = folder.split_once(':').unwrap_or((folder, ""));
    let size = if size.is_empty() { String::new() } else { format!(",size={size}") };
    format!("{folder}:rw,exec,nosuid,nodev,mode=1777{size}")
}

/// The container keeps the PATH of its image, and its home is a folder that its user may write.
fn variables(environment: &[(OsString, OsString)]) -> (Vec<OsString>, Vec<(OsString, OsString)>) {
    let mut arguments = vec!["--env".into(), format!("HOME={HOME}").into()];
    let mut passed = Vec::new();
    for (name, value) in environment.iter().filter(|(name, _)| name != "PATH" && name != "HOME") {
        arguments.push("--env".into());
        if of_client(&name.to_string_lossy()) {
            let mut pair = name.clone();
            pair.push("=");
            pair.push(value);
            arguments.push(pair);
        } else {
            arguments.push(name.clone());
            passed.push((name.clone(), value.clone()));
        }
    }
    (arguments, passed)
}

/// The variables of a command that is started in a container without a client.
pub(super) fn inside(environment: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    let passed = environment.iter().filter(|(name, _)| name != "PATH" && name != "HOME").cloned();
    passed.chain([("HOME".into(), HOME.into())]).collect()
}

/// Whether the client itself reads a variable.
fn of_client(name: &str) -> bool {
    const PREFIXES: [&str; 5] = ["DOCKER_", "CONTAINER_", "CONTAINERS_", "XDG_", "LD_"];
    PREFIXES.iter().any(|it| name.starts_with(it)) || name.to_uppercase().ends_with("_PROXY")
}
