//! `cfn skill deprecate`, `cfn skill archive` and `cfn skill restore`.

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::named::Named;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, SkillName, Status, Visible};
use crate::ops::{self, SetStatus, StatusReport};

/// Stop serving skills, and name a replacement
///
/// Agents that are mapped to a deprecated skill get its replacement, if that is active and approved.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill deprecate mysql-tuning --replacement postgresql
  cfn skill deprecate old-style --note 'nobody writes it like that any more'
  cfn skill deprecate old-style older-style --dry-run")]
pub(super) struct DeprecateArgs {
    #[command(flatten)]
    target: Target,
    /// Skill that agents get instead
    #[arg(long, value_name = "SKILL_NAME")]
    replacement: Option<SkillName>,
    /// Note for users of the skill
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Keep skills only for the record
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill archive mysql-tuning
  cfn skill archive mysql-tuning old-style --dry-run")]
pub(super) struct ArchiveArgs {
    #[command(flatten)]
    target: Target,
}

/// Make deprecated or archived skills active again
///
/// Agents get their approved versions again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill restore postgresql
  cfn skill restore postgresql redis --dry-run")]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Target {
    #[command(flatten)]
    named: Named,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn deprecate(context: &Context, args: &DeprecateArgs) -> Result<Exit, Failure> {
    // The old tool always left a note.
    let note = args.note.as_deref().or(args.target.named.by_option().then_some("Deprecated"));
    set(context, &args.target, Status::Deprecated, args.replacement.as_ref(), note)
}

pub(super) fn archive(context: &Context, args: &ArchiveArgs) -> Result<Exit, Failure> {
    set(context, &args.target, Status::Archived, None, None)
}

pub(super) fn restore(context: &Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    set(context, &args.target, Status::Active, None, None)
}

fn set(
    context: &Context,
    target: &Target,
    status: Status,
    replacement: Option<&SkillName>,
    note: Option<&str>,
) -> Result<Exit, Failure> {
    let actor = decider(context, None)?;
    let (names, actor) = (target.named.names(), Some(actor.as_str()));
    let request = SetStatus { names, status, replacement, note, actor, dry_run: target.dry_run };
    let report = ops::set_status(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.about_file(&report.warnings);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for StatusReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for skill in &self.skills {
            let (name, before) = (Visible(&skill.name), Visible(&skill.previous_status));
            page.line(if skill.previous_status == skill.status.as_str() {
                format!("{dry}{name} is already {before}")
            } else {
                format!("{dry}{name}: {before} → {}", skill.status)
            });
        }
        if let Some(replacement) = &self.replacement {
            page.line(format!("{dry}agents get {} instead", Visible(replacement)));
        }
    }
}
