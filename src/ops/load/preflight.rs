//! What a client would list of the skills of an agent type.

use super::{Load, LoadReport, select};
use crate::ops::client_budget::{ClientBudget, ClientBudgetReport, ListingEntry, client_budget, uses_by_skill};
use crate::ops::error::Result;
use crate::store::Store;

/// Selects the skills as [`load`](super::load) does, and fits their listing into the budget of a client.
pub fn load_budget(
    store: &mut dyn Store,
    request: &Load,
    client: &ClientBudget<'_>,
) -> Result<(LoadReport, ClientBudgetReport)> {
    let snapshot = store.read()?;
    let report = select(snapshot.as_ref(), request)?;
    let uses = uses_by_skill(snapshot.as_ref(), std::slice::from_ref(&request.agent_type))?;
    let entries = report.skills.iter().map(|it| {
        let uses = uses.get(&it.picked.name).copied().unwrap_or_default();
        ListingEntry::read(&it.picked.name, it.content.as_bytes(), uses)
    });
    let listing = client_budget(client, entries.collect())?;
    Ok((report, listing))
}
