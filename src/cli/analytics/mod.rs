//! `cfn analytics`.

mod csv;
mod days;
mod filters;
mod html;
mod sparkline;
mod text;

use std::path::PathBuf;

use jiff::civil::Date;

use super::choice::{category, one_of};
use super::context::{Access, Context};
use super::document::publish;
use super::failure::Failure;
use crate::cache::Class;
use crate::model::{AgentType, Category, Exit, TokenPrice};
use crate::ops::{self, Analytics, AnalyticsReport, DatedRequest, MOST_DAYS_OF_ROWS, Period, ReportName};
use crate::store::{self, ArchivedDays, Store};

/// Report which skills are used, whether they help, and what they save
///
/// Without a report, prints an overview. 'origins' counts the uses of the last 30 days, or of at most 92 others, by the database
/// that logged them: this one, and its followers. 'check' compares the rollups behind the reports with a full scan of the log;
/// 'rebuild' recomputes them, in case they differ. Both also read the months that are on other servers; they exit 9 if one of these
/// cannot be reached, when all else is done.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn analytics
  cfn analytics effectiveness --days 30
  cfn analytics usage --agent backend-developer --since 2026-01-01 --csv > usage.csv
  cfn analytics usage --csv --table 'unused skills' > unused.csv
  cfn analytics cost --usd-per-million-tokens 3
  cfn analytics --days 90 --html skills.html
  cfn analytics origins --days 7
  cfn analytics check")]
pub(super) struct Args {
    /// Report to print
    #[arg(value_parser = one_of(report, reports))]
    report: Option<What>,
    /// Include only the last N days, today among them (UTC)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with_all = ["since", "until"])]
    days: Option<u16>,
    /// Include only this day and later ones
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<Date>,
    /// Include only this day and earlier ones
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<Date>,
    /// Include only uses by this agent type
    #[arg(long, value_name = "AGENT_TYPE")]
    agent: Option<AgentType>,
    /// Include only skills of this category
    #[arg(long, value_parser = category())]
    category: Option<Category>,
    /// Maximum number of rows in each table
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Price of a million tokens whose use has no amount of money, in US dollars [file: usd_per_million_tokens]
    /// [default: 0.50]
    #[arg(long, value_name = "USD")]
    usd_per_million_tokens: Option<TokenPrice>,
    /// Print one table as comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Table to print as CSV [default: the first one of the report]
    #[arg(long, value_name = "NAME", requires = "csv", conflicts_with_all = ["json", "html"])]
    table: Option<String>,
    /// Write an HTML page with charts to this file; without a report, a page of all reports
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    html: Option<PathBuf>,
}

#[derive(Debug, serde::Serialize)]
struct PageReport {
    #[serde(serialize_with = "crate::model::path_as_text")]
    path: PathBuf,
    reports: Vec<ReportName>,
}

/// A report, or a check of the rollups.
#[derive(Debug, Clone, Copy)]
enum What {
    Report(ReportName),
    Check,
    Rebuild,
}

/// Every word that [`report`] accepts.
fn reports() -> Vec<&'static str> {
    ReportName::ALL.into_iter().map(|(_, word)| word).chain(["check", "rebuild"]).collect()
}

fn report(text: &str) -> Result<What, String> {
    if text == "check" {
        return Ok(What::Check);
    }
    if text == "rebuild" {
        return Ok(What::Rebuild);
    }
    let found = ReportName::ALL.into_iter().find(|(_, word)| *word == text);
    found.map(|(name, _)| What::Report(name)).ok_or_else(|| {
        let words: Vec<_> = ReportName::ALL.iter().map(|(_, word)| *word).collect();
        format!("there is no such report; the reports are {}, check and rebuild", words.join(", "))
    })
}

impl Args {
    /// The request for a report; `None` for check and rebuild.
    pub(super) fn request(&self, context: &Context) -> Result<Option<Analytics>, Failure> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since > until
        {
            let message = format!("--since {since} is after --until {until}");
            return Err(Failure::input(message, "Name the earlier day with --since."));
        }
        let report = match self.report {
            Some(What::Check | What::Rebuild) => return Ok(None),
            Some(What::Report(name)) => name,
            None => ReportName::Overview,
        };
        let period = match (self.days, self.since, self.until) {
            (Some(days), ..) => Some(Period::Last(days)),
            (None, None, None) => None,
            (None, since, until) => Some(Period::Between(since, until)),
        };
        let period = period.filter(|_| report.has_period());
        let request = Analytics {
            report,
            period,
            agent_type: self.agent.as_ref().map(ToString::to_string),
            category: self.category.as_ref().map(ToString::to_string),
            limit: self.limit,
            price: self.usd_per_million_tokens.map_or_else(|| context.settings.token_price(), Ok)?,
        };
        if DatedRequest::now(&request, context.clock).counts_too_many_days() {
            let hint = format!("Name at most {MOST_DAYS_OF_ROWS} days, with --days, or --since and --until.");
            return Err(Failure::input(format!("the report {} counts uses one by one", report.as_str()), hint));
        }
        Ok(Some(request))
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if matches!(args.report, Some(What::Check | What::Rebuild)) {
        args.require_no_report()?;
    }
    let Some(request) = args.request(context)? else {
        return check(context, matches!(args.report, Some(What::Rebuild)));
    };
    let unused = args.unused_by(request.report);
    if !unused.is_empty() {
        context.output.note(&format!("{} does not apply to {}", unused.join(", "), request.report.as_str()));
    }
    if let Some(path) = &args.html {
        let reports = match args.report {
            None => ops::every_report(
                up_to_date(context, context.open_replicated(false)?)?.as_mut(),
                context.clock,
                &request,
            )?,
            Some(_) => vec![answered(context, &request)?],
        };
        let page = html::page(&heading(context, &request, &reports), &reports);
        let path = context.absolute(path);
        publish(&path, &page, context.settings.database()?.file())?;
        context.output.answer(&PageReport { path, reports: reports.iter().map(|it| it.report).collect() })?;
        return Ok(Exit::Done);
    }
    let report = answered(context, &request)?;
    if args.csv {
        let (table, others) = csv::choose(&report.tables, args.table.as_deref())?;
        context.output.raw(&csv::write(table)?)?;
        if !others.is_empty() {
            let names: Vec<_> = others.iter().map(|it| format!("--table \"{it}\"")).collect();
            context.output.note(&format!(
                "this is the table \"{}\"; the report also has {}",
                table.name.as_str(),
                names.join(", ")
            ));
        }
    } else {
        context.output.answer(&report)?;
    }
    Ok(Exit::Done)
}

