//! Verifies that every acknowledged write is there exactly once, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Verification;
use super::worker::{Logs, Promises};
use crate::bench::error::Result;
use crate::model::{ContentHash, Decision};
use crate::store::{Snapshot, Store, UsageFilter};

/// Maximum number of problems to list.
const MOST_NAMED: usize = 50;

pub(super) fn verify(store: &mut dyn Store, promises: Vec<Promises>) -> Result<Verification> {
    let mut found = Verification::default();
    let (mut versions, mut unknown, mut logs) = (BTreeMap::<_, Vec<_>>::new(), BTreeSet::new(), BTreeMap::new());
    for its in promises {
        for (name, written) in its.versions {
            versions.entry(name).or_default().extend(written);
        }
        unknown.extend(its.unknown);
        logs.extend(its.logs); // no two workers log for one task
        found.problems.extend(its.wrong);
    }
    {
        let snapshot = store.read()?;
        for (name, promised) in &versions {
            skill(snapshot.as_ref(), name, promised, &unknown, &mut found)?;
        }
        for (task, logs) in &logs {
            usage(snapshot.as_ref(), task, logs, &mut found)?;
        }
    }
    let checked = store.care().check()?;
    found.contents = checked.contents_checked;
    found.problems.extend(checked.damage.into_iter().map(|it| format!("damage: {it}")));
    found.problems.extend(checked.warnings.into_iter().map(|it| format!("check: {it}")));
    let more = found.problems.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        found.problems.truncate(MOST_NAMED);
        found.problems.push(format!("and {more} more"));
    }
    Ok(found)
}

fn skill(
    snapshot: &dyn Snapshot,
    name: &str,
    promised: &[(String, String)],
    unknown: &BTreeSet<String>,
    found: &mut Verification,
) -> Result<()> {
    found.versions += promised.len();
    let Some(skill) = snapshot.skill(&name.parse()?)? else {
        found.problems.push(format!("{name} was deployed but is missing"));
        return Ok(());
    };
    let (recorded, approvals) = (snapshot.versions(skill.id)?, snapshot.approvals(skill.id)?);
    let numbers: BTreeSet<_> = recorded.iter().map(|it| &it.version).collect();
    if numbers.len() != recorded.len() {
        found.problems.push(format!("{name} has a version number twice"));
    }
    for (version, hash) in promised {
        let there = recorded.iter().filter(|it| it.version == *version && it.content_hash == *hash).count();
        if there != 1 {
            found.problems.push(format!("{name} {version} was acknowledged but exists {there} times"));
        }
        let approved = |it: &&crate::model::Approval| {
            it.content_hash.as_deref() == Some(hash) && it.decision == Decision::Approved
        };
        let decisions = approvals.iter().filter(approved).count();
        if decisions != 1 {
            found.problems.push(format!("{name} {version} was approved once but has {decisions} approvals"));
        }
        let bytes = snapshot.content(hash)?.unwrap_or_default();
        if ContentHash::of(&bytes).to_string() != *hash {
            found.problems.push(format!("{name} {version}: its bytes do not match its hash"));
        }
    }
    let nobodys = |it: &&crate::model::VersionRecord| {
        !promised.iter().any(|(_, hash)| *hash == it.content_hash) && !unknown.contains(&it.content_hash)
    };
    for extra in recorded.iter().filter(nobodys) {
        found.problems.push(format!("{name} {} exists but was never acknowledged", extra.version));
    }
    if snapshot.mappings(skill.id)?.is_empty() {
        found.problems.push(format!("{name} lost its agent types"));
    }
    Ok(())
}

fn usage(snapshot: &dyn Snapshot, task: &str, logs: &Logs, found: &mut Verification) -> Result<()> {
    found.usage_rows += logs.acknowledged.len();
    let rows = snapshot.usage_rows(&UsageFilter::Task(task), usize::MAX)?;
    let mut there = BTreeMap::new();
    for row in &rows {
        *there.entry(row.agent_id.as_str()).or_insert(0) += 1;
    }
    for number in &logs.acknowledged {
        match there.remove(format!("stress-{number}").as_str()).unwrap_or(0) {
            1 => {}
            times => found.problems.push(format!("row {number} of {task} was acknowledged but exists {times} times")),
        }
    }
    for number in &logs.unknown {
        there.remove(format!("stress-{number}").as_str());
    }
    found.problems.extend(there.keys().map(|agent| format!("{task} has a row of {agent} that was never acknowledged")));
    Ok(())
}
