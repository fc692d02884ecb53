//! Options for agents in containers.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::engine::engine_variables;
use crate::agents::{ContainerPlan, Pool, Runs, RuntimeKind, Volume, Wanted};
use crate::cli::choice::one_of;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::linux::Limits;
use crate::model::{AgentType, Visible};

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
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
    /// A folder of the container in memory: FOLDER or FOLDER:SIZE; /tmp is one in any case
    #[arg(long, value_name = "FOLDER[:SIZE]", value_parser = in_memory)]
    tmpfs: Vec<String>,
    /// A folder or a volume for the container: SOURCE:FOLDER, with :ro to only read it, and with :shared to see here what
    /// it mounts there. An engine on another machine has its volumes only
    #[arg(long, value_name = "SOURCE:FOLDER")]
    volume: Vec<String>,
}

/// Containers of a pool.
#[derive(Debug, Default, clap::Args)]
pub(super) struct PoolArgs {
    /// Take a container that waits in the pool; with --volume, --network, --tmpfs or --workspace, and from an empty pool,
    /// start a new one
    #[arg(long)]
    pool: bool,
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
            (None, RuntimeKind::Process) if self.is_for_container() => {
                Err(Failure::input("a process has no volumes and networks of its own", "Name an image with --image."))
            }
            (None, RuntimeKind::Process) => Ok((kind, None)),
            (Some(_), RuntimeKind::Process) => {
                Err(Failure::input("a process has no image", "Leave out --image, or name --runtime docker."))
            }
            (None, _) => Err(Failure::input("a container needs an image", "Name it with --image.")),
            (Some(image), _) => Ok((kind, Some(self.container(context, image)?))),
        }
    }

    fn is_for_container(&self) -> bool {
        self.network.is_some() || !self.tmpfs.is_empty() || !self.volume.is_empty()
    }

    fn container(&self, context: &Context, image: &str) -> Result<ContainerPlan, Failure> {
        let volumes: Result<_, _> = self.volume.iter().map(|it| volume(it, |path| context.absolute(path))).collect();
        Ok(ContainerPlan {
            image: image.to_owned(),
            network: self.network.clone(),
            tmpfs: self.tmpfs.clone(),
            volumes: volumes?,
            engine: engine_variables().collect(),
            ..ContainerPlan::default()
        })
    }
}

/// What runs a command, and where.
pub(super) struct Chosen {
    pub(super) runtime: RuntimeKind,
    pub(super) container: Option<ContainerPlan>,
    pub(super) pool: Option<Wanted>,
    pub(super) limits: Limits,
}

impl PoolArgs {
    /// Chooses the container of a pool, if one is to be taken. A new one has what those of the pool have.
    pub(super) fn choose(
        &self,
        context: &Context,
        args: &ContainerArgs,
        (agent_type, limits, is_elsewhere): (&AgentType, Limits, bool),
    ) -> Result<Chosen, Failure> {
        if !self.pool {
            let (runtime, container) = args.plan(context)?;
            return Ok(Chosen { runtime, container, pool: None, limits });
        }
        let wanted = Wanted { agent_type: agent_type.as_str().to_owned(), image: args.image.clone() };
        let pool = Pool::of(&Runs::of(context.project()?.root()));
        let Some(plan) = pool.plan_for(&wanted) else {
            let message = format!("there is no pool for agents of type {}", Visible(agent_type.as_str()));
            return Err(Failure::input(message, "Start one with 'cfn agent pool start', or leave out --pool."));
        };
        let mut container = plan.container;
        let is_new = is_elsewhere || args.network.is_some() || !args.tmpfs.is_empty() || !args.volume.is_empty();
        if is_new {
            tracing::info!("a container that waits cannot be given --volume, --network, --tmpfs or --workspace");
            let own = args.container(context, &container.image)?;
            let network = own.network.or(container.network);
            container = ContainerPlan { network, tmpfs: own.tmpfs, volumes: own.volumes, ..container };
        }
        let pool = (!is_new).then_some(wanted);
        Ok(Chosen { runtime: plan.runtime, container: Some(container), pool, limits: limits.or(plan.limits) })
    }
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