/// Gets a report from the cache or the database.
fn answered(context: &Context, request: &Analytics) -> Result<AnalyticsReport, Failure> {
    let cache = context.cache(Class::Analytics)?;
    let asked = DatedRequest::now(request, context.clock);
    let mut store = context.open_replicated(false)?;
    if let Some(report) = ops::recalled_report(store.as_mut(), cache.as_ref(), &asked)? {
        return Ok(report);
    }
    Ok(ops::analytics(up_to_date(context, store)?.as_mut(), cache.as_ref(), &asked)?)
}

fn check(context: &Context, rebuild: bool) -> Result<Exit, Failure> {
    let mut store = if rebuild { rebuilt(context)? } else { up_to_date(context, context.open(Access::Read)?)? };
    // Last, since a server may be down while everything here is well.
    let open = |url: &str, days: &ArchivedDays| Ok::<_, Failure>(context.archive_server(url)?(days)?);
    let (months, reached) = ops::prove_months(store.as_mut(), rebuild, open);
    let mut proof = store.usage_sums().prove()?;
    proof.add(months);
    context.output.answer(&proof)?;
    if proof.differences == 0 {
        reached?;
    }
    Ok(Exit::done_if(proof.differences == 0, Exit::Database))
}

/// The heading of a page.
fn heading(context: &Context, request: &Analytics, reports: &[AnalyticsReport]) -> html::Heading {
    let days = reports.first().and_then(|it| it.first_day.as_deref().zip(it.last_day.as_deref()));
    let period = match (request.period, days) {
        (Some(Period::Between(None, _)), Some((_, last))) => format!("Up to {last} (UTC)"),
        (Some(Period::Between(_, None)), Some((first, _))) => format!("From {first} on (UTC)"),
        (Some(_), Some((first, last))) => format!("{first} to {last} (UTC)"),
        _ => "The whole usage log".to_owned(),
    };
    let filters = [("agent type", &request.agent_type), ("skills of category", &request.category)];
    let filters = filters.into_iter().filter_map(|(what, value)| Some((what, value.as_ref()?)));
    // Filters do not apply to days, decisions and skills.
    let limits = filters.map(|(what, value)| format!("Uses by skill and their sums: only {what} {value}."));
    let fewer = request.limit.map(|most| format!("Only the first {most} rows of each table and chart."));
    html::Heading { period, limits: limits.chain(fewer).collect(), written: context.clock.moment().to_string() }
}

/// Opens the database, and first updates its sums if they are due and it may write.
pub(super) fn up_to_date(context: &Context, mut store: Box<dyn Store>) -> Result<Box<dyn Store>, Failure> {
    if !store.usage_sums().is_behind()? {
        return Ok(store);
    }
    match catch_up(context) {
        Ok(writer) => Ok(writer),
        // Without write access, or without the primary of a replica, a scan gives the same figures.
        Err(failure) if failure.is_about_writing() || context.reads_a_replica() => Ok(store),
        Err(failure) => Err(failure),
    }
}

fn catch_up(context: &Context) -> Result<Box<dyn Store>, Failure> {
    let mut writer = context.open(Access::Write)?;
    adding_up(context, |progress| writer.usage_sums().catch_up(progress))?;
    Ok(writer)
}

fn rebuilt(context: &Context) -> Result<Box<dyn Store>, Failure> {
    let mut writer = context.open(Access::Write)?;
    adding_up(context, |progress| writer.usage_sums().rebuild(progress))?;
    Ok(writer)
}

/// Updates the sums, with a progress bar.
fn adding_up(context: &Context, work: impl FnOnce(&mut dyn FnMut(u64)) -> store::Result<()>) -> Result<(), Failure> {
    let mut progress = context.output.progress("adding up the usage log");
    let mut most = 0;
    let count = |it: u64| usize::try_from(it).unwrap_or(usize::MAX);
    Ok(work(&mut |left| {
        most = most.max(left);
        progress.at(count(most - left), count(most));
    })?)
}
