//! `cfn metrics`.

mod agents;
mod counting;
mod listen;
mod textfile;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum, ValueHint};
use serde::Serialize;

use super::context::{Access, Context};
use super::failure::{Failure, FailureKind};
use super::output::{Page, Report};
use crate::cache::Server;
use crate::model::{Exit, Tables, Visible, path_as_text};
use crate::ops::{self, CounterFile, DASHBOARD, Exposition, RULES, RedisFigures, Switched};
use crate::settings::{CacheSettings, Source};
use crate::store::Store;

pub(super) use agents::agent_figures;
pub(super) use counting::Counting;

/// How long the server of the query cache is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Print metrics for Prometheus
///
/// Skills by level, status and state of review, uses, the outbox, sizes, agents, and the server of the query cache. With
/// --enable, commands count from then on what they take and whether they fail, in skills.db-metrics beside the database;
/// a long-lived process such as 'cfn load --batch' does not count its requests.
///
/// --textfile writes a file for node_exporter's textfile collector, with one rename. --listen is for Prometheus itself: who
/// can connect to the address can read the names of skills.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cfn metrics --enable
  cfn metrics
  cfn metrics rules > /etc/prometheus/cfn-rules.yml
  cfn metrics --listen 127.0.0.1:9091
  cfn metrics --textfile /var/lib/prometheus/node-exporter/cfn.prom --watch 15"
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Text format
    #[arg(long, value_enum, default_value_t = Format::Prometheus)]
    format: Format,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    textfile: Option<PathBuf>,
    /// Write the file again every so many seconds, until interrupted
    #[arg(long, value_name = "SECONDS", requires = "textfile", conflicts_with_all = ["listen", "enable", "disable"],
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    watch: Option<u64>,
    /// Answer GET /metrics and /healthz on this address, until interrupted
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "textfile")]
    listen: Option<SocketAddr>,
    /// Let commands count what they do
    #[arg(long, conflicts_with_all = ["disable", "textfile", "format", "listen"])]
    enable: bool,
    /// Remove the counters
    #[arg(long, conflicts_with_all = ["textfile", "format", "listen"])]
    disable: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rules(RulesArgs),
    Dashboard(DashboardArgs),
}

/// Print alert rules for Prometheus
///
/// Each says what to run. They use the metrics of 'cfn metrics', and those of cadvisor and node_exporter.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn metrics rules > /etc/prometheus/cfn-rules.yml")]
struct RulesArgs {}

/// Print a dashboard for Grafana
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn metrics dashboard > cfn-dashboard.json")]
struct DashboardArgs {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Prometheus's text format
    Prometheus,
    /// OpenMetrics
    Openmetrics,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Some(Command::Rules(RulesArgs {})) => {
            require_text(context, "rules are YAML")?;
            return printed(context, RULES);
        }
        Some(Command::Dashboard(DashboardArgs {})) => return printed(context, DASHBOARD),
        None => {}
    }
    if args.enable || args.disable {
        return switch(context, args.enable);
    }
    let format = match args.format {
        Format::Prometheus => Exposition::Prometheus,
        Format::Openmetrics => Exposition::OpenMetrics,
    };
    let text = || text(context, format);
    if let Some(address) = args.listen {
        listen::listen(context, address, format, &text)?;
        return Ok(Exit::Done);
    }
    match (&args.textfile, args.watch) {
        (None, _) => {
            let text = text()?;
            require_text(context, "metrics are text in a format of Prometheus")?;
            context.output.texts(&[text])?;
        }
        (Some(path), watch) => {
            let path = context.absolute(path);
            match watch {
                None => textfile::write(&path, &text()?)?,
                Some(seconds) => textfile::keep(context, &path, Duration::from_secs(seconds), &text)?,
            }
            context.output.answer(&Written { textfile: path })?;
        }
    }
    Ok(Exit::Done)
}

