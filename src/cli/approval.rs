//! The approval options that several commands share.

use super::context::Context;
use super::optional;

#[derive(Debug, clap::Args)]
pub(super) struct ApprovalArgs {
    /// Name of the approver [env: CFN_APPROVER]
    #[arg(long)]
    approver: Option<String>,
    /// Reason, recorded with the decision
    #[arg(long)]
    reason: Option<String>,
    /// Accept bytes that were rejected; needs --reason
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
