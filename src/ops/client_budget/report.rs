//! What a client lists, and what it cuts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::client::Client;
use super::rules::ClientRule;

/// The listing of a client.
#[derive(Debug, Clone, Serialize)]
pub struct ClientBudgetReport {
    /// The client.
    pub client: Client,
    /// Its name, for people.
    #[serde(skip)]
    pub client_name: String,
    /// The context window that the budget follows from, in tokens; `None` if it does not depend on one.
    pub context_window: Option<u64>,
    /// The size of the listing that the client allows.
    pub budget: u64,
    /// The size of the whole listing.
    pub wanted: u64,
    /// The size of what is listed.
    pub used: u64,
    /// The unit of these sizes.
    pub unit: BudgetUnit,
    /// The number of skills that the client cuts.
    pub cut: usize,
    /// The skills, in the order in which the client gives them room.
    pub skills: Vec<BudgetedSkill>,
    /// The rules that this follows from, with sources.
    pub rules: BTreeMap<String, ClientRule>,
}

/// The unit of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetUnit {
    /// Tokens, as the client estimates them.
    Tokens,
    /// Characters.
    Characters,
}

/// A skill in a client's listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetedSkill {
    /// Its name.
    pub name: String,
    /// What the client shows.
    pub verdict: BudgetVerdict,
    /// Length of the description, in characters.
    pub characters: usize,
    /// Length of what is shown of it.
    pub shown: usize,
    /// The number of its logged uses.
    pub uses: i64,
}

/// What a client shows of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetVerdict {
    /// All.
    Kept,
    /// The beginning of its description.
    Shortened,
    /// Only its name.
    NoDescription,
    /// Nothing.
    NotListed,
    /// Nothing, as its author wants.
    Hidden,
}

impl BudgetVerdict {
    /// Whether the client cuts something that its author wants to be listed.
    #[must_use]
    pub const fn is_cut(self) -> bool {
        !matches!(self, Self::Kept | Self::Hidden)
    }
}
