//! The order of the skills that match: those with the queried name, those whose name begins with it, and then by BM25.
//!
//! A term weighs more in some fields; the weights are added before they saturate (BM25F). All figures come from whole
//! numbers in a fixed order, so every engine and every machine ranks alike.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{NAME_MARK, TAG_MARK};
use super::encoding::{self, Length, id};
use super::failed::Failed;
use super::query::{FoundWord, Query, look_up};
use crate::model::folded;
use crate::store::Postings;

/// How slowly the weight of a term saturates, for the doubled weights of [`super::document`]. Both constants did best on
/// public skill files, of values around the usual ones.
const SATURATION: f64 = 3.0;
/// How much longer texts are discounted.
const DISCOUNT: f64 = 0.9;

/// Restricts a search.
#[derive(Debug)]
pub(super) struct Restriction<'a> {
    /// Whether skills count that no agent may get.
    pub(super) all: bool,
    /// Only these ids.
    pub(super) ids: Option<BTreeSet<i64>>,
    /// Only skills with this tag.
    pub(super) tag: Option<&'a str>,
}

/// A skill that matches.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    /// 0: it has the queried name, 1: its name begins with it, 2: others.
    class: u8,
    pub(super) score: f64,
    pub(super) id: i64,
}

/// The best matches.
#[derive(Debug)]
pub(super) struct Ranked {
    /// At least as many as were asked for, if there are so many; in order.
    pub(super) best: Vec<Match>,
    /// Number of matches in all.
    pub(super) found: usize,
    /// The terms of each word of the query, in the index.
    pub(super) terms: Vec<Vec<String>>,
}

/// The lengths of all blocks.
type Lengths = BTreeMap<i64, Vec<Option<Length>>>;

/// Finds and orders the matches.
pub(super) fn rank(index: &dyn Postings, query: &Query, only: &Restriction<'_>, most: usize) -> Result<Ranked, Failed> {
    let lengths: Lengths = index.lengths().map_err(Failed::Index)?.into_iter().map(lengths_of).collect();
    let blocks: Vec<i64> = lengths.keys().copied().collect();
    let words = query.words.iter().map(|forms| look_up(index, &blocks, forms)).collect::<Result<Vec<_>, _>>()?;
    let counted = Counted { lengths: &lengths, all: only.all };
    let mut matches = counted.scores(&words);
    for (class, name) in named(index, &blocks, &query.name_key)? {
        if counted.length(name).is_some() {
            let entry = matches.entry(name).or_insert((2, 0.0));
            entry.0 = entry.0.min(class);
        }
    }
    let tagged = only.tag.map(|tag| tagged(index, tag)).transpose()?;
    let passes = |id: &i64| {
        only.ids.as_ref().is_none_or(|it| it.contains(id)) && tagged.as_ref().is_none_or(|it| it.contains(id))
    };
    let matches = matches.into_iter().filter(|(id, _)| passes(id));
    let mut best: Vec<Match> = matches.map(|(id, (class, score))| Match { class, score, id }).collect();
    let found = best.len();
    order(index, &mut best, most)?;
    Ok(Ranked { best, found, terms: words.into_iter().map(|it| it.terms).collect() })
}

fn lengths_of((block, bytes): (i64, Vec<u8>)) -> (i64, Vec<Option<Length>>) {
    (block, encoding::lengths(&bytes))
}

/// The documents that count.
struct Counted<'a> {
    lengths: &'a Lengths,
    all: bool,
}

