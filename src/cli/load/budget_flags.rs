//! `cfn load --budget`.

use crate::cli::client_budget;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::Exit;
use crate::ops::{self, Client, ClientBudget, ClientBudgetReport, Load, LoadReport};

const NOT_WITH_BUDGET: [&str; 4] = ["format", "max_tokens", "agent_id", "task_id"];

#[derive(Debug, clap::Args)]
pub(super) struct BudgetFlags {
    /// Print what this client would cut from its listing of all these skills, instead of the skills; bootstrap skills
    /// do not count
    #[arg(long, value_name = "CLIENT", value_parser = client_budget::client(), conflicts_with_all = NOT_WITH_BUDGET)]
    pub(super) budget: Option<Client>,
    /// The client's context window in tokens; 0 if it does not know it [default: the usual one of the client]
    #[arg(long, value_name = "TOKENS", requires = "budget", conflicts_with_all = NOT_WITH_BUDGET)]
    context_window: Option<u64>,
    /// Exit 7 if anything is cut
    #[arg(long, requires = "budget", conflicts_with_all = NOT_WITH_BUDGET)]
    strict: bool,
}

impl BudgetFlags {
    /// The selected skills, and what the client lists of them.
    pub(super) fn listing(
        &self,
        context: &Context,
        client: Client,
        request: &Load,
    ) -> Result<(LoadReport, ClientBudgetReport), Failure> {
        let project = context.project()?.absolute("");
        let budget = ClientBudget { client, context_window: self.context_window, project: &project };
        let mut store = context.open_for_few_rows(Access::Read)?;
        Ok(ops::load_budget(store.as_mut(), request, &budget)?)
    }

    /// The exit for a listing.
    pub(super) fn exit(&self, report: &ClientBudgetReport) -> Exit {
        Exit::done_if(!self.strict || report.cut == 0, Exit::Refused)
    }
}
