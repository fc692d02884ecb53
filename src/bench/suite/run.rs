//! A recorded run: its machine, database and samples. Each sample is written immediately, so that a killed run loses
//! none. A file is read as a baseline, or to show it in another format.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::operation::{Operation, REPORT};
use crate::bench::error::{Error, Result, file};
use crate::bench::measure::{Sample, Samples};
use crate::bench::statistics::median;
use crate::bench::system::SystemMetric;
use crate::output_file::OutputFile;
use crate::regular_file;

/// Maximum size of a file; the samples of 100,000 rounds have about 130 MB.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The version of the format of runs and reports.
pub const FORMAT: u32 = 1;

/// A complete run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What was measured, and where.
    #[serde(flatten)]
    pub about: About,
    /// How it ended.
    #[serde(flatten)]
    pub ending: Ending,
    /// Samples by subject.
    pub samples: Vec<Samples>,
}

/// What a run measured, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of cfn.
    pub cfn: String,
    /// How it was built.
    pub build: Build,
    /// The version of SQLite in it.
    pub sqlite: String,
    /// The machine.
    pub machine: Machine,
    /// The database.
    pub database: MeasuredDatabase,
    /// Start, in UTC.
    pub started_at: String,
    /// Number of planned rounds.
    pub planned_rounds: usize,
    /// The reference's system metrics, measured first.
    pub system: Vec<SystemMetric>,
}

/// How a program was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// `release` or `debug`.
    pub profile: String,
    /// Cargo features, of which releases have none.
    pub features: Vec<String>,
}

impl Build {
    /// This build.
    #[must_use]
    pub fn this() -> Self {
        let slow_update = cfg!(feature = "slow-update").then(|| "slow-update".to_owned());
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        Self { profile: profile.to_owned(), features: slow_update.into_iter().collect() }
    }
}

/// The measured database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredDatabase {
    /// `generated`, or `copy` of the user's database.
    pub origin: String,
    /// Number of skills.
    pub skills: u64,
    /// Number of rows in its usage log.
    pub usage_rows: u64,
    /// Size before the run.
    pub bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// The share of the machine's time used by other programs, if known.
    pub other_work: Option<f64>,
}

