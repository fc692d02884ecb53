//! Decides early which files have final names, before all candidates are known.

use std::collections::HashSet;

use super::ahead::{Piece, Tree};
use super::prepare::{Item, Prepared};
use super::write::Writer;
use crate::model::folded;
use crate::ops::tree::{Claim, TreeFile, bears};

impl Writer<'_> {
    /// Takes the result of the walk, after which every name can be decided.
    pub(super) fn learn(&mut self, tree: Tree) {
        self.unique = Some(tree.unique);
        self.report.add(tree.walked);
    }

    pub(super) fn knows_the_tree(&self) -> bool {
        self.unique.is_some()
    }

    /// Whether some of these files may lose their names to files that are not found yet.
    pub(super) fn needs_the_tree(&self, piece: &Piece) -> bool {
        let may_lose = |found: &TreeFile, item: &Item| {
            let claim = Claim::of(found.relative(), item.name.as_str(), item.described.front_matter.is_some());
            found.shares_folder || !claim.is_best_of_those_to_come()
        };
        piece.files.iter().any(|Prepared { found, outcome, .. }| {
            matches!(outcome, Ok(item) if !item.settled && self.may_have_its_name(found, item) && may_lose(found, item))
        })
    }

    /// Whether no other file can have a better claim to the name: its folder has the name, and no other folder does.
    /// Before the walk has ended, [`needs_the_tree`](Self::needs_the_tree) ensures this.
    pub(super) fn has_its_name(&self, found: &TreeFile, item: &Item) -> bool {
        let is_unique = |unique: &HashSet<String>| unique.contains(&folded(item.name.as_str()));
        self.may_have_its_name(found, item) && self.unique.as_ref().is_none_or(is_unique)
    }

    fn may_have_its_name(&self, found: &TreeFile, item: &Item) -> bool {
        !self.request.namespace && bears(found.relative(), item.name.as_str())
    }
}
