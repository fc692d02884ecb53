//! `skill export-yaml` and `skill import-yaml`: skills as one YAML document, version 2.0, as the old scripts wrote it.
//!
//! Beyond their keys, a skill has `versions`, each with its `content`: without the bytes, nothing could be served elsewhere.
//! A document without them names files, and only those in the project whose hash matches are taken.
//!
//! A document is read as a stream, twice: first everything is checked, and mappings and decisions are kept; then the
//! skills are written, in batches. So the memory for an import does not grow with the contents.
//!
//! A document does not approve itself: unless its approvals are trusted, its skills wait for review.
//!
//! | file | what it owns |
//! |---|---|
//! | `export`, `text` | writing a document |
//! | `entry` | what a document has about a skill, a mapping, a decision and a use |
//! | `folder` | the files of a version in a document |
//! | `stream` | reading a document |
//! | `check` | what is wrong with a document, and what is kept of it |
//! | `request` | what to import, and what was imported |
//! | `import` | the order of an import |
//! | `incoming` | a skill of a document, with its bytes |
//! | `take`, `restore`, `mapping` | writing one skill |
//! | `uses` | adding the usage log |
//! | `error` | why a document was not imported or written |

mod check;
mod entry;
mod error;
mod export;
mod folder;
mod import;
mod incoming;
mod mapping;
mod request;
mod restore;
mod stream;
mod take;
mod text;
mod uses;

pub use error::DocumentError;
pub use export::{ExportYaml, ExportYamlReport, export_yaml};
pub use import::import_yaml;
pub use request::{ImportYaml, ImportYamlMode, ImportYamlReport};
