//! Gathers what a pull brings.

use std::collections::BTreeSet;

use super::two_sides::of_primary;
use crate::ops::Result;
use crate::store::copying::Owned;
use crate::store::following::{Batch, FollowSource, FollowTarget, Known, News, TableRows, WhyAll, naming_column};

/// Everything but the bytes.
pub(super) struct Gathered {
    pub(super) batch: Batch,
    /// Why it is everything.
    pub(super) all: Option<WhyAll>,
    /// Whether the feed misses changes.
    pub(super) misses: bool,
    /// Hashes of bytes that its rows name.
    pub(super) named: Vec<String>,
    /// Hashes of bytes that were stored since the last pull.
    pub(super) told: Vec<String>,
}

/// Begins a snapshot of the primary, and reads what is new. These skills are `kept`, whatever the agent types need.
pub(super) fn gather(
    target: &mut dyn FollowTarget,
    source: &mut dyn FollowSource,
    known: &Known,
    kept: &[i64],
) -> Result<Gathered> {
    let since = known.following.cursor.as_ref();
    let mut news = of_primary(source.news(since.filter(|_| known.is_untouched), known.following.agents.as_deref()))?;
    if since.is_some() && !known.is_untouched {
        news.all = Some(WhyAll::LocalWrites);
    }
    if let Some(wanted) = &mut news.wanted {
        add(wanted, kept);
    }
    let Skills { pulled, concerned, rated } = skills(target, &news)?;
    let mut rows = match &pulled {
        Some(none) if none.is_empty() && news.all.is_none() && news.skills.is_empty() => Vec::new(),
        pulled => of_primary(source.rows_of_skills(pulled.as_deref()))?,
    };
    if news.all.is_some() || news.tables {
        rows.extend(of_primary(source.whole_tables())?);
    }
    let rates = of_primary(source.pass_rates(rated.as_deref()))?;
    let told = if news.all.is_some() { target.hashes()? } else { std::mem::take(&mut news.contents) };
    let (told, erased) = if told.is_empty() { (told, Vec::new()) } else { split(source, told)? };
    let named: BTreeSet<String> = rows.iter().flat_map(named_by).collect();
    Ok(Gathered {
        batch: Batch { skills: concerned, rows, erased, rates, keeps_uses: true, cursor: news.cursor, time: news.time },
        all: news.all,
        misses: news.misses,
        named: named.into_iter().collect(),
        told,
    })
}

/// Adds skills to those that are wanted, each once.
pub(super) fn add(wanted: &mut Vec<i64>, skills: &[i64]) {
    wanted.extend(skills);
    wanted.sort_unstable();
    wanted.dedup();
}

/// Which skills a pull is about.
struct Skills {
    /// Those whose rows are read; `None` for all.
    pulled: Option<Vec<i64>>,
    /// Those that become what is read, or are gone; `None` for all.
    concerned: Option<Vec<i64>>,
    /// Those whose pass rates are read; `None` for all.
    rated: Option<Vec<i64>>,
}

fn skills(target: &mut dyn FollowTarget, news: &News) -> Result<Skills> {
    let Some(wanted) = &news.wanted else {
        if news.all.is_some() {
            return Ok(Skills { pulled: None, concerned: None, rated: None });
        }
        let rated: BTreeSet<i64> = news.skills.iter().chain(&news.rated).copied().collect();
        let (pulled, rated) = (news.skills.clone(), rated.into_iter().collect());
        return Ok(Skills { concerned: Some(pulled.clone()), pulled: Some(pulled), rated: Some(rated) });
    };
    if news.all.is_some() {
        return Ok(Skills { pulled: Some(wanted.clone()), concerned: None, rated: Some(wanted.clone()) });
    }
    let wanted: BTreeSet<i64> = wanted.iter().copied().collect();
    let there: BTreeSet<i64> = target.skill_ids()?.into_iter().collect();
    let changed: BTreeSet<i64> = news.skills.iter().copied().collect();
    let pulled: BTreeSet<i64> = &(&changed & &wanted) | &(&wanted - &there);
    let rated = news.rated.iter().copied().filter(|it| wanted.contains(it)).chain(pulled.iter().copied());
    Ok(Skills {
        rated: Some(rated.collect::<BTreeSet<_>>().into_iter().collect()),
        concerned: Some((&pulled | &(&there - &wanted)).into_iter().collect()),
        pulled: Some(pulled.into_iter().collect()),
    })
}

/// Which of these bytes the primary has, and which it has not.
fn split(source: &mut dyn FollowSource, hashes: Vec<String>) -> Result<(Vec<String>, Vec<String>)> {
    let stored: BTreeSet<String> = of_primary(source.stored(&hashes))?.into_iter().collect();
    Ok(hashes.into_iter().partition(|it| stored.contains(it)))
}

/// The hashes that rows name.
fn named_by(of: &TableRows) -> impl Iterator<Item = String> {
    let column = naming_column(of.table);
    of.rows.iter().filter_map(move |row| match row.get(column?) {
        Some(Owned::Text(bytes)) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        _ => None,
    })
}
