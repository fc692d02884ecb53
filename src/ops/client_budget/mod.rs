//! The listing of skills that a client puts into a model's prompt: what the client cuts from it to keep to its budget.
//!
//! The rules are data with sources, in `rules.yaml`. Each client has a module for the way it cuts.

mod client;
mod entry;
mod fitted;
mod in_order;
mod most_used;
mod report;
mod rules;
mod shared;

#[cfg(test)]
mod tests;

use self::fitted::Fitted;
use self::rules::ClientRules;
use super::error::Result;

pub use self::client::{Client, ClientBudget};
pub use self::entry::ListingEntry;
pub(in crate::ops) use self::entry::uses_by_skill;
pub use self::report::{BudgetUnit, BudgetVerdict, BudgetedSkill, ClientBudgetReport};
pub use self::rules::ClientRule;

/// What the client lists of these skills, if a project has them all and no others.
pub fn client_budget(request: &ClientBudget<'_>, entries: Vec<ListingEntry>) -> Result<ClientBudgetReport> {
    let rules = ClientRules::of(request.client)?;
    let window = request.context_window;
    let Fitted { context_window, budget, unit, wanted, used, skills } = match request.client {
        Client::Claude => most_used::fit(entries, &rules, window)?,
        Client::Codex => shared::fit(entries, &rules, window, &request.project.join(&rules.folder))?,
        Client::Copilot => in_order::fit(entries, &rules)?,
    };
    Ok(ClientBudgetReport {
        client: request.client,
        client_name: rules.name,
        context_window,
        budget,
        wanted,
        used,
        unit,
        cut: skills.iter().filter(|it| it.verdict.is_cut()).count(),
        skills,
        rules: rules.rules,
    })
}
