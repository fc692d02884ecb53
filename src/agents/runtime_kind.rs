//! What runs commands of agents.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::UnknownWord;

/// What runs the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuntimeKind {
    /// A process of this machine.
    Process,
    /// A container, by the program `docker`.
    Docker,
    /// A container, by the program `podman`.
    Podman,
}

impl RuntimeKind {
    /// All, in display order.
    pub const ALL: [Self; 3] = [Self::Process, Self::Docker, Self::Podman];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl FromStr for RuntimeKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let expected = "process, docker or podman";
        let unknown = || UnknownWord { what: "the runtime", expected, got: text.to_owned() };
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(unknown)
    }
}
