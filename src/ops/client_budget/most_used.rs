//! Claude Code: every name is listed, and the most used skills keep their description.

use std::cmp::Reverse;

use super::entry::ListingEntry;
use super::fitted::{Fitted, utf16};
use super::report::{BudgetUnit, BudgetVerdict};
use super::rules::ClientRules;
use crate::ops::error::Result;

pub(super) fn fit(mut entries: Vec<ListingEntry>, rules: &ClientRules, context_window: Option<u64>) -> Result<Fitted> {
    let usual = rules.number("context_window")?;
    let window = context_window.filter(|it| *it > 0).unwrap_or(usual);
    let characters = window.saturating_mul(rules.number("characters_per_token")?);
    let budget = characters.saturating_mul(rules.number("percent")?) / 100;
    let longest = usize::try_from(rules.number("description_characters")?).unwrap_or(usize::MAX);
    entries.sort_by(|a, b| (Reverse(a.uses), &a.name).cmp(&(Reverse(b.uses), &b.name)));

    let lengths: Vec<usize> = entries.iter().map(|it| utf16(&text(it))).collect();
    let shown = || entries.iter().zip(&lengths).filter(|(it, _)| !it.hidden);
    let line_feeds = shown().count().saturating_sub(1);
    let names = line_feeds + shown().map(|(it, _)| "- ".len() + utf16(&it.name)).sum::<usize>();
    let all = |longest: usize| names + shown().map(|(_, length)| cost((*length).min(longest))).sum::<usize>();
    let mut left = (budget as usize).saturating_sub(names);
    let fits = all(longest) <= budget as usize;
    let mut used = names;
    let mut skills = Vec::new();
    for (entry, &length) in entries.iter().zip(&lengths) {
        let capped = length.min(longest);
        skills.push(if entry.hidden {
            entry.unlisted(length, BudgetVerdict::Hidden)
        } else if fits || cost(capped) <= left {
            left = left.saturating_sub(cost(capped));
            used += cost(capped);
            entry.listed(length, capped)
        } else {
            entry.listed(length, 0)
        });
    }
    let (wanted, used) = (all(usize::MAX) as u64, used as u64);
    Ok(Fitted { context_window: Some(window), budget, unit: BudgetUnit::Characters, wanted, used, skills })
}

/// The text of an entry, behind its name.
fn text(entry: &ListingEntry) -> String {
    match &entry.when_to_use {
        Some(when) if !entry.description.is_empty() => format!("{} - {when}", entry.description),
        Some(when) => when.clone(),
        None => entry.description.clone(),
    }
}

/// What a description adds to the line of its name.
fn cost(length: usize) -> usize {
    if length == 0 { 0 } else { ": ".len() + length }
}
