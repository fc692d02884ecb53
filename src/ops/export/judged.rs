//! What becomes of a skill that an earlier export wrote, and that this selection does not want.

use super::lock::LockedSkill;
use super::wanted::{Wanted, approved, folder_of, served};
use crate::model::{Skill, SkillName, Status};
use crate::ops::error::Result;
use crate::store::Snapshot;

/// The verdict on an exported skill.
#[derive(Debug)]
pub(super) enum Judged {
    /// It stays, in this version.
    Stays(Box<Wanted>),
    /// It is not served any more.
    Leaves(String),
    /// It stays as it is: the stored folder is damaged.
    Broken(String),
    /// The database never had a skill with this name.
    Unknown,
}

/// The state of an exported skill. A version stays while it is approved, though another one is served by now: its own
/// selection updates it.
pub(super) fn judged(snapshot: &dyn Snapshot, locked: &LockedSkill) -> Result<Judged> {
    let Ok(name) = locked.skill.parse::<SkillName>() else { return Ok(Judged::Unknown) };
    let Some(skill) = snapshot.skill(&name)? else {
        let existed = !snapshot.events_of_gone(&name)?.is_empty();
        return Ok(if existed { Judged::Leaves("it was deleted".to_owned()) } else { Judged::Unknown });
    };
    if skill.name != locked.skill {
        return Ok(Judged::Leaves(format!("it is called {} now", skill.name)));
    }
    let found = snapshot.searchable_skill(skill.id)?;
    let Some(found) = found.filter(|it| it.served) else { return Ok(Judged::Leaves(unserved(&skill))) };
    let stays = |version: String, partial, folder: crate::model::SkillFolder| {
        let (hash, owners) = (folder.hash(), locked.owners.clone());
        Judged::Stays(Box::new(Wanted { id: skill.id, version, folder, hash, partial, owners }))
    };
    let mut broken = None;
    for record in snapshot.versions(skill.id)?.into_iter().filter(|it| it.approved && it.version == locked.version) {
        let version = approved(record);
        match folder_of(snapshot, skill.id, &version)? {
            Ok(folder) if folder.hash() == locked.folder_hash => {
                return Ok(stays(version.version, version.partial, folder));
            }
            Ok(_) => {}
            Err(why) => broken = Some(why),
        }
    }
    let Some(version) = served(snapshot, &found)? else { return Ok(Judged::Leaves(unserved(&skill))) };
    Ok(match folder_of(snapshot, skill.id, &version)? {
        Ok(folder) => stays(version.version, version.partial, folder),
        Err(why) => Judged::Broken(broken.unwrap_or(why)),
    })
}

fn unserved(skill: &Skill) -> String {
    if skill.status == Status::Active.as_str() {
        "no version of it is approved".to_owned()
    } else {
        format!("it is {}", skill.status)
    }
}
