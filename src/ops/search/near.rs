//! Suggestions for a search without a match.

use std::collections::BTreeSet;

use super::document::TAG_MARK;
use super::failed::Failed;
use super::query::Query;
use super::request::Search;
use crate::ops::error::{Result, nearest};
use crate::store::{NameKind, Postings, SearchIndex, Snapshot};

/// Maximum number of terms to compare with a word.
const MOST_TERMS: usize = 50_000;

/// Tags like the requested one, if that is unknown; else names like the query, and words like its words.
pub(super) fn suggestions(
    snapshot: &dyn Snapshot,
    index: &mut dyn SearchIndex,
    request: &Search<'_>,
    query: &Query,
) -> Result<Vec<String>> {
    let read = index.read()?;
    if let Some(tag) = request.tag {
        let tags: Vec<String> =
            terms(read.as_ref(), TAG_MARK)?.into_iter().map(|it| it[TAG_MARK.len()..].to_owned()).collect();
        let wanted = crate::model::folded(tag.trim());
        if !tags.contains(&wanted) {
            return Ok(nearest(&wanted, tags));
        }
    }
    let mut near = nearest(&query.name_key, snapshot.names(NameKind::Skill)?);
    for word in query.words.iter().filter_map(|it| it.first()).filter(|it| it.chars().count() > 2).take(3) {
        let first: String = word.chars().take(1).collect();
        let alike = nearest(word, terms(read.as_ref(), &first)?).into_iter().find(|it| it != word);
        near.extend(alike.filter(|it| !near.contains(it)));
    }
    near.truncate(5);
    Ok(near)
}

/// Terms of any block that begin with a prefix.
fn terms(index: &dyn Postings, prefix: &str) -> std::result::Result<Vec<String>, Failed> {
    let (mut found, mut left) = (BTreeSet::new(), MOST_TERMS);
    for (block, _) in index.lengths().map_err(Failed::Index)? {
        let each = &mut |term: &str, _: &[u8]| {
            found.insert(term.to_owned());
            left = left.saturating_sub(1);
            left > 0
        };
        index.terms(block, prefix, each).map_err(Failed::Index)?;
    }
    Ok(found.into_iter().collect())
}
