//! What the container of a run is made of.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the container of a run is made of, beside the limits of the run. It has no secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerPlan {
    /// Its image.
    pub image: String,
    /// Its name; empty until the run has an id.
    pub name: String,
    /// Its network; none for that of the engine.
    pub network: Option<String>,
    /// Folders in memory, as `FOLDER` or `FOLDER:SIZE`. `/tmp` is one in any case.
    pub tmpfs: Vec<String>,
    /// What is mounted beside the workspace and the skills.
    pub volumes: Vec<Volume>,
    /// Labels beside those that every container of a run has.
    pub labels: Vec<(String, String)>,
    /// The variables by which the client finds its engine.
    pub engine: Vec<(String, String)>,
    /// Where that engine is.
    #[serde(default)]
    pub place: EnginePlace,
    /// The folders of the run that it sees. On another machine there are none: its workspace is copied there and back.
    pub binds: Vec<Bind>,
}

/// Where an engine is, and so its containers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnginePlace {
    /// Its containers see folders of this machine, and this machine sees their processes.
    #[default]
    ThisMachine,
    /// Neither: a process with the same number here is a stranger's.
    AnotherMachine,
}

/// A volume or a folder of this machine, and where the container sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The name of a volume, or the absolute path of a folder or file.
    pub source: String,
    /// Where it is in the container.
    pub target: String,
    /// Whether nothing may be written to it.
    pub read_only: bool,
    /// Whether mounts that the container makes in it appear here too.
    pub shared: bool,
}

/// A folder of the run, and where the container sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// The folder.
    pub source: PathBuf,
    /// Where it is in the container.
    pub target: String,
    /// Whether nothing may be written to it.
    pub read_only: bool,
}

/// The workspace of a run, as its container sees it.
pub const INSIDE: &str = "/workspace";
