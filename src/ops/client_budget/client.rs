//! The clients whose rules are known.

use std::path::Path;

use serde::Serialize;

/// A client that lists skills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// GitHub Copilot.
    Copilot,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::Copilot];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Copilot => "copilot",
        }
    }
}

/// The client to fit a listing for.
#[derive(Debug, Clone)]
pub struct ClientBudget<'a> {
    /// The client.
    pub client: Client,
    /// The context window in tokens; 0 if the client does not know it, and `None` for the usual one.
    pub context_window: Option<u64>,
    /// The project that the client works in, as an absolute path.
    pub project: &'a Path,
}
