//! The values of --format, --paths and --verify.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{self, Places};
use crate::skill_folder::Check;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Format {
    /// Each skill's content in a block of its own
    Prompt,
    /// The <available_skills> block of the Agent Skills format, with paths
    Xml,
    /// One name a line
    Names,
}

impl From<Format> for ops::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Prompt => Self::Prompt,
            Format::Xml => Self::Xml,
            Format::Names => Self::Names,
        }
    }
}

/// Which files are handed out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Paths {
    /// Read-only copies of the approved files, written if they are missing
    #[default]
    Materialized,
    /// The files that the skills were read from, if they are unchanged
    Source,
}

/// Which hashes of materialized files are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Verify {
    /// Those of skills with a file that changed since the last check, and of all once a day
    #[default]
    Changed,
    /// All
    Full,
}

/// Where to find the files of skills.
pub(super) fn places(context: &Context, paths: Paths, verify: Verify) -> Result<Places, Failure> {
    let settings = &context.settings;
    let check = match verify {
        Verify::Changed => Check::Changed,
        Verify::Full => Check::Full,
    };
    let (folder, now) = (settings.materialize_folder(), context.clock.now().as_second());
    let paths = match paths {
        Paths::Materialized => ops::Paths::Materialized { folder, check, now },
        Paths::Source => ops::Paths::Source,
    };
    Ok(Places { content_root: settings.content_root(), project: context.project()?, paths })
}
