//! What an agent asks for.

use super::format::Format;
use super::places::Places;
use crate::model::AgentType;

/// A request for an agent's skills.
#[derive(Debug, Clone)]
pub struct Load {
    /// The agent type.
    pub agent_type: AgentType,
    /// Keywords of its task; empty if not stated.
    pub context: Vec<String>,
    /// Its phase, if stated.
    pub phase: Option<String>,
    /// Maximum number of skills, excluding bootstrap skills; required skills are always included.
    pub max_skills: usize,
    /// Maximum number of tokens, estimated as bytes / 4 of the rendered text; required skills are always included.
    pub max_tokens: Option<u64>,
    /// Whether to include bootstrap skills, which come first.
    pub bootstrap: bool,
    /// The output format.
    pub format: Format,
    /// Where to find the files of skills; `None` if no paths are needed. Without it, a listing of files is empty.
    pub places: Option<Places>,
}

impl Load {
    /// The default number of skills.
    pub const USUAL_SKILLS: usize = 20;

    /// A request with default options.
    #[must_use]
    pub fn usual(agent_type: AgentType) -> Self {
        Self {
            agent_type,
            context: Vec::new(),
            phase: None,
            max_skills: Self::USUAL_SKILLS,
            max_tokens: None,
            bootstrap: true,
            format: Format::Prompt,
            places: None,
        }
    }
}

/// The agent and task for the usage log.
#[derive(Debug, Clone)]
pub struct UsageOf {
    /// The agent's id.
    pub agent_id: String,
    /// The task's id.
    pub task_id: Option<String>,
}
