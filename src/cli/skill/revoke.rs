//! `cfn skill revoke`.

use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{ContentHash, Exit, SkillName, Version, Visible};
use crate::ops::{self, Revoke, RevokeReport, RevokedBytes};

/// Revoke every approval of a version's bytes, in all skills
///
/// Every version with this SKILL.md is revoked, whatever other files it has; with --hash, every version with that file,
/// or with exactly that folder. Bootstrap skills with these bytes are disabled. Agents get the newest other approved
/// version instead, if any. To accept revoked bytes again, use --override-rejection with a reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill revoke postgresql --reason 'drops a table'
  cfn skill revoke postgresql 1.0.3 --reason 'contains a secret' --approver ann --json")]
pub(super) struct Args {
    /// Name of the skill
    #[arg(required_unless_present = "hash")]
    skill_name: Option<SkillName>,
    /// Version [default: the current bytes]
    version: Option<Version>,
    /// SHA-256 of a file of any version or bootstrap skill, or a folder hash, in place of a name
    #[arg(long, value_name = "SHA-256", conflicts_with = "skill_name")]
    hash: Option<ContentHash>,
    /// Reason, recorded with the decision
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let approver = decider(context, args.approver.as_deref())?;
    let what = match (&args.hash, &args.skill_name) {
        (Some(hash), _) => RevokedBytes::Hash(hash),
        (None, Some(name)) => RevokedBytes::Version(name, args.version),
        (None, None) => return Err(Failure::internal("neither a name nor a hash")),
    };
    let request = Revoke { what, approver: &approver, reason: &args.reason, dry_run: args.dry_run };
    let report = ops::revoke(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for RevokeReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        let hash = self.content_hash.get(..12).unwrap_or(&self.content_hash);
        page.line(format!("{dry}revoked {} with the bytes {}", counted(self.revoked.len(), "version"), Visible(hash)));
        for it in &self.revoked {
            page.line(format!("  - {} {}", Visible(&it.name), Visible(&it.version)));
        }
        for it in &self.bootstrap {
            page.line(format!("  - {}, a bootstrap skill, which is disabled", Visible(it)));
        }
    }
}
