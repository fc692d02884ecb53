//! The skills of an agent: loaded and noted as used in one step, then laid into its workspace as they were loaded.

use std::path::Path;
use std::time::Duration;

use super::error::{AgentError, Result};
use super::files;
use crate::clock::Clock;
use crate::model::Visible;
use crate::ops::{self, Export, Format, Layout, Load, LoadReport, LoadedSkill, Selection, UsageOf};
use crate::store::Store;

/// How an agent gets its skills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkillsAs {
    /// As folders in its workspace, in these layouts. Bootstrap skills, which have no folders, are in the prompt.
    Folders(Vec<Layout>),
    /// All in one file, whose path is in `CFN_SKILLS_PROMPT`.
    Prompt,
    /// It gets none, and none is noted.
    None,
}

/// Maximum wait for another export to the same workspace.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where skills are laid.
pub(super) struct Target<'a> {
    /// The folder into which they are exported.
    pub(super) workspace: &'a Path,
    /// Whether the folder is of this run alone, and nothing was ever exported to it.
    pub(super) is_own: bool,
    /// The file for those that are not laid as folders.
    pub(super) prompt: &'a Path,
}

/// Loads the skills and lays them into the workspace. Returns what was loaded, and whether the prompt was written.
pub(super) fn give(
    store: &mut dyn Store,
    clock: Clock,
    request: &Load,
    usage: &UsageOf,
    how: &SkillsAs,
    to: &Target<'_>,
) -> Result<(LoadReport, bool)> {
    let report = ops::load_and_log(store, clock, request, usage)?;
    let mut layouts = &[][..];
    if let SkillsAs::Folders(wanted) = how {
        layouts = wanted;
    }
    let is_laid = |it: &LoadedSkill| !layouts.is_empty() && it.picked.origin.is_some();
    if report.skills.iter().any(is_laid) {
        for layout in layouts {
            lay(store, request, &report, *layout, to)?;
        }
    }
    let said =
        LoadReport { skills: report.skills.iter().filter(|it| !is_laid(it)).cloned().collect(), ..report.clone() };
    if said.skills.is_empty() {
        return Ok((report, false));
    }
    let text: String = Format::Prompt.pieces(&said).concat();
    files::write_bytes(to.prompt, text.as_bytes())?;
    Ok((report, true))
}

fn lay(store: &mut dyn Store, request: &Load, report: &LoadReport, layout: Layout, to: &Target<'_>) -> Result<()> {
    let skills = report.skills.iter().filter_map(|it| {
        let picked = &it.picked;
        Some((picked.origin.as_ref()?.id, picked.name.clone(), picked.version.clone()))
    });
    let export = Export {
        folder: to.workspace.to_owned(),
        selection: Selection::Loaded(request.agent_type.clone(), skills.collect()),
        layout,
        prune: true,
        patience: PATIENCE,
        is_synced: !to.is_own, // a power cut ends the run, and nobody exports to its folder again
    };
    let done = ops::export(store, &export)?;
    let problems = done.problems.iter().map(|it| format!("{}: {}", Visible(&it.subject), Visible(&it.reason)));
    let in_the_way = done.in_the_way.iter().map(|it| format!("{} is in the way", Visible(it)));
    match problems.chain(in_the_way).next() {
        Some(first) => Err(AgentError::NotExported(first)),
        None => Ok(()),
    }
}
