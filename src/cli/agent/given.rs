//! What an agent is given: options that every command has that starts agents.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::container::{Chosen, ContainerArgs, PoolArgs, meant_inside};
use super::engine::{place, require_image, require_limits, require_possible};
use super::place::history;
use crate::agents::{self, EnginePlace, Identity, Input, Request, SkillsAs};
use crate::cli::argument::words;
use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::limits::{LimitArgs, require_processors, seconds};
use crate::model::{AgentType, Visible};
use crate::ops::{self, Layout, Load};

#[derive(Debug, clap::Args)]
pub(super) struct GivenArgs {
    /// Iteration of its task, for its environment
    #[arg(long, value_name = "N")]
    iteration: Option<u32>,
    /// Mode of its task, for its environment
    #[arg(long)]
    mode: Option<String>,
    /// Phase of its task; excludes skills for other phases
    #[arg(long)]
    phase: Option<String>,
    /// Provider of its model, for its environment
    #[arg(long)]
    provider: Option<String>,
    /// Its model, for its environment
    #[arg(long)]
    model: Option<String>,
    /// Keywords of its task, separated by commas; excludes skills for other tasks
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    context: Vec<String>,
    #[command(flatten)]
    container: ContainerArgs,
    #[command(flatten)]
    pool: PoolArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// End it after 150, 300 or 600 seconds, or twice the time that 95 of 100 earlier runs stayed below
    #[arg(long, conflicts_with = "timeout")]
    complexity: Option<Complexity>,
    /// Seconds between asking it to end and ending it
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    grace: Duration,
    /// A variable for its environment: NAME=VALUE, or NAME to pass this command's own; PATH, HOME, LANG, TERM, TZ and
    /// CFN_* pass without passwords
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,
    /// Its current folder [default: one of its own, .cfn-workspaces/ID]
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// How it gets its skills: as folders, in a file that CFN_SKILLS_PROMPT names, or not at all
    #[arg(long, default_value = "folder")]
    skills: Skills,
    /// Where the folders of skills are, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "claude", value_parser = choice::layout())]
    layout: Vec<Layout>,
    /// Exit 7 where the kernel cannot keep the limits, instead of watching them
    #[arg(long)]
    require_limits: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Complexity {
    /// 150 seconds
    Low,
    /// 300 seconds
    Medium,
    /// 600 seconds
    High,
    /// By earlier runs
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Skills {
    /// As folders
    Folder,
    /// In a file
    Prompt,
    /// Not at all
    None,
}

impl GivenArgs {
    /// What must be there before anything is done. All requests have the same engine, and learn where it is.
    pub(super) fn require<'a>(&self, requests: impl IntoIterator<Item = &'a mut Request>) -> Result<(), Failure> {
        let mut found = None;
        for request in requests {
            if found.is_none() {
                found = Some(self.required(request)?);
            }
            if let (Some(container), Some(place)) = (request.container.as_mut(), found) {
                container.place = place;
            }
            match &request.container {
                Some(container) => require_possible(request, container)?,
                None => require_processors(&request.limits)?,
            }
        }
        Ok(())
    }

    fn required(&self, request: &Request) -> Result<EnginePlace, Failure> {
        match &request.container {
            Some(container) if self.require_limits => require_limits(request.runtime, container)?,
            None if self.require_limits => crate::cli::run::require_limits(&request.limits)?,
            _ => {}
        }
        match &request.container {
            Some(container) if request.pool.is_none() => {
                require_image(request.runtime, container)?;
                place(request.runtime, container)
            }
            _ => Ok(EnginePlace::ThisMachine), // a container of the pool had it when it was started
        }
    }

    fn identity(&self) -> Identity {
        Identity {
            iteration: self.iteration,
            mode: self.mode.clone(),
            provider: self.provider.clone(),
            model: self.model.clone(),
        }
    }

    /// A run of an agent of this type, with this deadline.
    pub(super) fn request(
        &self,
        context: &Context,
        agent_type: &AgentType,
        task_id: Option<&str>,
        timeout: Duration,
    ) -> Result<Request, Failure> {
        let load = Load {
            context: words(&self.context),
            phase: self.phase.clone(),
            format: ops::Format::Names,
            ..Load::usual(agent_type.clone())
        };
        let skills = match self.skills {
            Skills::Folder => SkillsAs::Folders(self.layout.clone()),
            Skills::Prompt => SkillsAs::Prompt,
            Skills::None => SkillsAs::None,
        };
        let of = (agent_type, self.limits.limits(), self.workspace.is_some());
        let Chosen { runtime, container, pool, limits } = self.pool.choose(context, &self.container, of)?;
        if container.is_some() && self.layout.contains(&Layout::Plain) {
            let message = "a container cannot have its skills among the files of its workspace";
            return Err(Failure::input(message, "Name --layout claude or agents, or both."));
        }
        let named = self.named()?;
        let passed = agents::passed(std::env::vars_os(), &named);
        Ok(Request {
            load,
            skills,
            task_id: task_id.map(str::to_owned),
            identity: self.identity(),
            environment: if container.is_some() { meant_inside(passed, &named) } else { passed },
            runtime,
            container,
            pool,
            command: self.command.clone(),
            workspace: self.workspace.as_deref().map(|it| context.absolute(it)),
            limits,
            timeout,
            grace: self.grace,
            input: Input::Nothing,
            wave: None,
        })
    }

    /// The time that the mode or the complexity gives; `usual` without both.
    pub(super) fn time(&self, context: &Context, agent_type: &AgentType, usual: Duration) -> Result<Duration, Failure> {
        let by_mode = self.mode.as_deref().and_then(|it| agents::of_mode(it, self.phase.as_deref()));
        let mut successes = Vec::new();
        let complexity = match self.complexity {
            None => return Ok(by_mode.unwrap_or(usual)),
            Some(Complexity::Low) => agents::Complexity::Low,
            Some(Complexity::Medium) => agents::Complexity::Medium,
            Some(Complexity::High) => agents::Complexity::High,
            Some(Complexity::Auto) => {
                let read = history(context).map(|mut it| it.successes(agent_type.as_str(), agents::RUNS));
                successes = read.transpose()?.unwrap_or_default();
                agents::Complexity::Auto
            }
        };
        Ok(complexity.timeout(&successes))
    }

    /// The variables that are named.
    fn named(&self) -> Result<Vec<(OsString, Option<OsString>)>, Failure> {
        use std::os::unix::ffi::OsStrExt as _;
        let split = |it: &OsString| {
            let mut parts = it.as_bytes().splitn(2, |byte| *byte == b'=');
            let name = parts.next().filter(|it| !it.is_empty() && !it.contains(&0))?;
            Some((OsStr::from_bytes(name).to_owned(), parts.next().map(|it| OsStr::from_bytes(it).to_owned())))
        };
        let wrong = |it: &OsString| {
            let message = format!("'{}' names no variable", Visible(it.to_string_lossy()));
            Failure::input(message, "Name it as NAME=VALUE, or as NAME.")
        };
        self.env.iter().map(|it| split(it).ok_or_else(|| wrong(it))).collect()
    }
}
