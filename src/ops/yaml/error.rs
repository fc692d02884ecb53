//! Why a document was not imported or written.

use std::io;

use crate::model::Visible;

/// Why a document was not imported or written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It cannot be read.
    #[error("the document cannot be imported: {problem}")]
    Invalid {
        /// The problem.
        problem: String,
    },
    /// Skills of it exist with other bytes.
    #[error("skills of the document exist with other bytes: {}", Visible(shortened(skills)))]
    Conflicts {
        /// Their names.
        skills: Vec<String>,
    },
    /// It could not be written.
    #[error("the document could not be written: {0}")]
    Output(io::Error),
}

/// The first names.
fn shortened(names: &[String]) -> String {
    let more = if names.len() > 10 { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(10)].join(", "))
}
