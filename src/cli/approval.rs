//! The approval options that several commands share.

use std::env;
use std::path::Path;
use std::time::Duration;

use super::argument::optional;
use super::context::Context;
use super::failure::Failure;
use crate::process::Call;

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
    let named = context.settings.approver(typed)?;
    let nobody = || Failure::input("the approver is missing", "Name the approver with --approver or CFN_APPROVER.");
    named.or_else(|| person().map(|it| it.0)).ok_or_else(nobody)
}

/// The current person, and the source of the name.
pub(super) fn person() -> Option<(String, &'static str)> {
    let user = || whoami::username().ok().map(|it| (it, "system user"));
    email_of_git().map(|it| (it, "git's global user.email")).or_else(user)
}

/// Where git is. It is named by its path, since what it says is recorded with a decision.
const GIT: [&str; 2] = ["/usr/bin/git", "/usr/local/bin/git"];

/// How long git may take: its configuration may be anything, and a decision does not wait for it.
const GIT_TAKES: Duration = Duration::from_secs(1);

/// The user's global e-mail address in git. The repository's own configuration is ignored, and so is the environment but for
/// where the user's configuration is: they must not name the approver.
fn email_of_git() -> Option<String> {
    let program = GIT.into_iter().find(|it| Path::new(it).is_file())?;
    let kept = ["HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"].into_iter();
    let environment: Vec<_> = kept.filter_map(|it| Some((it.into(), env::var_os(it)?))).collect();
    let arguments = ["-C", "/", "config", "--global", "user.email"].map(Into::into);
    let git = Call {
        program,
        arguments: &arguments,
        environment: &environment,
        inherits: false,
        input: Vec::new(),
        within: GIT_TAKES,
    };
    let answer = git.answer().ok()??;
    optional(Some(&answer.stdout)).filter(|_| answer.code == Some(0)).map(str::to_owned)
}

impl ApprovalArgs {
    /// Whether a decision is described.
    pub(super) fn is_given(&self) -> bool {
        self.approver.is_some() || self.reason.is_some() || self.override_rejection
    }

    pub(super) fn approver(&self, context: &Context) -> Result<Option<String>, Failure> {
        Ok(context.settings.approver(self.approver.as_deref())?)
    }

    pub(super) fn reason(&self) -> Option<&str> {
        optional(self.reason.as_deref())
    }
}
