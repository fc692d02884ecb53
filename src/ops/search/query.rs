//! The words of a query, and their postings.

use std::collections::{BTreeMap, BTreeSet};

use super::encoding;
use super::failed::Failed;
use super::words;
use crate::store::Postings;

/// Maximum number of different words of a query; more are ignored.
const MOST_WORDS: usize = 32;

/// Maximum number of words that an unknown word is taken for.
const MOST_COMPLETIONS: usize = 16;

/// Minimum length of an unknown word that is completed, in bytes.
const SHORTEST_COMPLETED: usize = 3;

/// A query.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// The whole, as a name is compared.
    pub(super) name_key: String,
    /// Different words, in order; the forms of each, the whole word first.
    pub(super) words: Vec<Vec<String>>,
}

impl Query {
    /// `None` without any word.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for (_, word) in words::written(text) {
            let mut forms: Vec<String> = Vec::new();
            words::forms(word, &mut |it| forms.push(it.to_owned()));
            if forms.first().is_some_and(|it| seen.insert(it.clone())) {
                all.push(forms);
            }
            if all.len() == MOST_WORDS {
                break;
            }
        }
        // A longer text is no name.
        let name_key = if text.len() <= 256 { words::name_key(text) } else { String::new() };
        (!all.is_empty()).then_some(Self { name_key, words: all })
    }
}

/// A word of a query, as it was found.
#[derive(Debug, Default)]
pub(super) struct FoundWord {
    /// The terms that it stands for.
    pub(super) terms: Vec<String>,
    /// The postings of all of them, by block.
    pub(super) postings: BTreeMap<i64, Vec<(u16, u32)>>,
}

/// Looks a word up: as it is; else the parts of its identifier; else the words that begin with it.
pub(super) fn look_up(index: &dyn Postings, blocks: &[i64], forms: &[String]) -> Result<FoundWord, Failed> {
    let mut found = FoundWord::default();
    let Some((whole, parts)) = forms.split_first() else { return Ok(found) };
    found.take(index, whole)?;
    if found.terms.is_empty() {
        for part in parts {
            found.take(index, part)?;
        }
    }
    if found.terms.is_empty() && whole.len() >= SHORTEST_COMPLETED {
        for term in completions(index, blocks, whole)? {
            found.take(index, &term)?;
        }
    }
    Ok(found)
}

/// The first words that begin with a prefix.
fn completions(index: &dyn Postings, blocks: &[i64], prefix: &str) -> Result<BTreeSet<String>, Failed> {
    let mut all = BTreeSet::new();
    for block in blocks {
        let mut count = 0;
        let each = &mut |term: &str, _: &[u8]| {
            all.insert(term.to_owned());
            count += 1;
            count < MOST_COMPLETIONS
        };
        index.terms(*block, prefix, each).map_err(Failed::Index)?;
    }
    Ok(all.into_iter().take(MOST_COMPLETIONS).collect())
}

impl FoundWord {
    fn take(&mut self, index: &dyn Postings, term: &str) -> Result<(), Failed> {
        let postings = index.postings(term).map_err(Failed::Index)?;
        if !postings.is_empty() {
            self.terms.push(term.to_owned());
        }
        for (block, bytes) in postings {
            let postings = encoding::postings(&bytes)?;
            match self.postings.get_mut(&block) {
                Some(others) => *others = merged(others, &postings),
                None => {
                    self.postings.insert(block, postings);
                }
            }
        }
        Ok(())
    }
}

/// The sums of two lists of weights.
fn merged(one: &[(u16, u32)], other: &[(u16, u32)]) -> Vec<(u16, u32)> {
    let mut sums: BTreeMap<u16, u32> = one.iter().copied().collect();
    for (number, weight) in other {
        let sum = sums.entry(*number).or_default();
        *sum = sum.saturating_add(*weight);
    }
    sums.into_iter().collect()
}
