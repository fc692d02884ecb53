//! The formats in which an agent can get its skills, as they are typed.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{self, Listing};

/// How skills are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Format {
    /// Each body in a block of its own
    Prompt,
    /// The <available_skills> block of the Agent Skills format, with paths
    Xml,
    /// One name a line
    Names,
}

impl Format {
    /// With what writing it takes.
    pub(super) fn resolve(self, context: &Context) -> Result<ops::Format, Failure> {
        Ok(match self {
            Self::Prompt => ops::Format::Prompt,
            Self::Names => ops::Format::Names,
            Self::Xml => ops::Format::Xml(Listing { files: context.files()?, project: context.project()? }),
        })
    }
}
