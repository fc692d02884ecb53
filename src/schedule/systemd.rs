//! A schedule as units of systemd for one user: a service and a timer for each job.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Every, Job, Schedule};
use crate::model::path_as_text;
use crate::regular_file;
use crate::staged_file::{self, StagedFile};

/// The first line of each unit that cfn wrote; others are never touched.
const MARK: &str = "# Written by 'cfn schedule'.";

/// The folder of links to what starts with the timers, as `systemctl --user enable` makes them.
const WANTED: &str = "timers.target.wants";

/// A file of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitFile {
    /// Where it is.
    #[serde(serialize_with = "path_as_text")]
    pub path: PathBuf,
    /// What is in it.
    pub content: String,
}

/// The units of a schedule in the folder of a user.
#[derive(Debug)]
pub struct Units<'a> {
    folder: &'a Path,
    name: &'a str,
}

impl<'a> Units<'a> {
    /// Those of the schedule `name` in `folder`, which may be missing.
    #[must_use]
    pub fn new(folder: &'a Path, name: &'a str) -> Self {
        Self { folder, name }
    }

    /// The files that a schedule consists of.
    #[must_use]
    pub fn of(&self, schedule: &Schedule) -> Vec<UnitFile> {
        let unit = |job: &Job, kind: &str, content: String| {
            let path = self.folder.join(format!("{}-{}.{kind}", self.name, job.name));
            UnitFile { path, content: format!("{MARK}\n{content}") }
        };
        let units = schedule
            .jobs
            .iter()
            .flat_map(|job| [unit(job, "service", service(schedule, job)), unit(job, "timer", timer(schedule, job))]);
        units.collect()
    }

    /// Writes them, enables the timers, and removes the units of jobs that the schedule no longer has.
    pub fn write(&self, units: &[UnitFile]) -> io::Result<()> {
        let wanted = self.folder.join(WANTED);
        staged_file::create_folder(&wanted)?;
        for unit in units {
            let staged = StagedFile::of(&unit.path);
            io::Write::write_all(&mut staged.create(None)?, unit.content.as_bytes())?;
            staged.replace()?;
        }
        for path in self.found()?.iter().filter(|path| units.iter().all(|it| it.path != **path)) {
            self.remove_unit(path)?;
        }
        for timer in units.iter().filter(|it| is_timer(&it.path)) {
            let link = wanted.join(timer.path.file_name().unwrap_or_default());
            match symlink(&timer.path, &link) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        Ok(())
    }

    /// The units of this schedule that are there.
    pub fn found(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let rest = name.strip_prefix(self.name).and_then(|it| it.strip_prefix('-')).unwrap_or_default();
            let is_unit = matches!(rest.rsplit_once('.'), Some((_, "service" | "timer")));
            if is_unit && entry.file_type()?.is_file() && begins_with_mark(&entry.path())? {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes them, and the links to them.
    pub fn remove(&self) -> io::Result<Vec<PathBuf>> {
        let found = self.found()?;
        found.iter().try_for_each(|it| self.remove_unit(it))?;
        Ok(found)
    }

    fn remove_unit(&self, path: &Path) -> io::Result<()> {
        let link = self.folder.join(WANTED).join(path.file_name().unwrap_or_default());
        if fs::read_link(&link).is_ok_and(|it| it == path) {
            fs::remove_file(&link)?;
        }
        fs::remove_file(path)
    }
}

/// Whether a unit is a timer.
fn is_timer(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "timer")
}

fn service(schedule: &Schedule, job: &Job) -> String {
    let command: Vec<_> = job.command.iter().map(|it| quoted(&it.replace('$', "$$"))).collect();
    let variables =
        job.environment.iter().map(|(name, value)| format!("Environment={}\n", quoted(&format!("{name}={value}"))));
    let variables = variables.collect::<Vec<_>>().concat();
    format!(
        "[Unit]\nDescription=cfn: {} ({})\n\n[Service]\nType=oneshot\nWorkingDirectory={}\n{variables}ExecStart={}\n",
        job.what,
        schedule.name,
        schedule.folder.replace('%', "%%"),
        command.join(" ")
    )
}

fn timer(schedule: &Schedule, job: &Job) -> String {
    let minute = schedule.minute;
    let when = match job.every {
        Every::Minute => "*:*".to_owned(),
        Every::FiveMinutes => "*:0/5".to_owned(),
        Every::Hour => format!("*:{minute:02}"),
        Every::Day(hour) => format!("*-*-* {hour:02}:{minute:02}"),
    };
    format!(
        "[Unit]\nDescription=cfn: {} ({})\n\n[Timer]\nOnCalendar={when}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
        job.what, schedule.name
    )
}

/// A word as systemd reads it: in quotes, and with its specifiers escaped.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}
fn begins_with_mark(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    regular_file::open(path)?.take(MARK.len() as u64).read_to_end(&mut first)?;
    Ok(first == MARK.as_bytes())
}
