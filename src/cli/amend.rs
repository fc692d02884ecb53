//! `cfn update --skill`: the old tool's `update`, which changed a skill's row.

use super::argument::words;
use super::choice;
use super::context::{Access, Context};
use super::failure::Failure;
use super::output::{Page, Report};
use crate::model::{ApprovalLevel, Exit, SkillName, Version, Visible};
use crate::ops::{self, Amend, AmendReport};

#[derive(Debug, clap::Args)]
#[group(requires = "skill", conflicts_with_all = ["skill_name", "StepArgs"])]
pub(super) struct AmendArgs {
    /// With --skill, as in the old tool: the new version, of the same bytes or those of --recalculate-hash
    #[arg(long, hide_short_help = true, value_name = "X.Y.Z")]
    version: Option<Version>,
    /// With --skill, as in the old tool: all tags
    #[arg(long, hide_short_help = true, value_delimiter = ',', value_name = "TAG[,TAG]")]
    tags: Option<Vec<String>>,
    /// With --skill, as in the old tool: the approval level, which may only rise
    #[arg(long, hide_short_help = true, value_name = "LEVEL", value_parser = choice::level())]
    approval_level: Option<ApprovalLevel>,
    /// With --skill, as in the old tool: read the skill's file again; other bytes are a new version
    #[arg(long, hide_short_help = true)]
    recalculate_hash: bool,
}

pub(super) fn run(context: &Context, name: &SkillName, args: &AmendArgs, dry_run: bool) -> Result<Exit, Failure> {
    let tags = args.tags.as_ref().map(|it| words(it));
    let request = Amend {
        name,
        version: args.version,
        tags: tags.as_deref(),
        level: args.approval_level,
        reread: args.recalculate_hash,
        dry_run,
    };
    let (files, project) = (context.files()?, context.project()?);
    let report = ops::amend(context.open(Access::Write)?.as_mut(), &files, &project, context.clock, &request)?;
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for AmendReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        let changed = if self.changed.is_empty() { "unchanged".to_owned() } else { self.changed.join(", ") };
        page.line(format!("{dry}{} {}: {changed}", Visible(&self.name), Visible(&self.version)));
    }
}
