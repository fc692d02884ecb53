//! Schedules: what is done for a database again and again, as units of systemd or lines of a crontab. They are files that
//! others may read, so no password is ever in them.

mod cron;
mod crontab;
mod systemd;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::ContentHash;

pub use self::cron::Crontab;
pub use self::crontab::{read_crontab, replace_crontab};
pub use self::systemd::{UnitFile, Units};

/// How often a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each minute.
    Minute,
    /// Each five minutes.
    FiveMinutes,
    /// Each hour.
    Hour,
    /// Each day, in this hour.
    Day(u8),
}

/// One command of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its name within the schedule.
    pub name: &'static str,
    /// What it does, for people.
    pub what: &'static str,
    /// How often it runs.
    pub every: Every,
    /// The whole command line; the program is the first.
    pub command: Vec<String>,
    /// The variables that it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, String)>,
    /// Whether its output is for a person to read when it fails: cron sends it by mail.
    pub speaks: bool,
}

/// The jobs of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// Its name, which no other database on this machine has: `cfn-PROJECT-1a2b3c4d`.
    pub name: String,
    /// The folder that the jobs run in.
    pub folder: String,
    /// The minute at which hourly and daily jobs start. It follows from the name, so that those of different databases
    /// start at different times.
    pub minute: u8,
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// A text that a schedule cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("a schedule cannot hold this text: it is no UTF-8, or has control characters: {0}")]
pub struct Unspeakable(pub String);

/// What the jobs are about.
#[derive(Debug)]
pub struct ScheduleOf<'a> {
    /// Path of cfn.
    pub program: &'a Path,
    /// The folder that the jobs run in.
    pub folder: &'a Path,
    /// The file of the database. `None`: the settings file of the folder or of the user names a server.
    pub database: Option<&'a Path>,
    /// The folder for backups, and how many are kept.
    pub backups: (&'a Path, usize),
    /// The file for metrics.
    pub textfile: Option<&'a Path>,
    /// The variables for deliveries to the workflow database.
    pub delivery: Option<Vec<(&'static str, OsString)>>,
    /// Whether the database follows another one.
    pub follows: bool,
}

impl Schedule {
    /// The jobs that this database needs.
    pub fn of(about: &ScheduleOf<'_>) -> Result<Self, Unspeakable> {
        let of = about.database.unwrap_or(about.folder);
        let digits = ContentHash::of(of.as_os_str().as_encoded_bytes());
        let digits = &digits.to_string()[..8];
        let name = name_of(about.folder, digits);
        let minute = u8::from_str_radix(&digits[..2], 16).unwrap_or_default() % 60;
        let mut jobs =
            vec![job(about, "maintain", "maintain the database", Every::Hour, &["db", "maintain", "--if-due"])?];
        if about.database.is_some() {
            let (to, keep) = (text(about.backups.0)?, about.backups.1.to_string());
            let arguments = ["db", "backup", "--to", &to, "--keep", &keep];
            jobs.push(job(about, "backup", "back up the database", Every::Day(3), &arguments)?);
        }
        if let Some(textfile) = about.textfile {
            let arguments = ["metrics", "--textfile", &text(textfile)?];
            jobs.push(job(about, "metrics", "write the metrics", Every::Minute, &arguments)?);
        }
        if about.follows || about.delivery.is_some() {
            let what = if about.follows { "pull decisions, push uses" } else { "deliver queued events" };
            let mut sync = job(about, "sync", what, Every::FiveMinutes, &["sync"])?;
            for (name, value) in about.delivery.iter().flatten() {
                sync.environment.push(((*name).to_owned(), text(Path::new(value))?));
            }
            jobs.push(sync);
        }
        let overdue = job(about, "pending", "name overdue reviews", Every::Day(8), &["skill", "pending", "--overdue"])?;
        jobs.push(Job { speaks: true, ..overdue });
        Ok(Self { name, folder: text(about.folder)?, minute, jobs })
    }
}

fn job(
    about: &ScheduleOf<'_>,
    name: &'static str,
    what: &'static str,
    every: Every,
    arguments: &[&str],
) -> Result<Job, Unspeakable> {
    let mut command = vec![text(about.program)?];
    if let Some(database) = about.database {
        command.extend(["--db".to_owned(), text(database)?]);
    }
    command.extend(arguments.iter().map(|it| (*it).to_owned()));
    Ok(Job { name, what, every, command, environment: Vec::new(), speaks: false })
}

/// A name that people can read, and that no other path has.
fn name_of(folder: &Path, digits: &str) -> String {
    let folder = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = folder.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
    let words: Vec<_> = plain.split('-').filter(|it| !it.is_empty()).collect();
    let project: String = words.join("-").chars().take(40).collect();
    if project.is_empty() { format!("cfn-{digits}") } else { format!("cfn-{project}-{digits}") }
}

fn text(path: &Path) -> Result<String, Unspeakable> {
    match path.to_str() {
        Some(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(Unspeakable(path.to_string_lossy().into_owned())),
    }
}

/// The folder beside a database for its backups.
#[must_use]
pub fn backup_folder(database: &Path) -> PathBuf {
    database.with_file_name("backups")
}
