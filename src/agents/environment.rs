//! The environment of an agent: a list of what passes, and what cfn sets.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::plan::Plan;

/// What passes from the environment of the spawning command, beside `CFN_*` and what is named.
const PASSES: [&str; 5] = ["PATH", "HOME", "LANG", "TERM", "TZ"];
const OWN: &str = "CFN_";

/// Settings of cfn with passwords: an agent gets them only where they are named.
const SECRETS: [&str; 3] = ["CFN_POSTGRES_URL", "CFN_REDIS_URL", "CFN_REDIS_PASSWORD"];

/// Variables, each with its value.
pub type Variables = Vec<(OsString, OsString)>;

/// What passes of an environment. `named` also passes; a name without a value passes with the one that it has there.
#[must_use]
pub fn passed(
    environment: impl Iterator<Item = (OsString, OsString)>,
    named: &[(OsString, Option<OsString>)],
) -> Variables {
    let is_listed = |name: &OsStr| {
        let is_named = named.iter().any(|(it, value)| it == name && value.is_none());
        let text = name.to_string_lossy();
        is_named || PASSES.contains(&&*text) || text.starts_with(OWN) && !SECRETS.contains(&&*text)
    };
    let mut passed: Variables = environment.filter(|(name, _)| is_listed(name)).collect();
    for (name, value) in named {
        if let Some(value) = value {
            set(&mut passed, name, value.clone());
        }
    }
    passed
}

/// Sets a variable, whatever it was.
pub(super) fn set(variables: &mut Variables, name: impl AsRef<OsStr>, value: impl Into<OsString>) {
    variables.retain(|(it, _)| it != name.as_ref());
    variables.push((name.as_ref().to_owned(), value.into()));
}

/// What is said about a run in its environment, as the scripts before cfn did.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The iteration of its task.
    pub iteration: Option<u32>,
    /// The mode of its task.
    pub mode: Option<String>,
    /// The provider of its model.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

/// Adds what cfn says about a run, with its workspace and its project as the command sees them.
pub(super) fn identify(
    variables: &mut Variables,
    plan: &Plan,
    identity: &Identity,
    (workspace, project): (&Path, &Path),
) {
    set(variables, "AGENT_ID", plan.agent_id.as_str());
    set(variables, "AGENT_TYPE", &plan.agent_type);
    set(variables, "SPAWNED_AT", &plan.spawned_at);
    set(variables, "PROJECT_ROOT", project);
    set(variables, "WORKSPACE_PATH", workspace);
    set(variables, "ITERATION", plan.iteration.to_string());
    let optional = [
        ("TASK_ID", &plan.task_id),
        ("MODE", &identity.mode),
        ("PROVIDER", &identity.provider),
        ("MODEL", &identity.model),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            set(variables, name, value);
        }
    }
    if let Some(bytes) = plan.limits.memory_bytes
        && !variables.iter().any(|(name, _)| name == "NODE_OPTIONS")
    {
        // Node asks for no more than it may have, and collects garbage before the kernel ends it.
        let mebibytes = (bytes / 4 * 3) >> 20;
        set(variables, "NODE_OPTIONS", format!("--max-old-space-size={mebibytes}"));
    }
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn what_is_not_on_the_list_does_not_pass() {
        let all = ["PATH", "API_KEY", "CFN_A", "CFN_POSTGRES_URL", "LD_PRELOAD", "TZ", "OTHER_KEY"];
        let environment = || all.iter().map(|it| ((*it).into(), format!("of {it}").into()));
        let names = |named: &[(&str, Option<&str>)]| {
            let named: Vec<_> = named.iter().map(|(it, value)| ((*it).into(), value.map(Into::into))).collect();
            let passed = passed(environment(), &named);
            passed.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["PATH=of PATH", "CFN_A=of CFN_A", "TZ=of TZ"]);
        assert_eq!(
            names(&[("API_KEY", None), ("PATH", Some("/x")), ("MISSING", None)]),
            ["API_KEY=of API_KEY", "CFN_A=of CFN_A", "TZ=of TZ", "PATH=/x"]
        );
    }
}
