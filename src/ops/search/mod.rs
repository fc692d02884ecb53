//! `skill search`: finds skills by words.
//!
//! | file | what it owns |
//! |---|---|
//! | `words` | splits text into words |
//! | `document` | the terms of a skill, and their weights |
//! | `encoding` | the bytes of the index |
//! | `update` | brings the index up to date |
//! | `request` | what is searched for |
//! | `query`, `rank` | looks words up, and orders the matches |
//! | `line` | the line that shows a match |
//! | `near` | suggestions if nothing matches |
//!
//! The index only finds skills. Whatever is shown is read from the database, so an index that is behind never shows
//! bytes that agents may not get.

mod document;
mod encoding;
mod failed;
mod line;
mod near;
mod query;
mod rank;
mod request;
mod update;
mod words;

use std::collections::BTreeSet;

use serde::Serialize;

use self::line::Line;
use self::query::Query;
use self::rank::{Match, Ranked, Restriction, rank};
use super::body::body;
use super::error::{Result, nearest};
use crate::model::{AgentType, SkillId};
use crate::skill_file::{Limits, SkillFile, first_sentence};
use crate::store::{Searchable, Snapshot, Store};

pub use line::marks;
pub use request::Search;
pub(super) use words::each_word;

/// The skills that match, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchReport {
    /// The query.
    pub query: String,
    /// The best matches.
    pub skills: Vec<FoundSkill>,
    /// Number of matches in all.
    pub found: usize,
    /// Number of skills that the index does not have as they are.
    pub not_indexed: usize,
    /// Why they are not indexed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_indexed_because: Option<String>,
    /// Names and words like those of the query, or agent types or tags like the requested one, if nothing matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<String>,
}

/// A skill that matches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundSkill {
    /// Its name.
    pub name: String,
    /// The version that agents get, or the current one.
    pub version: String,
    /// Comparable within one search only.
    pub score: f64,
    /// Whether agents may get it.
    pub served: bool,
    /// Its description, or the first sentence of its body.
    pub description: Option<String>,
    /// The words that it has, as they are indexed.
    pub matches: Vec<String>,
    /// The number of the line, in its file.
    pub line: Option<usize>,
    /// The line with the most of these words.
    pub text: Option<String>,
}

/// Whether a text has a word to search for.
#[must_use]
pub fn has_words(text: &str) -> bool {
    Query::of(text).is_some()
}

/// Searches, after bringing the index up to date if it may be written. `progress` gets the number of skills indexed and
/// in total.
pub fn search(
    store: &mut dyn Store,
    request: &Search<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<SearchReport> {
    let query = Query::of(request.query).unwrap_or_default();
    let mut index = store.search_index();
    let freshness = update::bring_up_to_date(store, index.as_mut(), progress)?;
    let snapshot = store.read()?;
    let report = SearchReport {
        query: request.query.to_owned(),
        skills: Vec::new(),
        found: 0,
        not_indexed: freshness.not_indexed,
        not_indexed_because: freshness.why,
        did_you_mean: Vec::new(),
    };
    let ids = request.agent_type.map(|it| ids_of(snapshot.as_ref(), it)).transpose()?;
    if let Some(agent_type) = request.agent_type.filter(|_| ids.as_ref().is_some_and(BTreeSet::is_empty)) {
        let near = nearest(agent_type.as_str(), snapshot.agent_types_near(agent_type)?);
        let near = near.into_iter().filter(|it| it != agent_type.as_str()).collect();
        return Ok(SearchReport { did_you_mean: near, ..report });
    }
    let only = Restriction { all: request.all, ids, tag: request.tag };
    // A few more than asked for: the index may be behind.
    let ranked = rank(index.read()?.as_ref(), &query, &only, request.limit.saturating_mul(2))?;
    let skills = shown(snapshot.as_ref(), request, &ranked)?;
    let did_you_mean = if skills.is_empty() {
        near::suggestions(snapshot.as_ref(), index.as_mut(), request, &query)?
    } else {
        Vec::new()
    };
    Ok(SearchReport { skills, found: ranked.found, did_you_mean, ..report })
}

/// Brings the index up to date, if there is one; returns why it is not, if so.
pub fn update_index(store: &mut dyn Store, progress: &mut dyn FnMut(usize, usize)) -> Result<Option<String>> {
    let mut index = store.search_index();
    if index.read()?.state()?.is_none() {
        return Ok(None);
    }
    Ok(update::bring_up_to_date(store, index.as_mut(), progress)?.why)
}

/// Whether the index is up to date; `None` without one.
pub fn index_is_current(store: &mut dyn Store) -> Result<Option<bool>> {
    let mut index = store.search_index();
    let read = index.read()?;
    if read.state()?.is_none() {
        return Ok(None);
    }
    Ok(Some(update::is_current(store.read()?.as_ref(), read.as_ref())?))
}

/// The skills of an agent type.
fn ids_of(snapshot: &dyn Snapshot, agent_type: &AgentType) -> Result<BTreeSet<i64>> {
    Ok(snapshot.candidates(agent_type)?.into_iter().map(|it| it.id.0).collect())
}

/// Reads the matches, as they are now.
fn shown(snapshot: &dyn Snapshot, request: &Search<'_>, ranked: &Ranked) -> Result<Vec<FoundSkill>> {
    let mut shown = Vec::new();
    for it in &ranked.best {
        if shown.len() == request.limit {
            break;
        }
        let Some(skill) = snapshot.searchable_skill(SkillId(it.id))? else { continue };
        if skill.served || request.all {
            shown.extend(found(snapshot, skill, it, &ranked.terms)?);
        }
    }
    Ok(shown)
}

/// A match with its line; `None` for a served skill whose bytes cannot be served.
fn found(
    snapshot: &dyn Snapshot,
    skill: Searchable,
    rank: &Match,
    terms: &[Vec<String>],
) -> Result<Option<FoundSkill>> {
    let Ok(text) =
        body(snapshot, &skill.content_hash)?.or_else(|why| if skill.served { Err(why) } else { Ok(String::new()) })
    else {
        return Ok(None);
    };
    let tags = skill.tags.as_ref().map(|it| it.words().join("\n")).unwrap_or_default();
    let matches = line::matching(&format!("{}\n{tags}\n{text}", skill.name), terms);
    let matches = matches.into_iter().flat_map(|it| terms[it].iter().cloned()).collect();
    let (description, line) = summary(&text, terms);
    Ok(Some(FoundSkill {
        description,
        name: skill.name,
        version: skill.version,
        score: (rank.score * 1000.0).round() / 1000.0,
        served: skill.served,
        matches,
        line: line.as_ref().map(|it| it.number),
        text: line.map(|it| it.text),
    }))
}

/// The description of a file, and its line with the most words: of the description or the body.
fn summary(text: &str, terms: &[Vec<String>]) -> (Option<String>, Option<Line>) {
    let limits = Limits { file_bytes: usize::MAX, ..Limits::default() };
    let Ok(file) = SkillFile::read(text.as_bytes(), &limits) else { return (None, None) };
    let described = file.front_matter.as_ref().and_then(|it| it.description.clone()).filter(|it| !it.is_empty());
    let at = file.front_matter.as_ref().and_then(|it| it.line_of("description")).unwrap_or(1);
    let lines = described.as_deref().map(|it| (at, it)).into_iter().chain((file.body_line..).zip(file.body.lines()));
    let line = line::best(lines, terms);
    (described.or_else(|| first_sentence(file.body)), line)
}
