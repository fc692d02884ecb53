//! A listing that was fitted into a budget.

use super::entry::ListingEntry;
use super::report::{BudgetUnit, BudgetVerdict, BudgetedSkill};

/// A fitted listing.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) context_window: Option<u64>,
    pub(super) budget: u64,
    pub(super) unit: BudgetUnit,
    pub(super) wanted: u64,
    pub(super) used: u64,
    pub(super) skills: Vec<BudgetedSkill>,
}

impl ListingEntry {
    /// The verdict about an entry whose text has `characters`, of which `shown` are listed.
    pub(super) fn listed(&self, characters: usize, shown: usize) -> BudgetedSkill {
        let verdict = match shown {
            all if all == characters => BudgetVerdict::Kept,
            0 => BudgetVerdict::NoDescription,
            _ => BudgetVerdict::Shortened,
        };
        BudgetedSkill { name: self.name.clone(), verdict, characters, shown, uses: self.uses }
    }

    /// The verdict about an entry that is not listed.
    pub(super) fn unlisted(&self, characters: usize, verdict: BudgetVerdict) -> BudgetedSkill {
        BudgetedSkill { name: self.name.clone(), verdict, characters, shown: 0, uses: self.uses }
    }
}

/// The length of a text in a client written in JavaScript: in units of UTF-16.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}
