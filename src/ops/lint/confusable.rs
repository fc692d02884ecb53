//! `skill lint --confusable`: pairs of skills whose descriptions are so similar that an agent may choose the wrong one.
//!
//! Descriptions are compared by the cosine of their words, of which rare ones weigh more. An inverted index finds the
//! pairs: of each description, only so many of its rarest words are looked up that the others alone cannot make a pair.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{description, ids};
use crate::ops::body::body;
use crate::ops::error::Result;
use crate::ops::search::each_word;
use crate::store::Store;

/// Maximum number of comparisons: with many skills from one template, there are too many pairs.
const MOST_COMPARISONS: usize = 5_000_000;

/// Maximum number of reported pairs.
const MOST_PAIRS: usize = 1000;

/// Number of shared words to show.
const SHOWN_WORDS: usize = 8;

/// The pairs.
#[derive(Debug, Clone, Serialize)]
pub struct ConfusableReport {
    /// Number of skills with a description that agents may get.
    pub compared: usize,
    /// The most similar ones first.
    pub pairs: Vec<Pair>,
    /// Whether there are more pairs, or not all could be compared.
    pub truncated: bool,
}

/// Two skills with similar descriptions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// The names, in order.
    pub names: [String; 2],
    /// From the threshold to 1: the same words.
    pub similarity: f64,
    /// The shared words that count most.
    pub shared: Vec<String>,
}

/// A description: its words by number, with weights of length 1, rarest first.
#[derive(Debug)]
struct Described {
    name: String,
    words: Vec<(u32, f32)>,
}

/// Compares the descriptions of all skills that agents may get, from one snapshot.
pub fn confusable(
    store: &mut dyn Store,
    threshold: f64,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ConfusableReport> {
    let snapshot = store.read()?;
    let ids = ids(snapshot.as_ref(), |it| it.served)?;
    let (mut numbers, mut all) = (HashMap::<String, u32>::new(), Vec::new());
    for (done, id) in ids.iter().enumerate() {
        progress(done, ids.len());
        let Some(skill) = snapshot.searchable_skill(*id)? else { continue };
        let Ok(text) = body(snapshot.as_ref(), &skill.content_hash)? else { continue };
        let Some(text) = description(&text) else { continue };
        let mut words = BTreeMap::<u32, f32>::new();
        each_word(&text, &mut |word| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(word.to_owned()).or_insert(next);
            words.insert(number, 1.0);
        });
        all.push(Described { name: skill.name, words: words.into_iter().collect() });
    }
    weigh(&mut all, numbers.len());
    let mut names: Vec<&str> = vec![""; numbers.len()];
    for (word, number) in &numbers {
        names[*number as usize] = word;
    }
    Ok(compare(&all, &names, threshold))
}

