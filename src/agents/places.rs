//! Where what an agent gets lies on this machine, and where its command sees it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::container_plan::{Bind, ContainerPlan, EnginePlace, INSIDE};
use super::error::{AgentError, Result};
use super::files;
use super::run_folder::{RunFolder, Runs};
use crate::model::AgentId;

/// The file with skills.
const PROMPT: &str = "skills-prompt.md";

/// Where a container sees that file, if its workspace is one of the caller's.
const PROMPT_INSIDE: &str = "/cfn/skills-prompt.md";

/// The folders of skills. A container sees those of its run there, and nothing else.
pub const SKILLS: [&str; 2] = [".claude/skills", ".agents/skills"];

/// Where things lie, and where the command sees them.
#[derive(Debug)]
pub(super) struct Places {
    /// The command's current folder.
    pub(super) workspace: PathBuf,
    /// The folder into which skills are exported.
    pub(super) skills: PathBuf,
    /// The file with skills.
    pub(super) prompt: PathBuf,
    /// The same as the command sees it.
    pub(super) prompt_seen: PathBuf,
    /// The workspace as the command sees it.
    pub(super) workspace_seen: PathBuf,
    /// The project as the command sees it.
    pub(super) project_seen: PathBuf,
    /// The container with its name and its folders.
    pub(super) container: Option<ContainerPlan>,
}

impl Places {
    /// Of a command on this machine.
    pub(super) fn of_process(project: &Path, own: &Path, given: Option<&Path>, folder: &RunFolder) -> Result<Self> {
        let workspace = given.unwrap_or(own).to_owned();
        require_folder(&workspace)?;
        let prompt = folder.path().join(PROMPT);
        Ok(Self {
            skills: workspace.clone(),
            prompt_seen: prompt.clone(),
            prompt,
            workspace_seen: workspace.clone(),
            workspace,
            project_seen: project.to_owned(),
            container: None,
        })
    }

    /// Of a command in a container. Its skills lie in the run's own folder, whatever its workspace is.
    pub(super) fn of_container(
        own: &Path,
        given: Option<&Path>,
        agent_id: &AgentId,
        template: &ContainerPlan,
    ) -> Result<Self> {
        let workspace = given.unwrap_or(own).to_owned();
        require_folder(&workspace)?;
        for skills in SKILLS {
            make_folders(own, skills)?;
        }
        let binds = match template.place {
            EnginePlace::ThisMachine => binds(own, given)?,
            EnginePlace::AnotherMachine => Vec::new(),
        };
        let mut container = ContainerPlan { binds, ..template.clone() };
        if container.name.is_empty() {
            let prefix = if agent_id.as_str().starts_with("agent-") { "" } else { "agent-" };
            container.name = format!("{prefix}{agent_id}");
        }
        let prompt_seen = if given.is_some() { PROMPT_INSIDE.into() } else { Path::new(INSIDE).join(PROMPT) };
        Ok(Self {
            workspace,
            skills: own.to_owned(),
            prompt: own.join(PROMPT),
            prompt_seen,
            workspace_seen: INSIDE.into(),
            project_seen: INSIDE.into(),
            container: Some(container),
        })
    }

    /// The file with skills is seen too; called when it is written.
    pub(super) fn show_prompt(&mut self) {
        let is_apart = self.prompt_seen == Path::new(PROMPT_INSIDE);
        if let Some(container) = self.container.as_mut().filter(|_| is_apart) {
            container.binds.push(bind(self.prompt.clone(), PROMPT_INSIDE, true));
        }
    }
}

/// What a container sees: its workspace, and the skills of its run over whatever skills are there. A workspace of the
/// caller's may be the project itself: nothing of its `.claude` is seen.
pub(super) fn binds(own: &Path, given: Option<&Path>) -> Result<Vec<Bind>> {
    let mut binds = vec![bind(given.unwrap_or(own).to_owned(), INSIDE, false)];
    if let Some(given) = given {
        for skills in SKILLS {
            make_folders(given, skills)?; // the engine would make them for itself, as root
        }
        binds.push(bind(own.join(".claude"), &format!("{INSIDE}/.claude"), false));
    }
    binds.extend(SKILLS.iter().map(|it| bind(own.join(it), &format!("{INSIDE}/{it}"), true)));
    Ok(binds)
}

fn bind(source: PathBuf, target: &str, read_only: bool) -> Bind {
    Bind { source, target: target.to_owned(), read_only }
}

/// Makes folders in a folder, one in the other. A link is in the way: it might lead anywhere.
pub(super) fn make_folders(within: &Path, path: &str) -> Result<()> {
    let mut folder = within.to_owned();
    for part in path.split('/') {
        folder.push(part);
        let made = fs::create_dir(&folder);
        let is_there = || fs::symlink_metadata(&folder).is_ok_and(|it| it.is_dir());
        if let Err(source) = made
            && !is_there()
        {
            return Err(AgentError::File { what: "make the folder", path: folder, source });
        }
    }
    Ok(())
}

fn require_folder(workspace: &Path) -> Result<()> {
    if workspace.is_dir() {
        return Ok(());
    }
    let source = io::ErrorKind::NotADirectory.into();
    Err(AgentError::File { what: "use the workspace", path: workspace.to_owned(), source })
}

/// The run's own folder, which is made unless the command needs none.
pub(super) fn own_folder(runs: &Runs, agent_id: &AgentId, is_needed: bool) -> Result<Option<PathBuf>> {
    let own = runs.workspace(agent_id);
    if !is_needed {
        return Ok(None);
    }
    files::ensure_folder(&own).map(|()| Some(own))
}
