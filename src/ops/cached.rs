//! Questions that can be answered from a cache: fresh, and of one moment.
//!
//! The mark of the tables is read first, in a transaction of its own that ends before the cache is asked. On a miss, mark and
//! answer come from one snapshot, and the answer is kept under that mark. Bodies of skills are never kept: they come from the
//! database and are hashed, in a snapshot that has the same mark; else nothing that was kept is used.

use super::body::body;
use super::error::Result;
use crate::cache::{Cache, Key, Question};
use crate::model::Mark;
use crate::store::{Snapshot, Store};

/// A question whose answer a cache may keep.
pub trait Query {
    /// What it is answered with.
    type Answer;

    /// What the answer depends on, beside the state of the tables.
    fn question(&self) -> Question;

    /// Whether an answer may be kept at all: not where it depends on the time of day.
    fn keeps(&self) -> bool {
        true
    }

    /// Answers from the database.
    fn compute(&self, snapshot: &dyn Snapshot) -> Result<Self::Answer>;

    /// What is kept of an answer: everything but bodies. `None` where it depends on more than [`question`](Self::question) says.
    fn kept(&self, answer: &Self::Answer) -> Option<Vec<u8>>;

    /// The answer again, with the hashes of the bodies that it still lacks; `None` where what was kept cannot be read.
    fn recalled(&self, kept: &[u8]) -> Option<(Self::Answer, Vec<String>)>;

    /// Puts in the bodies, in the order of their hashes.
    fn fill(&self, answer: &mut Self::Answer, bodies: Vec<String>) {
        let _ = (answer, bodies);
    }
}

/// Answers from the cache, or else from the database.
pub fn cached<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Q::Answer> {
    match recall(store, cache, query)? {
        Some(answer) => Ok(answer),
        None => answer(store, cache, query),
    }
}

/// The same, with the mark of the tables that the answer is of, where it depends on nothing else.
pub(super) fn marked<Q: Query>(
    store: &mut dyn Store,
    cache: &dyn Cache,
    query: &Q,
) -> Result<(Q::Answer, Option<Mark>)> {
    match recall_marked(store, cache, query)? {
        Some((answer, mark)) => Ok((answer, Some(mark))),
        None => compute(store, cache, query, true),
    }
}

/// Answers from the cache, if it has the answer for the database as it is now.
pub fn recall<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Option<Q::Answer>> {
    Ok(recall_marked(store, cache, query)?.map(|it| it.0))
}

/// Answers from the database, and keeps the answer.
pub fn answer<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Q::Answer> {
    let serves = cache.serves(query.question().class);
    Ok(compute(store, cache, query, serves)?.0)
}

fn recall_marked<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Option<(Q::Answer, Mark)>> {
    let question = query.question();
    if !query.keeps() || !cache.serves(question.class) {
        return Ok(None);
    }
    let Some(mark) = store.read()?.mark(question.tables)? else {
        tracing::debug!("the cache is bypassed: not all triggers of the write tokens are there");
        return Ok(None);
    };
    let key = Key::of(&mark, &question);
    let Some(kept) = cache.get(&key) else { return Ok(None) };
    let Some((mut answer, hashes)) = query.recalled(&kept) else {
        cache.forget(&key);
        return Ok(None);
    };
    if !hashes.is_empty() {
        let snapshot = store.read()?;
        match bodies(snapshot.as_ref(), &mark, &question, &hashes)? {
            Some(bodies) => query.fill(&mut answer, bodies),
            None => return Ok(None),
        }
    }
    tracing::debug!(key = key.name(), "answered from the cache");
    Ok(Some((answer, mark)))
}

/// Mark and answer come from one snapshot; the mark is read where it is `wanted`.
fn compute<Q: Query>(
    store: &mut dyn Store,
    cache: &dyn Cache,
    query: &Q,
    wanted: bool,
) -> Result<(Q::Answer, Option<Mark>)> {
    let question = query.question();
    let snapshot = store.read()?;
    let mark = if wanted && query.keeps() { snapshot.mark(question.tables)? } else { None };
    let answer = query.compute(snapshot.as_ref())?;
    drop(snapshot);
    let Some((mark, kept)) = mark.and_then(|mark| Some((mark, query.kept(&answer)?))) else {
        return Ok((answer, None));
    };
    if cache.serves(question.class) {
        cache.put(&Key::of(&mark, &question), &kept);
    }
    Ok((answer, Some(mark)))
}

/// An answer as it is kept, with its key, both of one snapshot; `None` where the cache is bypassed.
pub(super) fn prepared<Q: Query>(store: &mut dyn Store, query: &Q) -> Result<Option<(Key, Vec<u8>)>> {
    let question = query.question();
    let snapshot = store.read()?;
    let Some(mark) = snapshot.mark(question.tables)?.filter(|_| query.keeps()) else { return Ok(None) };
    let kept = query.kept(&query.compute(snapshot.as_ref())?);
    Ok(kept.map(|kept| (Key::of(&mark, &question), kept)))
}

/// The bodies under these hashes, where the tables are still in the state in which the answer was given.
fn bodies(snapshot: &dyn Snapshot, mark: &Mark, question: &Question, hashes: &[String]) -> Result<Option<Vec<String>>> {
    if snapshot.mark(question.tables)?.as_ref() != Some(mark) {
        return Ok(None);
    }
    let mut bodies = Vec::with_capacity(hashes.len());
    for hash in hashes {
        match body(snapshot, hash)? {
            Ok(body) => bodies.push(body),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(bodies))
}
