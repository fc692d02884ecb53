//! The values of --format.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{self, Listing};

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

impl Format {
    /// Adds what rendering this format needs.
    pub(super) fn resolve(self, context: &Context) -> Result<ops::Format, Failure> {
        Ok(match self {
            Self::Prompt => ops::Format::Prompt,
            Self::Names => ops::Format::Names,
            Self::Xml => ops::Format::Xml(Listing { files: context.files()?, project: context.project()? }),
        })
    }
}