/// A line of a samples file, for writing.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Written<'a> {
    About(&'a About),
    Sample(Sample<'a>),
    Ending(&'a Ending),
}

/// A line of a samples file, for reading.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Read {
    About(Box<About>),
    Sample { subject: String, milliseconds: f64 },
    Ending(Ending),
}

/// Writes a run to a file, one JSON object per line.
#[derive(Debug)]
pub struct Recorder(Option<(File, PathBuf)>);

impl Recorder {
    /// Records nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Creates or replaces a file; a symbolic link is replaced, not followed.
    pub fn create(path: &Path) -> Result<Self> {
        let created = OutputFile::begin(path).and_then(OutputFile::publish);
        let created = created.map_err(file("could not write the samples to", path))?;
        Ok(Self(Some((created, path.to_owned()))))
    }

    pub(super) fn about(&mut self, about: &About) -> Result<()> {
        self.line(&Written::About(about))
    }

    pub(super) fn sample(&mut self, sample: Sample<'_>) -> Result<()> {
        self.line(&Written::Sample(sample))
    }

    pub(super) fn ending(&mut self, ending: &Ending) -> Result<()> {
        self.line(&Written::Ending(ending))
    }

    fn line(&mut self, line: &Written<'_>) -> Result<()> {
        let Some((open, path)) = &mut self.0 else { return Ok(()) };
        let mut text = serde_json::to_string(line).map_err(|_| Error::Defect("a sample cannot be serialised"))?;
        text.push('\n');
        open.write_all(text.as_bytes()).map_err(file("could not write the samples to", path))
    }
}

impl Run {
    /// Reads `--json` output, or a samples file, which a killed run may have left incomplete.
    pub fn read(path: &Path) -> Result<Self> {
        let no_run = |why| Error::NoRun { path: path.to_owned(), why };
        let text = regular_file::read_to_string(path, MOST_BYTES).map_err(|source| match source.kind() {
            ErrorKind::InvalidData | ErrorKind::FileTooLarge => no_run(source.to_string()),
            _ => Error::Run { path: path.to_owned(), source },
        })?;
        Self::parse(&text).map_err(no_run)
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        let first = text.lines().next().unwrap_or_default();
        let run = if first.starts_with("{\"about\":") {
            Self::of_lines(text)?
        } else {
            // A later format may have other fields, so check the format first.
            let format: Format = serde_json::from_str(text).map_err(|error| error.to_string())?;
            format.check()?;
            serde_json::from_str(text).map_err(|error| error.to_string())?
        };
        let mut subjects: Vec<&str> = run.samples.iter().map(|it| it.subject.as_str()).collect();
        subjects.sort_unstable();
        let mut pairs = subjects.iter().zip(subjects.iter().skip(1));
        if let Some((twice, _)) = pairs.find(|(one, other)| one == other) {
            return Err(format!("it has \"{twice}\" twice"));
        }
        let bad = run.samples.iter().find(|it| it.milliseconds.iter().any(|it| !it.is_finite() || *it <= 0.0));
        match bad {
            Some(samples) => Err(format!("a sample of \"{}\" is not a time", samples.subject)),
            None => Ok(run),
        }
    }

    fn of_lines(text: &str) -> std::result::Result<Self, String> {
        let (mut about, mut samples) = (None, Vec::<Samples>::new());
        let (mut ending, mut ended) = (Ending { interrupted: true, other_work: None }, false);
        // A killed run may leave an incomplete last line.
        let whole = text.split_inclusive('\n').filter_map(|it| it.strip_suffix('\n'));
        for (number, line) in (1..).zip(whole) {
            match serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))? {
                Read::About(_) if about.is_some() => return Err(format!("line {number}: a second run begins")),
                _ if ended => return Err(format!("line {number}: the run ended before")),
                Read::About(it) => about = Some(*it),
                Read::Ending(it) => (ending, ended) = (it, true),
                Read::Sample { subject, milliseconds } => match samples.iter_mut().find(|it| it.subject == subject) {
                    Some(it) => it.milliseconds.push(milliseconds),
                    None => samples.push(Samples { subject, milliseconds: vec![milliseconds] }),
                },
            }
        }
        let about: About = about.ok_or("it does not say what was measured")?;
        Format { format: about.format }.check()?;
        Ok(Self { about, ending, samples })
    }

    /// The analytics reports among the subjects.
    pub(super) fn reports(&self) -> impl Iterator<Item = &str> {
        self.samples.iter().map(|it| it.subject.as_str()).filter(|it| it.strip_prefix(REPORT).is_some())
    }

    /// The report with the highest median.
    pub(super) fn slowest_report(&self) -> Option<&str> {
        let measured = self.reports().filter(|it| !self.of(it).is_empty());
        measured.max_by(|one, other| median(self.of(one)).total_cmp(&median(self.of(other))))
    }

    /// The samples of an operation; for analytics, of its slowest report.
    pub(super) fn samples_of(&self, operation: Operation) -> &[f64] {
        match operation {
            Operation::Analytics => self.slowest_report().map_or(&[], |it| self.of(it)),
            _ => self.of(operation.name()),
        }
    }

    /// The samples of a subject; empty if it was not measured.
    pub(super) fn of(&self, subject: &str) -> &[f64] {
        self.samples.iter().find(|it| it.subject == subject).map_or(&[], |it| &it.milliseconds)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl Format {
    fn check(&self) -> std::result::Result<(), String> {
        let Self { format } = self;
        if *format == FORMAT { Ok(()) } else { Err(format!("it has format {format}, but this cfn reads {FORMAT}")) }
    }
}
