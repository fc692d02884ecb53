//! GitHub Copilot: entries in the order of names, until one does not fit.

use super::entry::ListingEntry;
use super::fitted::{Fitted, utf16};
use super::report::{BudgetUnit, BudgetVerdict};
use super::rules::ClientRules;
use crate::ops::error::Result;

pub(super) fn fit(mut entries: Vec<ListingEntry>, rules: &ClientRules) -> Result<Fitted> {
    let budget = rules.number("characters")?;
    let around = rules.number("entry_characters")?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut wanted, mut used, mut full) = (0, 0, false);
    let mut skills = Vec::new();
    for entry in &entries {
        let length = utf16(&entry.description);
        if entry.hidden {
            skills.push(entry.unlisted(length, BudgetVerdict::Hidden));
            continue;
        }
        let cost = around + escaped(&entry.name) + escaped(&entry.description);
        wanted += cost;
        full |= used + cost > budget;
        if !full {
            used += cost;
        }
        skills.push(entry.listed(length, if full { 0 } else { length }));
    }
    Ok(Fitted { context_window: None, budget, unit: BudgetUnit::Characters, wanted, used, skills })
}

/// The length of a text that is escaped for XML.
fn escaped(text: &str) -> u64 {
    let more = |it: char| match it {
        '&' => "&amp;".len() - 1,
        '<' | '>' => "&lt;".len() - 1,
        '"' | '\'' => "&quot;".len() - 1,
        _ => 0,
    };
    (utf16(text) + text.chars().map(more).sum::<usize>()) as u64
}