impl Counted<'_> {
    fn length(&self, skill: i64) -> Option<f64> {
        let (block, number) = encoding::place(skill);
        self.length_at(self.lengths.get(&block)?, number)
    }

    fn length_at(&self, block: &[Option<Length>], number: u16) -> Option<f64> {
        let length = block.get(usize::from(number)).copied().flatten()?;
        (self.all || length.served).then(|| f64::from(length.words))
    }

    /// The number of documents, and their mean length.
    fn figures(&self) -> (f64, f64) {
        let all = self.lengths.values().flatten().flatten().filter(|it| self.all || it.served);
        let (count, sum) = all.fold((0_u64, 0_u64), |(count, sum), it| (count + 1, sum + u64::from(it.words)));
        (float(count), float(sum) / float(count.max(1)))
    }

    fn scores(&self, words: &[FoundWord]) -> BTreeMap<i64, (u8, f64)> {
        let (documents, mean) = self.figures();
        let mut scores: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for word in words {
            let holders: u64 = word.postings.iter().map(|(block, it)| self.holders(*block, it)).sum();
            let rarity = (1.0 + (documents - float(holders) + 0.5) / (float(holders) + 0.5)).ln();
            for (block, postings) in &word.postings {
                let Some(lengths) = self.lengths.get(block) else { continue };
                let scores = scores.entry(*block).or_insert_with(|| vec![0.0; lengths.len()]);
                for &(number, weight) in postings {
                    let Some(length) = self.length_at(lengths, number) else { continue };
                    let weight = f64::from(weight);
                    let discount = SATURATION * (1.0 - DISCOUNT + DISCOUNT * length / mean.max(1.0));
                    scores[usize::from(number)] += rarity * weight * (SATURATION + 1.0) / (weight + discount);
                }
            }
        }
        let numbered = scores.into_iter().flat_map(|(block, scores)| {
            let numbers = (0_u16..).zip(scores);
            numbers.filter(|(_, score)| *score > 0.0).map(move |(number, score)| (id(block, number), (2, score)))
        });
        numbered.collect()
    }

    /// Number of documents that have a term.
    fn holders(&self, block: i64, postings: &[(u16, u32)]) -> u64 {
        let Some(lengths) = self.lengths.get(&block) else { return 0 };
        postings.iter().filter(|(number, _)| self.length_at(lengths, *number).is_some()).count() as u64
    }
}

#[expect(clippy::cast_precision_loss, reason = "sums of lengths are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

/// The skills with this name, and those whose name begins with it.
fn named(index: &dyn Postings, blocks: &[i64], key: &str) -> Result<Vec<(u8, i64)>, Failed> {
    let mut found = Vec::new();
    if key.is_empty() {
        return Ok(found);
    }
    let prefix = format!("{NAME_MARK}{key}");
    for block in blocks {
        let mut damaged = false;
        let each = &mut |term: &str, bytes: &[u8]| {
            let Ok(postings) = encoding::postings(bytes) else {
                damaged = true;
                return false;
            };
            let class = u8::from(term != prefix);
            found.extend(postings.into_iter().map(|(number, _)| (class, id(*block, number))));
            true
        };
        index.terms(*block, &prefix, each).map_err(Failed::Index)?;
        if damaged {
            return Err(Failed::Damaged);
        }
    }
    Ok(found)
}

fn tagged(index: &dyn Postings, tag: &str) -> Result<BTreeSet<i64>, Failed> {
    let mut ids = BTreeSet::new();
    for (block, bytes) in index.postings(&format!("{TAG_MARK}{}", folded(tag.trim()))).map_err(Failed::Index)? {
        ids.extend(encoding::postings(&bytes)?.into_iter().map(|(number, _)| id(block, number)));
    }
    Ok(ids)
}

/// Keeps the best ones, and orders them; equal scores by name.
fn order(index: &dyn Postings, matches: &mut Vec<Match>, most: usize) -> Result<(), Failed> {
    let by_score = |a: &Match, b: &Match| a.class.cmp(&b.class).then_with(|| b.score.total_cmp(&a.score));
    matches.sort_by(by_score);
    if let Some(last) = most.checked_sub(1).and_then(|it| matches.get(it)).cloned() {
        matches.retain(|it| by_score(it, &last).is_le());
    }
    let names = names(index, &tied(matches))?;
    let name = |it: &Match| names.get(&it.id).map(String::as_str).unwrap_or_default();
    matches.sort_by(|a, b| by_score(a, b).then_with(|| name(a).cmp(name(b))).then(a.id.cmp(&b.id)));
    matches.truncate(most);
    Ok(())
}

/// The ids of matches that only their names can order.
fn tied(matches: &[Match]) -> BTreeSet<i64> {
    let equal = |a: &Match, b: &Match| a.class == b.class && a.score.total_cmp(&b.score).is_eq();
    matches.chunk_by(equal).filter(|it| it.len() > 1).flatten().map(|it| it.id).collect()
}

fn names(index: &dyn Postings, ids: &BTreeSet<i64>) -> Result<BTreeMap<i64, String>, Failed> {
    let mut names = BTreeMap::new();
    let blocks: BTreeSet<i64> = ids.iter().map(|it| encoding::place(*it).0).collect();
    for block in blocks {
        let bytes = index.documents(block).map_err(Failed::Index)?.unwrap_or_default();
        let wanted = encoding::documents_that(&bytes, |number| ids.contains(&id(block, number)))?;
        names.extend(wanted.into_iter().map(|it| (id(block, it.number), it.name)));
    }
    Ok(names)
}
