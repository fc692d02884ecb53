//! Queries that can be answered from a cache, always fresh and from one snapshot.
//!
//! The revision of the tables is read first, in a separate snapshot that ends before the cache is asked. On a miss,
//! revision and answer come from one snapshot, and the answer is cached under that revision. Content is never cached:
//! it comes from the database and is hashed, in a snapshot with the same revision; otherwise the cached answer is not
//! used.

use super::body::body;
use super::error::Result;
use crate::cache::{Cache, Key, Question};
use crate::model::Revision;
use crate::store::{Snapshot, Store};

/// A query whose answer can be cached.
pub trait Query {
    /// The type of its answer.
    type Answer;

    /// Everything that the answer depends on, except the revision of the tables.
    fn question(&self) -> Question;

    /// Whether answers can be cached; not if they depend on the time of day.
    fn keeps(&self) -> bool {
        true
    }

    /// Computes the answer from the database.
    fn compute(&self, snapshot: &dyn Snapshot) -> Result<Self::Answer>;

    /// The cached form of an answer: everything but content. `None` if the answer depends on more than its
    /// [`question`](Self::question).
    fn kept(&self, answer: &Self::Answer) -> Option<Vec<u8>>;

    /// Decodes a cached answer; also returns the hashes of the missing content. `None` if it is invalid.
    fn recalled(&self, kept: &[u8]) -> Option<(Self::Answer, Vec<String>)>;

    /// Adds the content, in the order of the hashes.
    fn fill(&self, answer: &mut Self::Answer, bodies: Vec<String>) {
        let _ = (answer, bodies);
    }

    /// Whether what else the answer names is stored as it was. If not, the answer is computed anew.
    fn is_intact(&self, answer: &Self::Answer, snapshot: &dyn Snapshot) -> Result<bool> {
        let _ = (answer, snapshot);
        Ok(true)
    }

    /// Adds the parts that are never cached, from the snapshot of the bodies.
    fn complete(&self, answer: &mut Self::Answer, snapshot: &dyn Snapshot) -> Result<()> {
        let _ = (answer, snapshot);
        Ok(())
    }
}

/// Answers from the cache or the database.
pub fn cached<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Q::Answer> {
    match recall(store, cache, query)? {
        Some(answer) => Ok(answer),
        None => answer(store, cache, query),
    }
}

/// Answers from the cache, if it has an answer for the current revision.
pub fn recall<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Option<Q::Answer>> {
    if !is_asked(cache, query) {
        return Ok(None);
    }
    let Some(revision) = store.read()?.revision(query.question().tables)? else {
        tracing::debug!("the cache is bypassed: triggers of the write tokens are missing");
        return Ok(None);
    };
    recall_at(&revision, store, cache, query)
}

/// Answers from the database, and caches the answer.
pub fn answer<Q: Query>(store: &mut dyn Store, cache: &dyn Cache, query: &Q) -> Result<Q::Answer> {
    let snapshot = store.read()?;
    let revision = if is_asked(cache, query) { snapshot.revision(query.question().tables)? } else { None };
    Ok(compute(snapshot, revision, cache, query)?.0)
}

/// Whether the cache may have the answer.
pub(super) fn is_asked<Q: Query>(cache: &dyn Cache, query: &Q) -> bool {
    query.keeps() && cache.serves(query.question().class)
}

/// Answers from the cache, if it has the answer for this revision and the database still has that revision when the
/// content is read. No snapshot is open while the cache is asked.
pub(super) fn recall_at<Q: Query>(
    revision: &Revision,
    store: &mut dyn Store,
    cache: &dyn Cache,
    query: &Q,
) -> Result<Option<Q::Answer>> {
    let question = query.question();
    let key = Key::of(revision, &question);
    let Some(kept) = cache.get(&key) else { return Ok(None) };
    let Some((mut answer, hashes)) = query.recalled(&kept) else {
        cache.forget(&key);
        return Ok(None);
    };
    if !hashes.is_empty() {
        let snapshot = store.read()?;
        match bodies(snapshot.as_ref(), revision, &question, &hashes)? {
            Some(bodies) => query.fill(&mut answer, bodies),
            None => return Ok(None),
        }
        if !query.is_intact(&answer, snapshot.as_ref())? {
            return Ok(None);
        }
        query.complete(&mut answer, snapshot.as_ref())?;
    }
    tracing::debug!(key = key.name(), "answered from the cache");
    Ok(Some(answer))
}

/// Answers from a snapshot that has this revision, if known, and caches the answer under it. Returns the revision if
/// the answer depends on nothing else.
pub(super) fn compute<Q: Query>(
    snapshot: Box<dyn Snapshot + '_>,
    revision: Option<Revision>,
    cache: &dyn Cache,
    query: &Q,
) -> Result<(Q::Answer, Option<Revision>)> {
    let mut answer = query.compute(snapshot.as_ref())?;
    let kept = revision.filter(|_| query.keeps()).and_then(|it| Some((it, query.kept(&answer)?)));
    query.complete(&mut answer, snapshot.as_ref())?;
    drop(snapshot);
    let Some((revision, kept)) = kept else { return Ok((answer, None)) };
    if is_asked(cache, query) {
        cache.put(&Key::of(&revision, &query.question()), &kept);
    }
    Ok((answer, Some(revision)))
}

/// The cached form of an answer and its key, from one snapshot; `None` if the cache is bypassed.
pub(super) fn prepared<Q: Query>(store: &mut dyn Store, query: &Q) -> Result<Option<(Key, Vec<u8>)>> {
    let question = query.question();
    let snapshot = store.read()?;
    let Some(revision) = snapshot.revision(question.tables)?.filter(|_| query.keeps()) else { return Ok(None) };
    let kept = query.kept(&query.compute(snapshot.as_ref())?);
    Ok(kept.map(|kept| (Key::of(&revision, &question), kept)))
}

/// The content of these hashes, if the revision is still that of the answer.
fn bodies(
    snapshot: &dyn Snapshot,
    revision: &Revision,
    question: &Question,
    hashes: &[String],
) -> Result<Option<Vec<String>>> {
    if snapshot.revision(question.tables)?.as_ref() != Some(revision) {
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
