//! Brings the index up to date with the catalogue.
//!
//! If the revision of the catalogue is the one that the index has, nothing is read. Otherwise one pass over the skills
//! compares fingerprints, and each block with a difference is rewritten in a transaction of its own. So a killed process
//! leaves whole blocks, and two processes at once share the work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::document::{Terms, fingerprint};
use super::encoding::{self, Document, Length, SIZE, id, place};
use super::failed::Failed;
use crate::model::{Revision, SkillId, Tables};
use crate::ops::error::Error;
use crate::store::{Postings, PostingsWrites, SearchIndex, Snapshot, Store, StoreError};

/// The version of the encoding, and of what is made of a skill: another one is made again.
const FORMAT: u8 = 1;

/// How much of the catalogue is in the index.
#[derive(Debug, Default)]
pub(super) struct Freshness {
    /// Number of skills that are not in the index as they are.
    pub(super) not_indexed: usize,
    /// Why they are not.
    pub(super) why: Option<String>,
}

/// The fingerprints of a block's skills, by number.
type Wanted = BTreeMap<i64, Vec<(u16, u64)>>;

/// The differences of each block, as a number of skills.
type Differences = BTreeMap<i64, usize>;

/// Brings the index up to date if it may be written; a damaged one is made again. `progress` gets the number of skills
/// done and in total.
pub(super) fn bring_up_to_date(
    store: &mut dyn Store,
    index: &mut dyn SearchIndex,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Freshness, Failed> {
    match update(store, index, progress) {
        Err(failed) if failed.is_damage() => {
            let cleared = match index.clear() {
                Ok(cleared) => cleared,
                Err(StoreError::Busy { .. }) => true, // emptied; only its log could not be
                Err(error) => return Err(Failed::Index(error)),
            };
            if cleared { update(store, index, progress) } else { Err(failed) }
        }
        updated => updated,
    }
}

/// Whether the index has everything of this snapshot.
pub(super) fn is_current(snapshot: &dyn Snapshot, index: &dyn Postings) -> Result<bool, Failed> {
    let revision = snapshot.revision(Tables::Catalogue).map_err(database)?;
    let state = index.state().map_err(Failed::Index)?;
    Ok(revision.is_some_and(|it| Some(state_of(&it)) == state))
}

fn update(
    store: &mut dyn Store,
    index: &mut dyn SearchIndex,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Freshness, Failed> {
    let snapshot = store.read().map_err(database)?;
    let read = index.read().map_err(Failed::Index)?;
    if is_current(snapshot.as_ref(), read.as_ref())? {
        return Ok(Freshness::default());
    }
    let revision = snapshot.revision(Tables::Catalogue).map_err(database)?;
    let wanted = wanted(snapshot.as_ref())?;
    drop(snapshot);
    require_format(read.as_ref())?;
    let differences = differences(read.as_ref(), &wanted)?;
    drop(read);
    let total: usize = differences.values().sum();
    let mut done = 0;
    for (block, count) in &differences {
        let none = Vec::new();
        let wanted = wanted.get(block).unwrap_or(&none);
        match rewrite(store, index, *block, wanted) {
            Ok(true) => {}
            Ok(false) => return Ok(behind(total - done, "it may not be written")),
            Err(failed) if failed.is_temporary() => {
                return Ok(behind(total - done, &Error::from(failed).to_string()));
            }
            Err(failed) => return Err(failed),
        }
        done += count;
        progress(done, total);
    }
    let state = revision.map_or_else(|| vec![FORMAT], |it| state_of(&it));
    match index.write(&mut |it| it.set_state(&state)).map_err(Failed::Index) {
        Err(failed) if !failed.is_temporary() => Err(failed),
        _ => Ok(Freshness::default()), // without it, the next search compares again
    }
}

fn behind(not_indexed: usize, why: &str) -> Freshness {
    Freshness { not_indexed, why: Some(why.to_owned()) }
}

fn database(error: StoreError) -> Failed {
    Failed::Database(error.into())
}

fn state_of(revision: &Revision) -> Vec<u8> {
    [&[FORMAT][..], revision.database(), revision.state()].concat()
}

/// An index in another format counts as damaged.
fn require_format(index: &dyn Postings) -> Result<(), Failed> {
    let state = index.state().map_err(Failed::Index)?;
    let known = match state.as_deref() {
        Some([format, ..]) => *format == FORMAT,
        Some([]) => false,
        None => index.lengths().map_err(Failed::Index)?.is_empty(),
    };
    if known { Ok(()) } else { Err(Failed::Damaged) }
}

fn wanted(snapshot: &dyn Snapshot) -> Result<Wanted, Failed> {
    let mut wanted = Wanted::new();
    let mut add = |skill: crate::store::Searchable| {
        let (block, number) = place(skill.id.0);
        wanted.entry(block).or_default().push((number, fingerprint(&skill)));
    };
    snapshot.searchable(&mut add).map_err(database)?;
    Ok(wanted)
}

fn differences(index: &dyn Postings, wanted: &Wanted) -> Result<Differences, Failed> {
    let indexed: BTreeSet<i64> = index.lengths().map_err(Failed::Index)?.into_iter().map(|(block, _)| block).collect();
    let mut differences = Differences::new();
    for block in wanted.keys().copied().chain(indexed).collect::<BTreeSet<_>>() {
        let none = Vec::new();
        let (changed, gone) = compared(&indexed_in(index, block)?, wanted.get(&block).unwrap_or(&none));
        if changed.len() + gone.len() > 0 {
            differences.insert(block, changed.len() + gone.len());
        }
    }
    Ok(differences)
}

fn indexed_in(index: &dyn Postings, block: i64) -> Result<Vec<Document>, Failed> {
    index.documents(block).map_err(Failed::Index)?.map_or_else(|| Ok(Vec::new()), |it| encoding::documents(&it))
}

/// The numbers that are new or changed, and those that are gone.
fn compared(indexed: &[Document], wanted: &[(u16, u64)]) -> (Vec<u16>, Vec<u16>) {
    let known: BTreeMap<u16, u64> = indexed.iter().map(|it| (it.number, it.fingerprint)).collect();
    let wanted: BTreeMap<u16, u64> = wanted.iter().copied().collect();
    let changed = wanted.iter().filter(|(number, it)| known.get(number) != Some(it)).map(|(number, _)| *number);
    let gone = known.keys().filter(|number| !wanted.contains_key(number)).copied();
    (changed.collect(), gone.collect())
}

/// Rewrites a block; returns whether the index may be written.
fn rewrite(
    store: &mut dyn Store,
    index: &mut dyn SearchIndex,
    block: i64,
    wanted: &[(u16, u64)],
) -> Result<bool, Failed> {
    let mut failed = None;
    let written = index.write(&mut |it| {
        block_of(store, it, block, wanted).map_err(|error| match error {
            Failed::Index(error) => error,
            other => {
                failed = Some(other);
                StoreError::Defect("the block was not written")
            }
        })
    });
    match failed {
        Some(failed) => Err(failed),
        None => written.map_err(Failed::Index),
    }
}

/// Compares the block again, since another process may have written it meanwhile, and takes every skill as it is now.
fn block_of(
    store: &mut dyn Store,
    index: &mut dyn PostingsWrites,
    block: i64,
    wanted: &[(u16, u64)],
) -> Result<(), Failed> {
    let mut documents = indexed_in(index, block)?;
    let (changed, gone) = compared(&documents, wanted);
    let touched: BTreeSet<u16> = changed.into_iter().chain(gone).collect();
    if touched.is_empty() {
        return Ok(());
    }
    documents.retain(|it| !touched.contains(&it.number));
    let mut added = Added { lengths: lengths_of(index, block)?, postings: BTreeMap::new() };
    for number in &touched {
        added.set_length(*number, None);
    }
    let snapshot = store.read().map_err(database)?;
    for number in &touched {
        let Some(skill) = snapshot.searchable_skill(SkillId(id(block, *number))).map_err(database)? else { continue };
        let bytes = snapshot.content(&skill.content_hash).map_err(database)?;
        added.add(*number, skill.served, Terms::of(&skill, bytes.as_deref()));
        documents.push(Document { number: *number, fingerprint: fingerprint(&skill), name: skill.name });
    }
    drop(snapshot);
    documents.sort_by_key(|it| it.number);
    write(index, block, &touched, added, &documents).map_err(Failed::Index)?;
    Ok(())
}

fn lengths_of(index: &dyn Postings, block: i64) -> Result<Vec<Option<Length>>, Failed> {
    let all = index.lengths().map_err(Failed::Index)?;
    Ok(all.into_iter().find(|(it, _)| *it == block).map(|(_, it)| encoding::lengths(&it)).unwrap_or_default())
}

/// What a block gets.
struct Added {
    lengths: Vec<Option<Length>>,
    postings: BTreeMap<String, Vec<(u16, u32)>>,
}

impl Added {
    fn set_length(&mut self, number: u16, length: Option<Length>) {
        let at = usize::from(number);
        if self.lengths.len() <= at {
            self.lengths.resize(at + 1, None);
        }
        self.lengths[at] = length;
    }

    /// Numbers come in order.
    fn add(&mut self, number: u16, served: bool, terms: Terms) {
        self.set_length(number, Some(terms.length(served)));
        for (term, weight) in terms.weights {
            self.postings.entry(term).or_default().push((number, weight));
        }
    }
}

fn write(
    index: &mut dyn PostingsWrites,
    block: i64,
    touched: &BTreeSet<u16>,
    mut added: Added,
    documents: &[Document],
) -> Result<(), StoreError> {
    let changed = changed_terms(index, block, touched, &mut added)?.into_iter();
    let changed: Vec<_> = changed.map(|(term, postings)| (term, encoding::postings_to_bytes(&postings))).collect();
    index.set_postings(block, &changed)?;
    while added.lengths.pop_if(|it| it.is_none()).is_some() {}
    let (lengths, documents) = (encoding::lengths_to_bytes(&added.lengths), encoding::documents_to_bytes(documents));
    index.set_block(block, (!documents.is_empty()).then_some((&lengths, &documents)))?;
    index.set_state(&[FORMAT]) // of no revision until all blocks are written
}

/// The terms of the block whose postings change, with all their postings.
fn changed_terms(
    index: &dyn Postings,
    block: i64,
    touched: &BTreeSet<u16>,
    added: &mut Added,
) -> Result<BTreeMap<String, Vec<(u16, u32)>>, StoreError> {
    let (mut changed, mut damaged) = (BTreeMap::new(), false);
    index.terms(block, "", &mut |term, bytes| {
        let Ok(mut postings) = encoding::postings(bytes) else {
            damaged = true;
            return false;
        };
        let before = postings.len();
        postings.retain(|(number, _)| !touched.contains(number));
        let new = added.postings.remove(term);
        if postings.len() < before || new.is_some() {
            postings.extend(new.unwrap_or_default());
            postings.sort_unstable();
            changed.insert(term.to_owned(), postings);
        }
        true
    })?;
    if damaged {
        return Err(StoreError::Damaged {
            location: Path::new("the search index").into(),
            detail: "postings".to_owned(),
        });
    }
    changed.append(&mut added.postings);
    Ok(changed)
}

const _: () = assert!(SIZE <= u16::MAX as i64, "numbers are of 16 bits");
