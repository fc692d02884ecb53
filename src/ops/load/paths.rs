//! Adds the paths of files to the skills of an answer, for formats that have them.

use super::format::Format;
use super::listing::{Listed, UNWRITABLE, writable};
use super::picked::Cause;
use super::places::Placing;
use super::report::{LoadReport, LoadedSkill};
use super::request::Load;
use crate::model::Remark;
use crate::ops::error::Result;
use crate::store::Snapshot;

/// Adds the paths. Skills whose files cannot be handed out are left out.
pub(super) fn complete(snapshot: &dyn Snapshot, request: &Load, report: &mut LoadReport) -> Result<()> {
    let Some(places) = request.places.as_ref().filter(|_| need_paths(request, report)) else { return Ok(()) };
    report.depends_on_files = true;
    let placing = Placing::of(snapshot, places);
    for mut skill in std::mem::take(&mut report.skills) {
        match with_paths(snapshot, &placing, request.format, &mut skill)? {
            Ok(()) => report.skills.push(skill),
            Err(reason) => report.left_out.push(Remark::new(skill.picked.name, Cause::Fault, reason)),
        }
    }
    Ok(())
}

/// Whether an answer has paths.
pub(super) fn need_paths(request: &Load, report: &LoadReport) -> bool {
    request.places.is_some() && report.skills.iter().any(|it| needs_paths(request.format, it))
}

/// Whether a format has paths of this skill: a listing always, the others where there is more than a skill file.
pub(super) fn needs_paths(format: Format, skill: &LoadedSkill) -> bool {
    match format {
        Format::Xml => true,
        Format::Prompt | Format::Json => skill.picked.folder.is_some(),
        Format::Names => false,
    }
}

/// Adds the paths of a skill, unless it has them or needs none.
pub(super) fn with_paths(
    snapshot: &dyn Snapshot,
    placing: &Placing<'_>,
    format: Format,
    skill: &mut LoadedSkill,
) -> Result<std::result::Result<(), String>> {
    if !needs_paths(format, skill) || skill.listed.is_some() || skill.path.is_some() {
        return Ok(Ok(()));
    }
    let placed = match placing.find(&skill.picked, &skill.content)? {
        Ok(placed) => placed,
        Err(reason) => return Ok(Err(reason)),
    };
    if matches!(format, Format::Xml) {
        return Ok(match Listed::of(snapshot, &skill.picked, &skill.content, &placed)? {
            Ok(listed) => {
                skill.listed = Some(listed);
                Ok(())
            }
            Err(reason) => Err(reason.to_owned()),
        });
    }
    skill.path = writable(&placed.folder);
    Ok(if skill.path.is_some() { Ok(()) } else { Err(UNWRITABLE.to_owned()) })
}
