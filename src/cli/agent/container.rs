//! Options for agents in containers.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::agents::{ContainerPlan, Engine, RuntimeKind, Volume};
use crate::cli::choice::one_of;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Visible;

/// The variables by which the clients find their engines.
const ENGINE: [&str; 9] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
    "CONTAINER_SSHKEY",
    "XDG_RUNTIME_DIR",
];

/// Variables of cfn that name something on this machine.
const OF_THIS_MACHINE: [&str; 4] = ["CFN_SKILLS_DB_PATH", "CFN_CONFIG", "CFN_CONTENT_ROOT", "CFN_MATERIALIZE_DIR"];

/// What a container is made of.
#[derive(Debug, Default, clap::Args)]
pub(super) struct ContainerArgs {
    /// What runs the command [default: docker with --image, else process]
    #[arg(long, value_parser = one_of(str::parse::<RuntimeKind>, || RuntimeKind::ALL.iter().map(|it| it.as_str()).collect()))]
    runtime: Option<RuntimeKind>,
    /// Image of the container; cfn fetches none
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Network of the container [default: that of the engine]
    #[arg(long, value_name = "NAME", requires = "image")]
    network: Option<String>,
    /// A folder of the container in memory: FOLDER or FOLDER:SIZE; /tmp is one in any case
    #[arg(long, value_name = "FOLDER[:SIZE]", requires = "image", value_parser = in_memory)]
    tmpfs: Vec<String>,
    /// A folder or a volume for the container: SOURCE:FOLDER, with :ro to only read it, and with :shared to see here what
    /// it mounts there
    #[arg(long, value_name = "SOURCE:FOLDER", requires = "image")]
    volume: Vec<String>,
}

fn in_memory(text: &str) -> Result<String, String> {
    let (folder, size) = text.split_once(':').unwrap_or((text, "1k"));
    if folder.starts_with('/') && !folder.contains(',') && super::super::limits::size(size).is_ok() {
        Ok(text.to_owned())
    } else {
        Err("a folder in memory is an absolute path, with :SIZE if it is limited, such as /tmp:1g".to_owned())
    }
}

impl ContainerArgs {
    /// What runs the command, and in which container.
    pub(super) fn plan(&self, context: &Context) -> Result<(RuntimeKind, Option<ContainerPlan>), Failure> {
        let default = if self.image.is_some() { RuntimeKind::Docker } else { RuntimeKind::Process };
        let kind = self.runtime.unwrap_or(default);
        match (&self.image, kind) {
            (None, RuntimeKind::Process) => Ok((kind, None)),
            (Some(_), RuntimeKind::Process) => {
                Err(Failure::input("a process has no image", "Leave out --image, or name --runtime docker."))
            }
            (None, _) => Err(Failure::input("a container needs an image", "Name it with --image.")),
            (Some(image), _) => Ok((kind, Some(self.container(context, image)?))),
        }
    }

    fn container(&self, context: &Context, image: &str) -> Result<ContainerPlan, Failure> {
        let variable = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        let volumes: Result<_, _> = self.volume.iter().map(|it| volume(it, |path| context.absolute(path))).collect();
        Ok(ContainerPlan {
            image: image.to_owned(),
            network: self.network.clone(),
            tmpfs: self.tmpfs.clone(),
            volumes: volumes?,
            engine: ENGINE.iter().filter_map(variable).collect(),
            ..ContainerPlan::default()
        })
    }
}

/// Fails unless the engine is there and has the image.
pub(super) fn require_image(kind: RuntimeKind, container: &ContainerPlan) -> Result<(), Failure> {
    let required = Engine::of(kind, &container.engine).map_or(Ok(()), |it| it.require_image(&container.image));
    required.map_err(|error| crate::agents::AgentError::from(error).into())
}

/// `SOURCE:FOLDER[:ro][:shared]`. A source with a `/` or a leading dot is a path.
fn volume(text: &str, absolute: impl Fn(&Path) -> std::path::PathBuf) -> Result<Volume, Failure> {
    let wrong = || {
        let message = format!("'{}' is no volume", Visible(text));
        Failure::input(
            message,
            "Name it as SOURCE:FOLDER, with an absolute path of the container, and :ro to only read it.",
        )
    };
    let mut parts = text.split(':');
    let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let options: Vec<_> = parts.flat_map(|it| it.split(',')).collect();
    let is_known = |it: &&str| ["ro", "rw", "shared"].contains(it);
    if source.is_empty() || !target.starts_with('/') || !options.iter().all(is_known) {
        return Err(wrong());
    }
    let is_path = source.contains('/') || source.starts_with('.');
    let source =
        if is_path { absolute(Path::new(source)).to_str().ok_or_else(wrong)?.to_owned() } else { source.to_owned() };
    let is = |option: &str| options.contains(&option);
    Ok(Volume { source, target: target.to_owned(), read_only: is("ro"), shared: is("shared") })
}

/// The named variables, and of the others those that mean the same in a container.
pub(super) fn meant_inside(
    environment: Vec<(OsString, OsString)>,
    named: &[(OsString, Option<OsString>)],
) -> Vec<(OsString, OsString)> {
    let is_named = |name: &OsStr| named.iter().any(|(it, _)| it == name);
    let is_of_this_machine = |name: &OsStr| OF_THIS_MACHINE.iter().any(|it| name == *it);
    environment.into_iter().filter(|(name, _)| is_named(name) || !is_of_this_machine(name)).collect()
}
