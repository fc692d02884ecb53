//! Invisible characters written as YAML escapes: the file looks harmless, but the value is not.

use std::collections::BTreeSet;

use super::finding::{Notes, quoted};
use super::node::{Entry, Node};
use super::oddities;
use crate::model::hidden_characters;

/// Reports them, field by field. Unescaped ones are reported elsewhere.
#[derive(Debug)]
pub(super) struct Escapes {
    in_file: BTreeSet<char>,
}

impl Escapes {
    pub(super) fn new(yaml: &str) -> Self {
        Self { in_file: hidden_characters(yaml).iter().map(|it| it.character).collect() }
    }

    /// Checks a field and everything nested in it.
    pub(super) fn note(&self, entry: &Entry<'_>, notes: &mut Notes) {
        let mut found = BTreeSet::new();
        self.collect(&entry.key, &mut found);
        self.descend(&entry.value, &mut found);
        if found.is_empty() {
            return;
        }
        let what = if found.iter().any(|it| it.is_control()) { "control or invisible" } else { "invisible" };
        let names = oddities::names(found.into_iter());
        let message = format!("the value of {} has {what} characters, written as escapes: {names}", quoted(&entry.key));
        notes.remark(entry.at, message);
    }

    fn descend(&self, node: &Node<'_>, found: &mut BTreeSet<char>) {
        match node {
            Node::Scalar { text, .. } => self.collect(text, found),
            Node::List(items) => items.iter().for_each(|item| self.descend(item, found)),
            Node::Map(entries) => {
                for entry in entries {
                    self.collect(&entry.key, found);
                    self.descend(&entry.value, found);
                }
            }
        }
    }

    fn collect(&self, text: &str, found: &mut BTreeSet<char>) {
        let hidden = hidden_characters(text).into_iter().map(|it| it.character);
        found.extend(hidden.filter(|it| !self.in_file.contains(it)));
    }
}
