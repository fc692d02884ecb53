//! `cfn db …`.

mod archive;
mod backup;
mod capture;
mod check;
mod copy;
mod follow;
mod maintain;
mod migrate;
mod postgres_schema;
mod restore;
mod status;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use crate::model::Exit;

/// Maintain the database
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db status
  cfn db check
  cfn db backup backups/skills.db")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Status(status::Args),
    Migrate(migrate::Args),
    Capture(capture::Args),
    Maintain(maintain::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Copy(copy::Args),
    Follow(follow::Args),
    Unfollow(follow::EndArgs),
    Archive(archive::Args),
    Unarchive(archive::BackArgs),
    Check(check::Args),
    PostgresSchema(postgres_schema::Args),
}

pub(super) fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Status(args) => status::run(context, &args),
        Command::Migrate(args) => migrate::run(context, &args),
        Command::Capture(args) => capture::run(context, &args),
        Command::Maintain(args) => maintain::run(context, &args),
        Command::Backup(args) => backup::run(context, &args),
        Command::Restore(args) => restore::run(context, &args),
        Command::Copy(args) => copy::run(context, &args),
        Command::Follow(args) => follow::run(context, &args),
        Command::Unfollow(args) => follow::end(context, &args),
        Command::Archive(args) => archive::run(context, &args),
        Command::Unarchive(args) => archive::run_back(context, &args),
        Command::Check(args) => check::run(context, &args),
        Command::PostgresSchema(args) => postgres_schema::run(context, &args),
    }
}
