//! `cfn skill promote`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::argument::optional;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Remark, Review, Visible};
use crate::ops::{self, Promote, PromoteReport, Staged, StagedSkill};

/// Promote staged skills: record them, and move their folders to .claude/skills
///
/// A skill is ready when it is valid and none of its files changed in the last 48 hours. It waits for review, unless
/// --approve is given or its level is auto. A folder that is there already is never replaced. Exits 7 if a named skill,
/// or any that is not just too new, cannot be promoted. After a failure, run it again.
/// The options about a decision, which a list does not make.
const DECISION: [&str; 3] = ["approve", "approver", "reason"];

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill promote
  cfn skill promote postgresql --force --approve --approver ann
  cfn skill promote --list
  cfn skill promote --check-stale --json")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Args {
    /// Names of staged skills, their folders, or a folder of such [default: .claude/skills/staging]
    #[arg(value_name = "NAME|DIR")]
    staged: Vec<PathBuf>,
    /// Also promote skills that changed in the last 48 hours
    #[arg(long)]
    force: bool,
    /// Only list the staged skills
    #[arg(long, conflicts_with_all = DECISION)]
    list: bool,
    /// Only list the staged skills, and exit 7 if one has not changed for more than 72 hours
    #[arg(long, conflicts_with_all = DECISION)]
    check_stale: bool,
    /// Approve them immediately
    #[arg(long)]
    approve: bool,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, requires = "approve", value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Reason, recorded with the approval
    #[arg(long, requires = "approve", value_name = "TEXT")]
    reason: Option<String>,
    /// What the old tool needed to promote without asking
    #[arg(long, hide = true)]
    auto: bool,
    /// What the old tool needed to deploy as well
    #[arg(long, hide = true)]
    deploy: bool,
    /// Report what would be done, without doing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let staged = Staged { staged: &args.staged, current_folder: &context.settings.current_folder, force: args.force };
    let (files, project) = (context.files()?, context.project()?);
    if args.list || args.check_stale {
        let report = ops::staged(&files, &project, context.clock, &staged)?;
        context.output.answer(&report)?;
        return Ok(Exit::done_if(!(args.check_stale && report.skills.iter().any(|it| it.stale)), Exit::Refused));
    }
    let approver = args.approve.then(|| decider(context, args.approver.as_deref())).transpose()?;
    let (approver, reason) = (approver.as_deref(), optional(args.reason.as_deref()));
    let request = Promote { staged, approver, reason, dry_run: args.dry_run };
    let mut store = context.open(Access::Write)?;
    let report = ops::promote(store.as_mut(), &files, &project, context.clock, &request)?;
    drop(store);
    let promotions = report.skills.iter().filter_map(|it| it.promoted.as_ref());
    let warnings: Vec<Remark> = promotions.flat_map(|it| it.warnings.clone()).collect();
    context.output.about_file(&warnings);
    context.output.answer(&report)?;
    let refused = |it: &StagedSkill| it.promoted.is_none() && !(it.early && it.valid && args.staged.is_empty());
    Ok(Exit::done_if(!report.skills.iter().any(refused), Exit::Refused))
}

impl Report for PromoteReport {
    fn text(&self, page: &mut Page) {
        if self.skills.is_empty() {
            return page.line("nothing is staged");
        }
        let dry = if self.dry_run { "dry run: " } else { "" };
        let (promoted, others): (Vec<_>, Vec<_>) = self.skills.iter().partition(|it| it.promoted.is_some());
        for skill in &promoted {
            let (Some(name), Some(promotion)) = (&skill.name, &skill.promoted) else { continue };
            let state = match promotion.review {
                _ if promotion.approved => "approved",
                Review::Pending => "waits for review",
                _ => "not approved",
            };
            page.line(format!("{dry}{} {}: promoted, {state}", Visible(name), Visible(&promotion.version)));
        }
        if others.is_empty() {
            return;
        }
        let rows = others.iter().map(|it| {
            let state = match () {
                () if it.ready && it.stale => "ready, stale",
                () if it.ready => "ready",
                () if it.early && it.valid => "too new",
                () if it.valid => "refused",
                () => "invalid",
            };
            let folder = it.path.file_name().unwrap_or(it.path.as_os_str()).to_string_lossy().into_owned();
            vec![folder, format!("{:.1} h", it.hours), state.to_owned(), it.problem.clone().unwrap_or_default()]
        });
        page.table(&["staged", "unchanged for", "state", "problem"], rows);
    }
}
