//! `cache explain`: what the cache does about one question, and why.

use serde::Serialize;

use super::super::cached::{Query, prepared};
use super::super::error::Result;
use super::cost::{self, Factories};
use crate::cache::{Class, Key, Noted};
use crate::settings::CachePolicy;

/// How often each side is measured; the median counts.
const RUNS: usize = 9;

/// What the cache does about a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Its kind.
    pub class: &'static str,
    /// Where its answer is, or would be; `None`: the cache is bypassed.
    pub key: Option<String>,
    /// The revision of the tables that the key stands for: it changes with every write.
    pub revision: Option<String>,
    /// Whether the answer is there.
    pub hit: bool,
    /// How long it still is, in seconds.
    pub expires_in_s: Option<u64>,
    /// What it takes there, in bytes; where it is not there: what it would take.
    pub bytes: Option<usize>,
    /// What an answer from the cache takes, in microseconds; measured where the answer is there, else as `cache status` found it.
    pub hit_us: Option<f64>,
    /// What an answer from the database takes, in microseconds.
    pub database_us: f64,
    /// What an answer from the cache saves, in microseconds; negative: it costs.
    pub saves_us: Option<f64>,
    /// Whether this command would ask the cache.
    pub used: bool,
    /// Why, or why not.
    pub why: String,
}

/// Explains a question as it is now. Nothing is stored, and nothing is counted.
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

/// Why a question is not answered from the cache, whatever the policy.
fn bypass(has_revision: bool, keeps: bool, is_kept: bool) -> Option<&'static str> {
    match (has_revision, keeps, is_kept) {
        (false, ..) => Some("not every trigger that changes the write tokens is there"),
        (_, false, _) => Some("the answer depends on the time of day"),
        (.., false) => Some("the answer depends on more than the tables that it is made of"),
        (true, true, true) => None,
    }
}

/// What an answer from the server takes, where it `is_there`, and from the database, in microseconds.
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

/// Whether a class is asked for in the cache, and why.
pub(super) fn verdict(class: Class, policy: CachePolicy, noted: &Noted, now: i64) -> (bool, String) {
    let used = noted.wants(class, policy);
    if used && !noted.left_alone(now).is_zero() {
        return (false, "Redis failed a moment ago and is left alone for 30 s".to_owned());
    }
    let why = match (policy, noted.cost(class)) {
        (CachePolicy::Always, _) => "always: wherever it can be used".to_owned(),
        (CachePolicy::Never, _) => "never: nowhere".to_owned(),
        (CachePolicy::Auto, None) if used => "auto: not measured, and reports may cost much".to_owned(),
        (CachePolicy::Auto, None) => "auto: not measured, and a local read is most likely faster".to_owned(),
        (CachePolicy::Auto, Some(cost)) => {
            let verdict = if used { "it pays" } else { "it does not pay" };
            format!("auto: {verdict}, {:.0} µs against {:.0} µs", cost.hit_us, cost.database_us)
        }
    };
    (used, why)
}
