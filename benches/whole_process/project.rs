//! Folders with a database in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cfn::bench::workload::{self, Workload};
use cfn::clock::Clock;
use cfn::store::sqlite::{Access, Options, SqliteStore};

use super::Bench;
use super::measure::{Result, timed};

/// A folder with a database in it.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    binary: PathBuf,
}

impl Project {
    /// An empty folder.
    pub(crate) fn empty(bench: &Bench, name: &str) -> Result<Self> {
        let folder = bench.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, binary: bench.binary.clone() })
    }

    /// The same folder for another program.
    pub(crate) fn with(self, binary: &Path) -> Self {
        Self { binary: binary.to_owned(), ..self }
    }

    /// With a database that holds this many skills.
    pub(crate) fn with_skills(bench: &Bench, name: &str, skills: usize) -> Result<Self> {
        Self::with_usage(bench, name, skills, 0, 0)
    }

    /// And a usage log of this many rows about the first so many skills.
    pub(crate) fn with_usage(
        bench: &Bench,
        name: &str,
        skills: usize,
        usage_rows: usize,
        used_skills: usize,
    ) -> Result<Self> {
        let project = Self::empty(bench, name)?;
        SqliteStore::create(&project.database(), Options::default(), Clock::System)?;
        let mut store = SqliteStore::open(&project.database(), Access::Write, Options::default(), Clock::System)?;
        workload::fill(&mut store, &Workload { skills, usage_rows, used_skills }, Clock::System, &mut |_, _| Ok(()))?;
        drop(store);
        let size = fs::metadata(project.database())?.len() / 1024 / 1024;
        super::say(&format!("(database of {skills} skills: {size} MiB)"));
        Ok(project)
    }

    /// A copy of another project's database in a folder of its own.
    pub(crate) fn like(bench: &Bench, name: &str, other: &Self) -> Result<Self> {
        let project = Self::empty(bench, name)?;
        let database = project.database();
        fs::create_dir_all(database.parent().ok_or("no folder")?)?;
        fs::copy(other.database(), &database)?;
        Ok(project)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join(".claude/skills-database/skills.db")
    }

    /// cfn in this folder.
    pub(crate) fn cfn<const N: usize>(&self, arguments: [&str; N]) -> Command {
        cfn(&self.binary, &self.folder, arguments)
    }

    /// No database any more.
    pub(crate) fn empty_again(&self) -> Result<()> {
        let folder = self.folder.join(".claude");
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        Ok(())
    }
}

/// cfn in a folder, without anything of the caller's environment that it reads.
fn cfn<const N: usize>(binary: &Path, folder: &Path, arguments: [&str; N]) -> Command {
    let mut command = Command::new(binary);
    for name in [
        "CFN_SKILLS_DB_PATH",
        "CFN_CONTENT_ROOT",
        "CFN_MAX_CONTENT_BYTES",
        "CFN_SYNCHRONOUS",
        "CFN_REDIS_URL",
        "CFN_CACHE",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// The SQLite that is inside cfn.
pub(crate) fn sqlite_version(bench: &Bench) -> Result<String> {
    let project = Project::empty(bench, "version")?;
    timed(&mut project.cfn(["init"]))?;
    let output = project.cfn(["db", "status", "--json"]).output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    Ok(report["sqlite_version"].as_str().unwrap_or("unknown").to_owned())
}
