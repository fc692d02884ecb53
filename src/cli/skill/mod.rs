//! `cfn skill …`.

mod add;
mod assess;
mod assign;
mod decide;
mod delete;
mod diff;
mod edit;
mod export_yaml;
mod files;
mod history;
mod import_yaml;
mod lint;
mod list;
mod pending;
mod pin;
mod promote;
mod purge;
mod rename;
mod review;
mod revoke;
mod rollback;
pub(super) mod search;
mod show;
mod status;
mod validate;
mod verify;

use clap::{Args as _, Subcommand};

use super::argument::Named;
use super::context::Context;
use super::failure::Failure;
use super::{analytics, bench, deploy, load, log, update};
use crate::model::Exit;

pub(super) use history::Args as HistoryArgs;
pub(super) use list::Args as ListArgs;
pub(super) use show::Args as ShowArgs;

/// Inspect, review and maintain skills
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill list --pending
  cfn skill show postgresql
  cfn skill approve postgresql --approver me@example.com")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Deploy(deploy::Args),
    Update(update::Args),
    Load(load::Args),
    Log(log::Args),
    Analytics(analytics::Args),
    Bench(bench::Args),
    List(list::Args),
    Search(search::Args),
    #[command(alias = "create")]
    Add(add::Args),
    Assign(assign::AssignArgs),
    Unassign(assign::UnassignArgs),
    Edit(edit::Args),
    Rename(rename::Args),
    Delete(delete::Args),
    Purge(purge::Args),
    Show(show::Args),
    Diff(diff::Args),
    #[command(alias = "approval-status")]
    History(history::Args),
    Verify(verify::Args),
    Rollback(rollback::Args),
    Pin(pin::PinArgs),
    Unpin(pin::UnpinArgs),
    Deprecate(status::DeprecateArgs),
    Archive(status::ArchiveArgs),
    Restore(status::RestoreArgs),
    Assess(assess::Args),
    Pending(pending::Args),
    Promote(promote::Args),
    Review(review::Args),
    Approve(decide::ApproveArgs),
    Reject(decide::RejectArgs),
    Escalate(decide::EscalateArgs),
    Revoke(revoke::Args),
    Validate(validate::Args),
    ExportYaml(export_yaml::Args),
    ImportYaml(import_yaml::Args),
    Lint(lint::Args),
}

/// Commands that are started often. All others are parsed with the full tree.
pub(super) const COMMANDS: [Named; 12] = [
    ("deploy", deploy::Args::augment_args),
    ("update", update::Args::augment_args),
    ("load", load::Args::augment_args),
    ("log", log::Args::augment_args),
    ("analytics", analytics::Args::augment_args),
    ("list", list::Args::augment_args),
    ("show", show::Args::augment_args),
    ("history", history::Args::augment_args),
    ("verify", verify::Args::augment_args),
    ("pending", pending::Args::augment_args),
    ("approve", decide::ApproveArgs::augment_args),
    ("reject", decide::RejectArgs::augment_args),
];

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Load(args) => load::run(context, &args),
        Command::Log(args) => log::run(context, args),
        Command::Analytics(args) => analytics::run(context, &args),
        Command::Bench(args) => bench::run(context, &args),
        Command::List(args) => list::run(context, &args),
        Command::Search(args) => search::run(context, &args),
        Command::Diff(args) => diff::run(context, &args),
        Command::Show(args) => show::run(context, &args),
        Command::History(args) => history::run(context, &args),
        Command::Verify(args) => verify::run(context, &args),
        Command::Assess(args) => assess::run(context, &args),
        Command::Pending(args) => pending::run(context, &args),
        Command::Validate(args) => validate::run(context, &args),
        Command::ExportYaml(args) => export_yaml::run(context, &args),
        Command::Lint(args) => lint::run(context, &args),
        decision => context.decide(|context| decide(context, decision)),
    }
}

/// Runs a command that changes what agents are served: a follower asks its primary.
fn decide(context: &Context, decision: Command) -> Result<Exit, Failure> {
    match decision {
        Command::Deploy(args) => deploy::run(context, &args),
        Command::Update(args) => update::run(context, &args),
        Command::Add(args) => add::run(context, &args),
        Command::Assign(args) => assign::assign(context, &args),
        Command::Unassign(args) => assign::unassign(context, &args),
        Command::Edit(args) => edit::run(context, &args),
        Command::Rename(args) => rename::run(context, &args),
        Command::Delete(args) => delete::run(context, &args),
        Command::Purge(args) => purge::run(context, &args),
        Command::Rollback(args) => rollback::run(context, &args),
        Command::Pin(args) => pin::pin(context, &args),
        Command::Unpin(args) => pin::unpin(context, &args),
        Command::Deprecate(args) => status::deprecate(context, &args),
        Command::Archive(args) => status::archive(context, &args),
        Command::Restore(args) => status::restore(context, &args),
        Command::Promote(args) => promote::run(context, &args),
        Command::Review(args) => review::run(context, &args),
        Command::Approve(args) => decide::approve(context, &args),
        Command::Reject(args) => decide::reject(context, &args),
        Command::Escalate(args) => decide::escalate(context, &args),
        Command::Revoke(args) => revoke::run(context, &args),
        Command::ImportYaml(args) => import_yaml::run(context, &args),
        other => run(context, Args { command: other }),
    }
}
