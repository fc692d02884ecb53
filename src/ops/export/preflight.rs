//! What a client would list of the skills of an export.

use super::request::{Export, Selection};
use super::wanted::Selected;
use crate::model::{FolderFile, SKILL_FILE};
use crate::ops::client_budget::{ClientBudget, ClientBudgetReport, ListingEntry, client_budget, uses_by_skill};
use crate::ops::error::Result;
use crate::store::Store;

/// Fits the listing of the skills that an export would write into the budget of a client. Nothing is written.
pub fn export_budget(store: &mut dyn Store, request: &Export, client: &ClientBudget<'_>) -> Result<ClientBudgetReport> {
    let snapshot = store.read()?;
    let agent_types = match &request.selection {
        Selection::All => &[][..],
        Selection::Agents(agents) => agents,
        Selection::Loaded(agent_type, _) => std::slice::from_ref(agent_type),
    };
    let uses = uses_by_skill(snapshot.as_ref(), agent_types)?;
    let mut entries = Vec::new();
    for (name, wanted) in &Selected::of(snapshot.as_ref(), &request.selection)?.skills {
        let is_skill_file = |it: &&FolderFile| it.path.as_str() == SKILL_FILE;
        let Some(file) = wanted.folder.files().iter().find(is_skill_file) else { continue };
        let bytes = snapshot.content(&file.hash.to_string())?.unwrap_or_default();
        entries.push(ListingEntry::read(name, &bytes, uses.get(name).copied().unwrap_or_default()));
    }
    client_budget(client, entries)
}
