//! The approval options that several commands share.

use std::path::Path;

use super::argument::optional;
use super::context::Context;
use super::failure::Failure;
use crate::process::Program;

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

/// The approver for a command that records a person's decision.
pub(super) fn decider(context: &Context, typed: Option<&str>) -> Result<String, Failure> {
    let named = optional(typed).or(context.settings.approver()).map(str::to_owned);
    let nobody = || Failure::input("the approver is missing", "Name the approver with --approver or CFN_APPROVER.");
    named.or_else(|| person().map(|it| it.0)).ok_or_else(nobody)
}

/// The current person, and the source of the name.
pub(super) fn person() -> Option<(String, &'static str)> {
    let user = || whoami::username().ok().map(|it| (it, "system user"));
    email_of_git().map(|it| (it, "git's global user.email")).or_else(user)
}

/// The user's global e-mail address in git. The repository's own configuration is ignored: it must not name the approver.
fn email_of_git() -> Option<String> {
    let git = Program::new(Path::new("git"), Path::new("/")).args(["config", "--global", "user.email"]).inheriting();
    let said = String::from_utf8(git.run().ok()?.stdout).ok()?;
    optional(Some(&said)).map(str::to_owned)
}

impl ApprovalArgs {
    /// Whether a decision is described.
    pub(super) fn is_given(&self) -> bool {
        self.approver.is_some() || self.reason.is_some() || self.override_rejection
    }

    pub(super) fn approver<'a>(&'a self, context: &'a Context) -> Option<&'a str> {
        optional(self.approver.as_deref()).or(context.settings.approver())
    }

    pub(super) fn reason(&self) -> Option<&str> {
        optional(self.reason.as_deref())
    }
}