/// Refuses --json where the answer has another format by nature.
fn require_text(context: &Context, what: &str) -> Result<(), Failure> {
    if context.output.json() {
        return Err(Failure::input(format!("{what}, and there is no other form of them"), "Leave out --json."));
    }
    Ok(())
}

/// The file that was written.
#[derive(Serialize)]
struct Written {
    #[serde(serialize_with = "path_as_text")]
    textfile: PathBuf,
}

impl Report for Written {
    fn text(&self, _: &mut Page) {}
}

/// Whether commands count, and whether that is new.
#[derive(Serialize)]
struct Switch {
    counting: bool,
    changed: bool,
}

impl Report for Switch {
    fn text(&self, _: &mut Page) {}
}

fn printed(context: &Context, text: &str) -> Result<Exit, Failure> {
    context.output.raw(text.as_bytes())?;
    Ok(Exit::Done)
}

/// The metrics at this moment.
fn text(context: &Context, format: Exposition) -> Result<String, Failure> {
    let mut store = context.open(Access::Read)?;
    let database = ops::figures(store.as_mut(), context.clock)?;
    let counters = CounterFile::of(&context.settings.database()?);
    let redis = redis_figures(context, store.as_mut())?;
    let families = ops::families(&database, counters.as_ref(), redis.as_ref(), agent_figures(context)?.as_ref());
    let families = families.map_err(|error| unusable("read", &error))?;
    Ok(ops::exposed(&families, format))
}

/// The figures of the server of the query cache, if one is configured. Other settings of the cache do not matter here.
pub(super) fn redis_figures(context: &Context, store: &mut dyn Store) -> Result<Option<RedisFigures>, Failure> {
    let down = RedisFigures { facts: None, lookups: Vec::new() };
    let settings = match context.settings.redis() {
        Ok(None) => return Ok(None),
        Ok(Some(server)) => CacheSettings::of(server),
        Err(error) if matches!(error.origin, Source::Flag(_)) => return Err(error.into()),
        Err(_) => return Ok(Some(down)), // a server of the query cache, which this command is not
    };
    let database = store.read()?.revision(Tables::Catalogue)?.map(|it| *it.database());
    let Ok(mut server) = Context::connect_cache_within(PATIENCE, &settings) else { return Ok(Some(down)) };
    Ok(Some(asked(server.as_mut(), database).unwrap_or(down)))
}

fn asked(server: &mut dyn Server, database: Option<[u8; 16]>) -> Option<RedisFigures> {
    let facts = server.facts().ok()?;
    let lookups = database.map_or_else(Vec::new, |it| server.lookups(&it).unwrap_or_default());
    Some(RedisFigures { facts: Some(facts), lookups })
}

fn switch(context: &Context, on: bool) -> Result<Exit, Failure> {
    let database = context.settings.database()?;
    let Some(file) = CounterFile::of(&database) else {
        let message = "counters are kept beside a database file, and this database is on a server";
        return Err(Failure::new(FailureKind::DatabaseNotAFile, message, "Use the metrics of the server."));
    };
    context.open(Access::Read)?; // where there is no database, nothing is counted
    let switched = if on { file.enable() } else { file.disable() };
    let switched = switched.map_err(|error| unusable("switched", &error))?;
    context.output.note(match (on, switched) {
        (true, Switched::Now) => "commands count what they do from now on",
        (true, Switched::Already) => "commands count what they do already",
        (false, Switched::Now) => "the counters are removed",
        (false, Switched::Already) => "there are no counters",
    });
    context.output.answer(&Switch { counting: on, changed: switched == Switched::Now })?;
    Ok(Exit::Done)
}

/// The failure of reading or switching the counters.
pub(super) fn unusable(what: &str, error: &std::io::Error) -> Failure {
    let message = format!("the counters beside the database could not be {what}: {}", Visible(error.to_string()));
    let hint = "Check the permissions of the folder, and run the command again.";
    Failure::of_file(FailureKind::DatabaseFile, message, error, hint)
}