/// Weighs the words of all descriptions by their rarity.
fn weigh(all: &mut [Described], words: usize) {
    let mut holders = vec![0_u32; words];
    all.iter().flat_map(|it| &it.words).for_each(|(word, _)| holders[*word as usize] += 1);
    let count = all.len();
    #[expect(clippy::cast_precision_loss, reason = "a weight needs no more digits")]
    let rarity = |holders: &u32| (1.0 + (count as f32 - *holders as f32 + 0.5) / (*holders as f32 + 0.5)).ln();
    let weights: Vec<f32> = holders.iter().map(rarity).collect();
    for it in all {
        it.words.iter_mut().for_each(|(word, weight)| *weight = weights[*word as usize]);
        let length = it.words.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        it.words.iter_mut().for_each(|(_, weight)| *weight /= length);
        it.words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
}

fn compare(all: &[Described], names: &[&str], threshold: f64) -> ConfusableReport {
    let (mut index, mut found) = (HashMap::<u32, Vec<usize>>::new(), Vec::new());
    let (mut comparisons, mut truncated) = (0, false);
    let mut weights = vec![0.0; names.len()];
    for (at, one) in all.iter().enumerate() {
        let mut others = Vec::new();
        for (word, _) in &one.words {
            others.extend(index.get(word).into_iter().flatten().copied());
        }
        others.sort_unstable();
        others.dedup();
        comparisons += others.len();
        if comparisons > MOST_COMPARISONS {
            truncated = true;
            break;
        }
        one.words.iter().for_each(|(word, weight)| weights[*word as usize] = *weight);
        for other in others {
            let similarity = cosine(&all[other], &weights);
            if f64::from(similarity) >= threshold {
                found.push((similarity, other, at));
            }
        }
        one.words.iter().for_each(|(word, _)| weights[*word as usize] = 0.0);
        for word in telling(one, threshold) {
            index.entry(word).or_default().push(at);
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| all[a.1].name.cmp(&all[b.1].name)).then(a.2.cmp(&b.2)));
    truncated |= found.len() > MOST_PAIRS;
    found.truncate(MOST_PAIRS);
    let pairs = found.into_iter().map(|(similarity, one, other)| pair(&all[one], &all[other], names, similarity));
    ConfusableReport { compared: all.len(), pairs: pairs.collect(), truncated }
}

/// The rarest words, of which a similar description must have at least one: the others are shorter than the threshold.
fn telling(one: &Described, threshold: f64) -> impl Iterator<Item = u32> {
    let mut rest = 1.0_f64;
    one.words.iter().map_while(move |(word, weight)| {
        let needed = rest.max(0.0).sqrt() >= threshold - 1e-4;
        rest -= f64::from(*weight) * f64::from(*weight);
        needed.then_some(*word)
    })
}

/// `weights` are those of the other description, by word.
fn cosine(one: &Described, weights: &[f32]) -> f32 {
    one.words.iter().map(|(word, weight)| weight * weights[*word as usize]).sum()
}

fn pair(one: &Described, other: &Described, names: &[&str], similarity: f32) -> Pair {
    let shared = one.words.iter().filter(|(word, _)| other.words.iter().any(|(it, _)| it == word));
    let shared = shared.take(SHOWN_WORDS).filter_map(|(word, _)| names.get(*word as usize).map(|it| (*it).to_owned()));
    let mut both = [one.name.clone(), other.name.clone()];
    both.sort();
    let rounded = (f64::from(similarity) * 1000.0).round() / 1000.0;
    Pair { names: both, similarity: rounded.min(1.0), shared: shared.collect() }
}

#[cfg(test)]
mod tests {
    use super::{Described, compare, cosine, telling, weigh};

    fn described(texts: &[&[u32]]) -> Vec<Described> {
        let one = |(number, words): (usize, &&[u32])| Described {
            name: format!("s{number}"),
            words: words.iter().map(|it| (*it, 1.0)).collect(),
        };
        let mut all: Vec<Described> = texts.iter().enumerate().map(one).collect();
        weigh(&mut all, 20);
        all
    }

    /// The index finds the pairs that comparing all with all finds.
    #[test]
    fn no_similar_pair_is_missed() {
        let texts: [&[u32]; 7] =
            [&[0, 1, 2, 3], &[0, 1, 2, 4], &[0, 5, 6], &[0, 5, 6], &[7, 8, 9, 10], &[0, 7, 8, 9], &[]];
        let all = described(&texts);
        for threshold in [0.2, 0.5, 0.8, 1.0] {
            let mut expected = 0;
            for (at, one) in all.iter().enumerate() {
                let mut weights = vec![0.0; 20];
                one.words.iter().for_each(|(word, weight)| weights[*word as usize] = *weight);
                expected += all[..at].iter().filter(|it| f64::from(cosine(it, &weights)) >= threshold).count();
            }
            let names = vec!["w"; 20];
            assert_eq!(compare(&all, &names, threshold).pairs.len(), expected, "{threshold}");
        }
        assert!(telling(&all[0], 0.8).count() < 4, "the most common words are not looked up");
    }
}
