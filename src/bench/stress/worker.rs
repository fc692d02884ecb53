//! A worker: the sequence of its operations, and the writes that were acknowledged to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::client::{Action, Client, Done, Failed};
use super::figures::Figures;
use super::mix::{Kind, Mix};
use crate::bench::Random;
use crate::bench::error::{Error, Result};
use crate::bench::workload::{MEDIAN_BYTES, sized_skill_text, write_file};
use crate::model::{AgentType, Outcome, SkillName, Version};
use crate::ops::NewUse;
use crate::regular_file;

/// Number of skills that all workers deploy to; each version must get a unique number.
const SHARED: usize = 4;

/// Maximum size of a skill file that is deployed.
const MOST_BYTES: u64 = 1 << 20;

/// Number of executions logged per task.
const LOGS_A_TASK: u64 = 50;

/// The skills and agent types to work on.
#[derive(Debug, Clone)]
pub(super) struct Targets {
    /// Agent types, each with its number of skills.
    pub(super) agents: Vec<(AgentType, usize)>,
    pub(super) skills: Vec<SkillName>,
}

/// The acknowledged writes of a worker, and the errors that it saw.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// Versions by skill, with the hash of their bytes.
    pub(super) versions: BTreeMap<String, Vec<(String, String)>>,
    /// The hashes of versions with unknown outcome.
    pub(super) unknown: Vec<String>,
    /// By task, the rows that were acknowledged, and those with unknown outcome.
    pub(super) logs: BTreeMap<String, Logs>,
    pub(super) wrong: Vec<String>,
}

/// The rows of one task, by their unique agent ids.
#[derive(Debug, Default)]
pub(super) struct Logs {
    pub(super) acknowledged: Vec<u64>,
    pub(super) unknown: Vec<u64>,
}

pub(super) struct Worker<'a> {
    number: usize,
    mix: Mix,
    targets: &'a Targets,
    folder: PathBuf,
    agent: AgentType,
    random: Random,
    /// Number of files written; each has unique content.
    files: u64,
    logs: u64,
    deploys: u64,
    own: Option<(SkillName, Version)>,
    pub(super) promises: Promises,
}

impl<'a> Worker<'a> {
    pub(super) fn new(number: usize, mix: Mix, targets: &'a Targets, folder: &Path) -> Result<Self> {
        Ok(Self {
            number,
            mix,
            targets,
            folder: folder.to_owned(),
            agent: format!("stress-agent-{number}").parse()?,
            random: Random::new(0x57_2E55 + number as u64),
            files: 0,
            logs: 0,
            deploys: 0,
            own: None,
            promises: Promises::default(),
        })
    }

    /// Deploys the skill that it will update, without counting it.
    pub(super) fn begin(&mut self, client: &mut dyn Client) -> Result<()> {
        let action = self.deploy()?;
        let failed = match client.run(&action).1 {
            Ok(done) => {
                self.promised(&action, done);
                return Ok(());
            }
            Err(failed) => failed,
        };
        let line = format!("deploying the first skill of worker {}", self.number);
        Err(Error::WrongAnswer { line, what: failed.message })
    }

    /// Works until it must stop.
    pub(super) fn work(&mut self, client: &mut dyn Client, figures: &Figures) -> Result<()> {
        while figures.goes_on() {
            let kind = self.mix.draw(&mut self.random);
            let action = self.next(kind)?;
            let (took, done) = client.run(&action);
            figures.took(self.number, kind, took, done.as_ref().err(), client.lock_waits());
            match done {
                Ok(done) => self.promised(&action, done),
                Err(failed) => self.refused(&action, &failed),
            }
        }
        Ok(())
    }

    fn next(&mut self, kind: Kind) -> Result<Action> {
        match kind {
            Kind::Load => {
                let (agent, _) = &self.targets.agents[self.random.below(self.targets.agents.len())];
                Ok(Action::Load(agent.clone()))
            }
            Kind::Log => Ok(self.log()),
            Kind::Deploy => self.deploy(),
            Kind::Update => self.update(),
        }
    }

    fn log(&mut self) -> Action {
        self.logs += 1;
        Action::Log(Box::new(NewUse {
            skill: self.targets.skills[self.random.below(self.targets.skills.len())].clone(),
            agent_id: format!("stress-{}", self.logs),
            agent_type: self.agent.clone(),
            task_id: Some(format!("stress-{}-{}", self.number, self.logs / LOGS_A_TASK)),
            phase: None,
            outcome: Outcome::default(),
        }))
    }

    /// Deploys alternately a new skill of its own, and new bytes of a shared one.
    fn deploy(&mut self) -> Result<Action> {
        self.deploys += 1;
        let shared = self.deploys.is_multiple_of(2);
        let name = if shared {
            format!("stress-shared-{}", self.random.below(SHARED))
        } else {
            format!("stress-{}-{}", self.number, self.deploys)
        };
        let path = self.write(&name)?;
        Ok(Action::Deploy { name: name.parse()?, path, agent: self.agent.clone() })
    }

    fn update(&mut self) -> Result<Action> {
        let own = self.own.clone().and_then(|(name, version)| Some((name, version.next_patch()?)));
        let Some((name, version)) = own else { return self.deploy() };
        let path = self.write(name.as_str())?;
        Ok(Action::Update { name, version, path })
    }

    fn write(&mut self, name: &str) -> Result<PathBuf> {
        self.files += 1;
        let text = sized_skill_text(name, self.number, self.files, MEDIAN_BYTES);
        write_file(&self.folder, &format!("worker-{}", self.number), &text)
    }

    fn promised(&mut self, action: &Action, done: Done) {
        match (action, done) {
            (Action::Load(agent), Done::Loaded(count, trouble)) => {
                let expected = self.targets.agents.iter().find(|(it, _)| it == agent).map_or(0, |(_, count)| *count);
                if count != expected || !trouble.is_empty() {
                    let what = format!("{agent} got {count} of {expected} skills; {}", trouble.join("; "));
                    self.promises.wrong.push(what);
                }
            }
            (Action::Log(it), _) => {
                let number = self.logs;
                self.task(it).acknowledged.push(number);
            }
            (Action::Deploy { name, .. } | Action::Update { name, .. }, Done::Written(written)) => {
                if !name.as_str().starts_with("stress-shared-") {
                    self.own = written.version.parse().ok().map(|version| (name.clone(), version));
                }
                let versions = self.promises.versions.entry(name.to_string()).or_default();
                versions.push((written.version, written.content_hash));
            }
            (action, done) => self.promises.wrong.push(format!("{action:?} was answered by {done:?}")),
        }
    }

    fn refused(&mut self, action: &Action, failed: &Failed) {
        if !failed.reason.leaves_it_open() {
            if let Action::Log(it) = action {
                self.task(it); // so that it is looked at: nothing may be there
            }
            return;
        }
        match action {
            Action::Load(_) => {}
            Action::Log(it) => {
                let number = self.logs;
                self.task(it).unknown.push(number);
            }
            Action::Deploy { path, .. } | Action::Update { path, .. } => {
                let bytes = regular_file::read(path, MOST_BYTES).unwrap_or_default();
                self.promises.unknown.push(crate::model::ContentHash::of(&bytes).to_string());
                self.own = None; // its version is not known any more
            }
        }
    }

    fn task(&mut self, execution: &NewUse) -> &mut Logs {
        self.promises.logs.entry(execution.task_id.clone().unwrap_or_default()).or_default()
    }
}
