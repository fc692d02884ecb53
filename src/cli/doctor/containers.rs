//! Asks the container engines that runs of the project used.

use std::path::PathBuf;

use super::asked::Asked;
use super::failed::failed;
use crate::agents::{EngineLook, Runs, container_health, look_at_engines};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{Area, Diagnosis};

/// The question to the engines.
pub(super) struct Engines {
    asked: Result<(PathBuf, Asked<Vec<EngineLook>>), Failure>,
}

impl Engines {
    /// Asks them.
    pub(super) fn ask(context: &Context) -> Self {
        let asked = context.project().map(|project| {
            let (root, runs) = (project.root().to_owned(), Runs::of(project.root()));
            (root, Asked::ask(move || look_at_engines(&runs)))
        });
        Self { asked }
    }

    /// The lines about them, and about the containers there.
    pub(super) fn lines(self) -> Vec<Diagnosis> {
        match self.asked {
            Err(failure) => vec![failed(Area::Containers, "engine", failure)],
            Ok((project, asked)) => container_health(&Runs::of(&project), &project, asked.answer().as_deref()),
        }
    }
}
