//! What is searched for.

use crate::model::AgentType;

/// A search.
#[derive(Debug)]
pub struct Search<'a> {
    /// The words.
    pub query: &'a str,
    /// Only skills of this agent type.
    pub agent_type: Option<&'a AgentType>,
    /// Only skills with this tag.
    pub tag: Option<&'a str>,
    /// Maximum number of skills.
    pub limit: usize,
    /// Whether to find skills that no agent gets, too.
    pub all: bool,
}
