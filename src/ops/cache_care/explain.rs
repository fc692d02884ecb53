//! `cache explain`: how the cache treats one query, and why.

use serde::Serialize;

use super::super::cached::{Query, prepared};
use super::super::error::Result;
use super::cost::{self, Factories};
use crate::cache::{Class, Key, Noted};
use crate::settings::CachePolicy;

/// Number of measurements of each side; the median is reported.
const RUNS: usize = 9;

/// How the cache treats a query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Its class.
    pub class: &'static str,
    /// The key of its answer; `None` if the cache is bypassed.
    pub key: Option<String>,
    /// The revision of the tables that the key stands for: it changes with every write.
    pub revision: Option<String>,
    /// Whether the answer is cached.
    pub hit: bool,
    /// Its remaining time to live, in seconds.
    pub expires_in_s: Option<u64>,
    /// Its size in the cache, in bytes, actual or potential.
    pub bytes: Option<usize>,
    /// The time of an answer from the cache, in microseconds: measured if it is cached, otherwise as recorded by `cache
    /// status`.
    pub hit_us: Option<f64>,
    /// The time of an answer from the database, in microseconds.
    pub database_us: f64,
    /// The time that a cached answer saves, in microseconds; may be negative.
    pub saves_us: Option<f64>,
    /// Whether this command would use the cache.
    pub used: bool,
    /// The reason.
    pub why: String,
}

/// Explains a query in the current state. Nothing is cached or counted.
pub fn explain<Q: Query>(
    factories: &Factories<'_>,
    policy: CachePolicy,
    noted: &Noted,
    now: i64,
    query: &Q,
) -> Result<Explanation> {
    let mut server = (factories.connect)()?;
    let question = query.question();
    let mut store = (factories.open)()?;
    let revision = store.read()?.revision(question.tables)?;
    let prepared = prepared(store.as_mut(), query)?;
    drop(store);
    let bypass = bypass(revision.is_some(), query.keeps(), prepared.is_some());
    let key = revision.as_ref().filter(|_| bypass.is_none()).map(|it| Key::of(it, &question));
    let found = key.as_ref().map(|it| server.find(it)).transpose()?.flatten();
    let (hit_us, database_us) = measured(factories, query, found.is_some())?;
    let hit_us = hit_us.or_else(|| noted.cost(question.class).map(|it| it.hit_us));
    let (used, why) = match bypass {
        Some(bypass) => (false, format!("bypassed: {bypass}")),
        None => verdict(question.class, policy, noted, now),
    };
    Ok(Explanation {
        class: question.class.as_str(),
        key: key.as_ref().map(Key::name),
        revision: revision.as_ref().map(ToString::to_string),
        hit: found.is_some(),
        expires_in_s: found.as_ref().and_then(|it| it.expires_in_s),
        bytes: found.map(|it| it.value_bytes).or_else(|| Some(crate::cache::sealed_bytes(prepared.as_ref()?.1.len()))),
        hit_us,
        database_us,
        saves_us: hit_us.filter(|_| bypass.is_none()).map(|it| database_us - it),
        used,
        why,
    })
}

/// Why a query cannot be cached under any policy, if so.
fn bypass(has_revision: bool, keeps: bool, is_kept: bool) -> Option<&'static str> {
    match (has_revision, keeps, is_kept) {
        (false, ..) => Some("triggers that change the write tokens are missing"),
        (_, false, _) => Some("the answer depends on the time of day"),
        (.., false) => Some("the answer does not depend on the database alone"),
        (true, true, true) => None,
    }
}

/// The times of an answer from the server, if it `is_there`, and from the database, in microseconds.
fn measured<Q: Query>(factories: &Factories<'_>, query: &Q, is_there: bool) -> Result<(Option<f64>, f64)> {
    let (mut hits, mut computed) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        if is_there {
            hits.extend(cost::hit(factories, query)?);
        }
        computed.push(cost::database(factories, query)?);
    }
    Ok(((!hits.is_empty()).then(|| cost::median(&mut hits)), cost::median(&mut computed)))
}

/// Whether a class uses the cache, and why.
pub(in crate::ops) fn verdict(class: Class, policy: CachePolicy, noted: &Noted, now: i64) -> (bool, String) {
    let used = noted.wants(class, policy);
    if used && !noted.left_alone(now).is_zero() {
        return (false, "cooldown: Redis failed less than 30 s ago".to_owned());
    }
    let why = match (policy, noted.cost(class)) {
        (CachePolicy::Always, _) => "always: for every query that can be cached".to_owned(),
        (CachePolicy::Never, _) => "never: nowhere".to_owned(),
        (CachePolicy::Auto, None) if used => "auto: not measured; reports may be expensive".to_owned(),
        (CachePolicy::Auto, None) => "auto: not measured; a local read is probably faster".to_owned(),
        (CachePolicy::Auto, Some(cost)) => {
            let verdict = if used { "it pays" } else { "it does not pay" };
            format!("auto: {verdict}, {:.0} µs against {:.0} µs", cost.hit_us, cost.database_us)
        }
    };
    (used, why)
}
