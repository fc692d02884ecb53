//! `cfn export --client`.

use crate::cli::client_budget;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::Exit;
use crate::ops::{self, Client, ClientBudget, Export};

const NOT_WITH_CLIENT: [&str; 4] = ["check", "prune", "watch", "dry_run"];

#[derive(Debug, clap::Args)]
pub(super) struct Preflight {
    /// Print what this client would cut from its listing of these skills, and export nothing
    #[arg(long, value_name = "CLIENT", value_parser = client_budget::client(), conflicts_with_all = NOT_WITH_CLIENT)]
    pub(super) client: Option<Client>,
    /// The client's context window in tokens; 0 if it does not know it [default: the usual one of the client]
    #[arg(long, value_name = "TOKENS", requires = "client", conflicts_with_all = NOT_WITH_CLIENT)]
    context_window: Option<u64>,
    /// Exit 7 if anything is cut
    #[arg(long, requires = "client", conflicts_with_all = NOT_WITH_CLIENT)]
    strict: bool,
}

impl Preflight {
    pub(super) fn run(&self, context: &Context, client: Client, request: &Export) -> Result<Exit, Failure> {
        let budget = ClientBudget { client, context_window: self.context_window, project: &request.folder };
        let report = ops::export_budget(context.open(Access::Read)?.as_mut(), request, &budget)?;
        context.output.answer(&report)?;
        Ok(Exit::done_if(!self.strict || report.cut == 0, Exit::Refused))
    }
}
