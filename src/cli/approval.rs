//! Who decides and why: the options of the commands that record an approval beside what they do.

use super::context::Context;
use super::optional;

#[derive(Debug, clap::Args)]
pub(super) struct ApprovalArgs {
    /// Who approves [env: CFN_APPROVER]
    #[arg(long)]
    approver: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// Take back bytes that were rejected; the reason is recorded
    #[arg(long, requires = "reason")]
    pub(super) override_rejection: bool,
}

impl ApprovalArgs {
    pub(super) fn approver<'a>(&'a self, context: &'a Context) -> Option<&'a str> {
        optional(self.approver.as_deref()).or(context.settings.approver())
    }

    pub(super) fn reason(&self) -> Option<&str> {
        optional(self.reason.as_deref())
    }
}
