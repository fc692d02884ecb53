//! Where an engine is, by what its client says.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::engine::{Engine, EngineError};
use crate::agents::container_plan::EnginePlace;
use crate::agents::runtime_kind::RuntimeKind;
use crate::regular_file;

/// Maximum size of the settings of a client.
const MOST_BYTES: u64 = 1 << 20;

impl Engine {
    /// Where it is. The client is not asked where only one variable, or nothing, can say it.
    pub fn place(&self, home: Option<&Path>) -> Result<EnginePlace, EngineError> {
        if self.program == RuntimeKind::Podman.as_str() { self.place_of_podman() } else { self.place_of_docker(home) }
    }

    fn place_of_docker(&self, home: Option<&Path>) -> Result<EnginePlace, EngineError> {
        if let Some(endpoint) = self.variable("DOCKER_HOST") {
            return Ok(of_endpoint(endpoint)); // it goes before all contexts
        }
        if self.variable("DOCKER_CONTEXT").is_none() && !self.has_current_context(home) {
            return Ok(EnginePlace::ThisMachine);
        }
        self.ask(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]).map(|it| of_endpoint(&it))
    }

    /// Whether the client's file names a context.
    fn has_current_context(&self, home: Option<&Path>) -> bool {
        let folder = self.variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(home?.join(".docker")));
        let text = folder.and_then(|it| regular_file::read_to_string(&it.join("config.json"), MOST_BYTES).ok());
        text.is_some_and(|it| it.contains("currentContext"))
    }

    /// A client that works on its own files has no server. It reads its settings from too many files to look into them here.
    fn place_of_podman(&self) -> Result<EnginePlace, EngineError> {
        if let (Some(endpoint), None) = (self.variable("CONTAINER_HOST"), self.variable("CONTAINER_CONNECTION")) {
            return Ok(of_endpoint(endpoint));
        }
        let said = self.ask(&["version", "--format", "{{json .}}"])?;
        of_version(&said).map_err(|error| EngineError::Refused(self.program, error.to_string()))
    }

    /// A variable for the client that is not empty.
    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(it, _)| it == name);
        found.and_then(|(_, value)| value.to_str()).filter(|it| !it.is_empty())
    }
}

/// A socket is of this machine. One that ssh forwards looks the same; there, the engine itself refuses what it does not have.
fn of_endpoint(endpoint: &str) -> EnginePlace {
    match endpoint.split_once(':') {
        Some(("unix", _)) => EnginePlace::ThisMachine,
        _ => EnginePlace::AnotherMachine,
    }
}

fn of_version(said: &str) -> serde_json::Result<EnginePlace> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Version {
        server: Option<serde_json::Value>,
    }
    let Version { server } = serde_json::from_str(said)?;
    Ok(if server.is_some() { EnginePlace::AnotherMachine } else { EnginePlace::ThisMachine })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{EnginePlace, of_endpoint, of_version};

    #[test]
    fn only_a_socket_or_no_server_is_of_this_machine() {
        let places = |endpoints: &[&str]| endpoints.iter().map(|it| of_endpoint(it)).collect::<Vec<_>>();
        let here = ["unix:///var/run/docker.sock", "unix:/run/podman/podman.sock"];
        assert_eq!(places(&here), [EnginePlace::ThisMachine; 2]);
        let elsewhere = ["tcp://127.0.0.1:2375", "ssh://me@host", "npipe:////./pipe/docker_engine", "host:2375", ""];
        assert_eq!(places(&elsewhere), [EnginePlace::AnotherMachine; 5]);
        let client = r#"{"Client":{"Version":"4.3.1"}}"#;
        assert_eq!(of_version(client).expect("JSON"), EnginePlace::ThisMachine);
        let both = r#"{"Client":{"Version":"4.3.1"},"Server":{"Version":"4.3.1"}}"#;
        assert_eq!(of_version(both).expect("JSON"), EnginePlace::AnotherMachine);
        assert!(of_version("no JSON").is_err());
    }
}
