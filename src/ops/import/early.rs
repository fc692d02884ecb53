//! Which files have their names before all claims are known.

use std::collections::HashSet;

use super::ahead::{Piece, Tree};
use super::prepare::{Item, Prepared};
use super::write::Writer;
use crate::model::folded;
use crate::ops::tree::{Claim, Found, bears};

impl Writer<'_> {
    /// What the walk found: from then on every name can be judged.
    pub(super) fn learn(&mut self, tree: Tree) {
        self.unique = Some(tree.unique);
        self.report.add(tree.walked);
    }

    pub(super) fn knows_the_tree(&self) -> bool {
        self.unique.is_some()
    }

    /// Whether some of these files may lose their names to files that the walk has not found yet.
    pub(super) fn needs_the_tree(&self, piece: &Piece) -> bool {
        let may_lose = |found: &Found, item: &Item| {
            let claim = Claim::of(found.relative(), item.name.as_str(), item.described.front_matter.is_some());
            found.shares_folder || !claim.is_best_of_those_to_come()
        };
        piece.files.iter().any(|Prepared { found, outcome, .. }| {
            matches!(outcome, Ok(item) if !item.settled && self.may_have_its_name(found, item) && may_lose(found, item))
        })
    }

    /// Whether no other file of the folder can have a better claim to the name: the first thing that counts is the name of the
    /// folder, and there is no other of that name. Before the walk has ended, [`needs_the_tree`](Self::needs_the_tree) sees to it.
    pub(super) fn has_its_name(&self, found: &Found, item: &Item) -> bool {
        let is_unique = |unique: &HashSet<String>| unique.contains(&folded(item.name.as_str()));
        self.may_have_its_name(found, item) && self.unique.as_ref().is_none_or(is_unique)
    }

    fn may_have_its_name(&self, found: &Found, item: &Item) -> bool {
        !self.request.namespace && bears(found.relative(), item.name.as_str())
    }
}
