//! What an engine says of itself.

use serde::Deserialize;

/// What an engine can. What it does not say, it can.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "these are what the engine says")]
pub struct Abilities {
    /// Its version.
    #[serde(rename = "ServerVersion")]
    pub version: String,
    memory_limit: bool,
    swap_limit: bool,
    cpu_cfs_quota: bool,
    #[serde(rename = "CPUSet")]
    cpu_set: bool,
    pids_limit: bool,
}

impl Default for Abilities {
    fn default() -> Self {
        let version = "of an unknown version".to_owned();
        Self { version, memory_limit: true, swap_limit: true, cpu_cfs_quota: true, cpu_set: true, pids_limit: true }
    }
}

impl Abilities {
    /// What `info` of a client says, in JSON.
    pub(super) fn said_by(info: &str) -> serde_json::Result<Self> {
        let OfPodman { version, host } = serde_json::from_str(info)?;
        let (Some(version), Some(host)) = (version, host) else { return serde_json::from_str(info) };
        let can = |controllers: &[&str]| host.controllers.iter().any(|it| controllers.contains(&it.as_str()));
        Ok(Self {
            version: version.version,
            memory_limit: can(&["memory"]),
            swap_limit: can(&["memory"]),
            cpu_cfs_quota: can(&["cpu", "cpuacct"]),
            cpu_set: can(&["cpuset"]),
            pids_limit: can(&["pids"]),
        })
    }

    /// What it cannot limit.
    #[must_use]
    pub fn lacking(&self) -> Vec<&'static str> {
        let all = [
            ("memory", self.memory_limit),
            ("swap", self.swap_limit),
            ("processors", self.cpu_cfs_quota),
            ("processor sets", self.cpu_set),
            ("processes", self.pids_limit),
        ];
        all.into_iter().filter(|(_, can)| !can).map(|(name, _)| name).collect()
    }
}

/// The same as podman says it.
#[derive(Deserialize)]
struct OfPodman {
    version: Option<PodmanVersion>,
    host: Option<PodmanHost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PodmanVersion {
    version: String,
}

#[derive(Deserialize)]
struct PodmanHost {
    #[serde(rename = "cgroupControllers")]
    controllers: Vec<String>,
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::Abilities;

    #[test]
    fn both_clients_are_understood() {
        let said = |info: &str| {
            let abilities = Abilities::said_by(info).expect("JSON");
            (abilities.version.clone(), abilities.lacking())
        };
        let docker = r#"{"ServerVersion":"20.10.24","MemoryLimit":true,"CPUSet":false}"#;
        assert_eq!(said(docker), ("20.10.24".to_owned(), vec!["processor sets"]));
        let podman = r#"{"host":{"cgroupControllers":["cpu","memory"]},"version":{"Version":"4.3.1"}}"#;
        assert_eq!(said(podman), ("4.3.1".to_owned(), vec!["processor sets", "processes"]));
        assert_eq!(said("{}"), ("of an unknown version".to_owned(), Vec::new()));
        assert!(Abilities::said_by("no JSON").is_err());
    }
}
