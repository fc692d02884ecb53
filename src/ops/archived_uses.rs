//! Uses in months of the usage log on other servers, among those in the log.
//!
//! The database knows which parts of which months may have them, and how new these are. A server is asked only for a part with
//! rows that are shown.

use std::collections::{BTreeSet, HashMap};

use super::error::{Error, Result};
use crate::model::{SkillId, UsageRow};
use crate::store::{ArchivedPart, ArchivedUse, ArchivedUses, Snapshot, Store, StoreError, UsageFilter};

/// Attempts while months come back.
const TRIES: usize = 3;

/// Opens the server of an archive, by its URL.
pub type ArchivesOf<'a, E> = &'a mut dyn FnMut(&str) -> std::result::Result<Box<dyn ArchivedUses>, E>;

/// Rows of the log, and where more of them may be: from one snapshot.
pub(super) struct Found {
    /// Newest first.
    pub(super) rows: Vec<UsageRow>,
    /// Parts that may have others.
    pub(super) elsewhere: Vec<ArchivedPart>,
}

impl Found {
    pub(super) fn of(snapshot: &dyn Snapshot, filter: &UsageFilter<'_>, most: usize) -> Result<Self> {
        Ok(Self { rows: snapshot.usage_rows(filter, most)?, elsewhere: snapshot.archived_parts(filter)? })
    }
}

/// The newest rows of the log and of months on servers. `found` is called again if a month came back meanwhile.
pub(super) fn newest<E: From<Error>>(
    store: &mut dyn Store,
    filter: &UsageFilter<'_>,
    most: usize,
    mut found: impl FnMut(&mut dyn Store) -> Result<Found>,
    open: ArchivesOf<'_, E>,
) -> std::result::Result<Vec<UsageRow>, E> {
    let mut servers = HashMap::new();
    let mut gone = None;
    for _ in 0..TRIES {
        let Found { rows, elsewhere } = found(store)?;
        match merged(rows, elsewhere, filter, most, &mut servers, open)? {
            Ok(uses) => return Ok(named(store, uses)?),
            Err(part) => gone = Some(part),
        }
    }
    let error = gone.map_or(StoreError::Defect("archived uses were not read"), |it| it.gone());
    Err(Error::Store(error).into())
}

/// Whether the rows that are found are newer than any of a part.
fn is_enough(uses: &[ArchivedUse], part: &ArchivedPart, most: usize) -> bool {
    let oldest = most.checked_sub(1).map_or(Some(i64::MAX), |it| uses.get(it).map(|it| it.row.id));
    oldest.is_some_and(|oldest| most == 0 || part.newest.is_some_and(|newest| newest < oldest))
}

/// The newest rows, or a part whose archive is gone.
fn merged<E: From<Error>>(
    rows: Vec<UsageRow>,
    mut elsewhere: Vec<ArchivedPart>,
    filter: &UsageFilter<'_>,
    most: usize,
    servers: &mut HashMap<String, Box<dyn ArchivedUses>>,
    open: ArchivesOf<'_, E>,
) -> std::result::Result<std::result::Result<Vec<ArchivedUse>, ArchivedPart>, E> {
    let mut uses: Vec<ArchivedUse> = rows.into_iter().map(|row| ArchivedUse { skill: None, row }).collect();
    elsewhere.sort_by_key(|it| std::cmp::Reverse((it.newest.unwrap_or(i64::MAX), it.before.clone(), it.part)));
    for part in elsewhere {
        if is_enough(&uses, &part, most) {
            break;
        }
        if !servers.contains_key(&part.place) {
            servers.insert(part.place.clone(), open(&part.place)?);
        }
        let Some(server) = servers.get_mut(&part.place) else { break };
        let Some(found) = server.uses(&part, filter, most).map_err(Error::Store)? else { return Ok(Err(part)) };
        uses.extend(found);
        uses.sort_by_key(|it| std::cmp::Reverse(it.row.id));
        uses.truncate(most);
    }
    Ok(Ok(uses))
}

/// The rows, with the present names of their skills.
fn named(store: &mut dyn Store, uses: Vec<ArchivedUse>) -> Result<Vec<UsageRow>> {
    let skills: BTreeSet<i64> = uses.iter().filter_map(|it| it.skill.map(|it| it.0)).collect();
    let skills: Vec<SkillId> = skills.into_iter().map(SkillId).collect();
    let names = if skills.is_empty() { Vec::new() } else { store.read()?.skill_names(&skills)? };
    let names: HashMap<i64, String> = names.into_iter().map(|(id, name)| (id.0, name)).collect();
    let row = |it: ArchivedUse| match it.skill {
        Some(skill) => UsageRow { skill: names.get(&skill.0).cloned(), ..it.row },
        None => it.row,
    };
    Ok(uses.into_iter().map(row).collect())
}
