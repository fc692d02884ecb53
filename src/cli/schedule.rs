//! `cfn schedule`.

use std::env;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::{Access, Context};
use super::failure::{Failure, FailureKind};
use super::output::{Page, Report};
use crate::model::{Exit, Location, Visible};
use crate::ops;
use crate::process;
use crate::schedule::{
    Crontab, Every, Job, Schedule, ScheduleOf, UnitFile, Units, backup_folder, read_crontab, replace_crontab,
};
use crate::settings::Queued;

/// Run maintenance, backups and reminders again and again
///
/// Writes timers of systemd or lines of the crontab, for this user and this database: maintenance each hour, a backup each
/// day, the reviews that are overdue each day, metrics each minute with --textfile, and 'cfn sync' each five minutes where
/// the database follows another one or events are queued for a workflow database. It shows them first, and asks.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("form").args(["systemd", "cron", "print"]).required(true).multiple(true)),
    after_help = "\
Examples:
  cfn schedule --print
  cfn schedule --systemd
  cfn schedule --cron --backups /var/backups/cfn --keep 14 --yes
  cfn schedule --cron --remove"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that the user types")]
pub(super) struct Args {
    /// As units of systemd in ~/.config/systemd/user
    #[arg(long, conflicts_with = "cron")]
    systemd: bool,
    /// As lines of the user's crontab
    #[arg(long)]
    cron: bool,
    /// Only print what would be written; alone, the commands and how often each runs
    #[arg(long, conflicts_with_all = ["remove", "yes"])]
    print: bool,
    /// Folder for backups [default: 'backups' beside the database]
    #[arg(long, value_name = "FOLDER")]
    backups: Option<PathBuf>,
    /// Number of backups to keep
    #[arg(long, value_name = "N", default_value = "7")]
    keep: NonZeroUsize,
    /// Also write metrics to this file, for node_exporter
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    /// Remove the schedule of this database
    #[arg(long, conflicts_with_all = ["backups", "textfile"])]
    remove: bool,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let schedule = schedule(context, args)?;
    let mut report = ScheduleReport { schedule, state: State::Printed, units: Vec::new(), crontab: None };
    if args.systemd {
        in_systemd(context, args, &mut report)?;
    } else if args.cron {
        in_cron(context, args, &mut report)?;
    }
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

/// The schedule of the database.
fn schedule(context: &Context, args: &Args) -> Result<Schedule, Failure> {
    let settings = &context.settings;
    let program = env::current_exe().map_err(|error| Failure::internal(&error.to_string()))?;
    let database = match settings.database()? {
        Location::File(path) => Some(path),
        Location::Server(_) if settings.is_named_by_a_file() => None,
        Location::Server(_) => {
            return Err(Failure::input(
                "a schedule cannot hold the URL of a server, which may have a password",
                "Name the database with 'db' in a settings file, the password in ~/.pgpass, and leave --db out.",
            ));
        }
    };
    let beside = database.as_deref().map(backup_folder).unwrap_or_default();
    let backups = args.backups.as_ref().map_or(beside, |it| context.absolute(it));
    let textfile = args.textfile.as_ref().map(|it| context.absolute(it));
    let delivery = if settings.queued()? == Queued::Nothing { None } else { settings.for_scheduled_delivery() };
    if settings.queued()? != Queued::Nothing && delivery.is_none() {
        context.output.warn("deliveries are left out: CFN_POSTGRES_URL has a password; move it to ~/.pgpass");
    }
    let about = ScheduleOf {
        program: &program,
        folder: &settings.current_folder,
        database: database.as_deref(),
        backups: (&backups, args.keep.get()),
        textfile: textfile.as_deref(),
        delivery,
        follows: follows(context),
    };
    Schedule::of(&about).map_err(|error| Failure::input(error.to_string(), "Use paths of plain text."))
}

/// Whether the database follows another one. One that cannot be opened follows nothing: its jobs say what is wrong with it.
fn follows(context: &Context) -> bool {
    let opened = context.opening(Access::Read).ok().and_then(|it| it.open(Access::Read).ok());
    opened.is_some_and(|mut it| ops::following(it.as_mut()).is_ok_and(|it| it.is_some()))
}

fn in_systemd(context: &Context, args: &Args, report: &mut ScheduleReport) -> Result<(), Failure> {
    let none = || Failure::input("there is no home folder for units", "Set HOME.");
    let folder = context.settings.unit_folder().ok_or_else(none)?;
    let units = Units::new(&folder, &report.schedule.name);
    let failed = |error: std::io::Error| {
        let message = format!("the units in {} could not be changed: {error}", folder.display());
        let hint = "Check the rights of the folder, or use --cron.";
        Failure::of_file(FailureKind::ScheduleFailed, message, &error, hint)
    };
    if args.remove {
        let found = units.found().map_err(failed)?;
        let names: Vec<_> = found.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        if !found.is_empty() {
            agreed(context, args, &format!("would remove {}", names.join(", ")))?;
        }
        report.units =
            units.remove().map_err(failed)?.into_iter().map(|path| UnitFile { path, content: String::new() }).collect();
        report.state = State::Removed;
        return Ok(());
    }
    report.units = units.of(&report.schedule);
    if !args.print {
        let shown: Vec<_> = report.units.iter().map(|it| format!("{}\n{}\n", it.path.display(), it.content)).collect();
        ask(context, args, &shown.concat(), &format!("would write these units to {}", folder.display()))?;
        units.write(&report.units).map_err(failed)?;
        report.state = State::Written;
    }
    Ok(())
}

fn in_cron(context: &Context, args: &Args, report: &mut ScheduleReport) -> Result<(), Failure> {
    let name = report.schedule.name.clone();
    if args.print {
        report.crontab = Some(report.schedule.crontab_lines());
        return Ok(());
    }
    let program = |error: process::Error| not_scheduled(&error, "Install cron, or use --systemd.");
    let text = |error: &dyn std::fmt::Display| not_scheduled(error, "Correct the crontab with 'crontab -e'.");
    let before = String::from_utf8(read_crontab().map_err(program)?);
    let before = Crontab::new(before.map_err(|_| text(&"the crontab is no UTF-8"))?);
    let new = (!args.remove).then(|| report.schedule.crontab_lines());
    let old = before.lines_of(&name).map_err(|error| text(&error))?;
    report.state = if args.remove { State::Removed } else { State::Written };
    report.crontab = new.clone().or(old.map(str::to_owned));
    if let Some(lines) = &report.crontab {
        let would = if args.remove { "would remove these lines from" } else { "would write these lines to" };
        ask(context, args, lines, &format!("{would} the crontab"))?;
        let after = before.with(&name, new.as_deref()).map_err(|error| text(&error))?;
        replace_crontab(after.as_str()).map_err(program)?;
    }
    Ok(())
}

fn not_scheduled(error: &dyn std::fmt::Display, hint: &str) -> Failure {
    Failure::new(FailureKind::ScheduleFailed, error.to_string(), hint)
}

/// Shows what is going to be written or removed, and asks.
fn ask(context: &Context, args: &Args, shown: &str, would: &str) -> Result<(), Failure> {
    if !args.yes && !context.output.json() {
        let lines: Vec<_> = shown.lines().map(|it| Visible(it).to_string()).collect();
        context.output.help(&format!("{}\n", lines.join("\n")));
    }
    agreed(context, args, would)
}

fn agreed(context: &Context, args: &Args, would: &str) -> Result<(), Failure> {
    if args.yes { Ok(()) } else { context.confirm(would) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Printed,
    Written,
    Removed,
}

/// A schedule, and what became of it.
#[derive(Serialize)]
struct ScheduleReport {
    #[serde(flatten)]
    schedule: Schedule,
    state: State,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    units: Vec<UnitFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crontab: Option<String>,
}

impl Report for ScheduleReport {
    fn text(&self, page: &mut Page) {
        match self.state {
            State::Printed if !self.units.is_empty() => {
                for unit in &self.units {
                    page.heading(&unit.path.to_string_lossy());
                    page.body(&unit.content);
                }
            }
            State::Printed => match &self.crontab {
                Some(lines) => page.body(lines),
                None => page.table(&["job", "runs", "command"], self.schedule.jobs.iter().map(row)),
            },
            State::Written => self.written(page),
            State::Removed if self.units.is_empty() && self.crontab.is_none() => {
                page.line("there is no schedule of this database");
            }
            State::Removed => {
                for unit in &self.units {
                    page.line(format!("removed {}", Visible(unit.path.to_string_lossy())));
                }
                if self.crontab.is_some() {
                    page.line(format!("removed {} from the crontab", self.schedule.name));
                }
            }
        }
    }
}

impl ScheduleReport {
    fn written(&self, page: &mut Page) {
        if self.crontab.is_some() {
            return page.line(format!("wrote {} to the crontab", self.schedule.name));
        }
        for unit in &self.units {
            page.line(format!("wrote {}", Visible(unit.path.to_string_lossy())));
        }
        let name = &self.schedule.name;
        page.line(format!(
            "start it now: systemctl --user daemon-reload && systemctl --user start '{name}-*.timer' --all"
        ));
        page.line("it runs while you are logged in; always: loginctl enable-linger");
    }
}

fn row(job: &Job) -> Vec<String> {
    let every = match job.every {
        Every::Minute => "each minute".to_owned(),
        Every::FiveMinutes => "each 5 minutes".to_owned(),
        Every::Hour => "each hour".to_owned(),
        Every::Day(hour) => format!("each day at {hour}"),
    };
    let program = Path::new(&job.command[0]).file_name().unwrap_or_default().to_string_lossy();
    let words = std::iter::once(&*program).chain(job.command[1..].iter().map(String::as_str));
    vec![job.name.to_owned(), every, words.collect::<Vec<_>>().join(" ")]
}
