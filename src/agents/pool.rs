//! Pools: containers that wait for runs of a project on this machine.
//!
//! | path | what it is |
//! |---|---|
//! | `.cfn-workspaces/.pool/NAME` | the workspace of a member that waits |
//! | `.cfn-workspaces/.state/.pool/members/NAME.json` | the member |
//! | `.cfn-workspaces/.state/.pool/NAME.json` | a pool: how many of which members |
//!
//! A run claims a member by renaming its workspace to that of the run, which only one of them can. The container sees the
//! folder wherever it is. A claim needs no database, and stands whatever is killed.

use std::fs::{self, File};
use std::hash::BuildHasher as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::container_plan::ContainerPlan;
use super::error::{AgentError, Result};
use super::files;
use super::places::make_folders;
use super::pool_member::PoolMember;
use super::run_folder::Runs;
use super::runtime_kind::RuntimeKind;
use crate::linux::Limits;
use crate::model::AgentId;
use crate::staged_file::rename_to_free;

/// Maximum time for starting a member.
const STARTING: Duration = Duration::from_secs(120);

/// What a pool keeps ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolPlan {
    /// How many members wait.
    pub size: usize,
    /// The agent type that they are kept for; none for all.
    pub agent_type: Option<String>,
    /// Which client.
    pub runtime: RuntimeKind,
    /// What they are made of.
    pub container: ContainerPlan,
    /// Their limits.
    pub limits: Limits,
}

/// What a run wants of a member.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its agent type.
    pub agent_type: String,
    /// Its image; none for any.
    pub image: Option<String>,
}

/// The pools of a project.
#[derive(Debug, Clone)]
pub struct Pool {
    folder: PathBuf,
    state: PathBuf,
    runs: Runs,
}

impl Pool {
    /// Of the runs of a project.
    #[must_use]
    pub fn of(runs: &Runs) -> Self {
        Self { folder: runs.root().join(".pool"), state: runs.state().join(".pool"), runs: runs.clone() }
    }

    /// The runs that it is for.
    #[must_use]
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    fn members_folder(&self) -> PathBuf {
        self.state.join("members")
    }

    /// The workspace of a member that waits.
    #[must_use]
    pub fn workspace(&self, member: &str) -> PathBuf {
        self.folder.join(member)
    }

    fn make(&self) -> Result<()> {
        self.runs.ensure()?;
        [&self.folder, &self.state, &self.members_folder()].into_iter().try_for_each(|it| files::ensure_folder(it))
    }

    /// The plans, those for one agent type first.
    #[must_use]
    pub fn plans(&self) -> Vec<PoolPlan> {
        let mut plans: Vec<PoolPlan> = files::read_all(&self.state);
        plans.sort_by(|one, other| other.agent_type.cmp(&one.agent_type));
        plans
    }

    /// Notes a plan, in the place of that for the same agent type.
    pub fn set_plan(&self, plan: &PoolPlan) -> Result<()> {
        self.make()?;
        files::write(&self.plan_file(plan.agent_type.as_deref()), plan)
    }

    /// Forgets the plan for an agent type, or that for all.
    pub fn remove_plan(&self, agent_type: Option<&str>) {
        let _ = fs::remove_file(self.plan_file(agent_type)); // another process may have been faster
    }

    fn plan_file(&self, agent_type: Option<&str>) -> PathBuf {
        let name = agent_type.map_or("all".to_owned(), |it| format!("type-{}", it.replace('/', "_")));
        self.state.join(format!("{name}.json"))
    }

    /// The plan whose members a run may claim.
    #[must_use]
    pub fn plan_for(&self, wanted: &Wanted) -> Option<PoolPlan> {
        self.plans().into_iter().find(|it| wanted.is_met(it.agent_type.as_deref(), &it.container.image))
    }

    /// The members that wait.
    #[must_use]
    pub fn waiting(&self) -> Vec<PoolMember> {
        let members = files::read_all::<PoolMember>(&self.members_folder());
        members.into_iter().filter(|it| self.workspace(&it.name).is_dir()).collect()
    }

    /// A member of a plan, whose container is not there yet, and its workspace.
    pub fn new_member(&self, plan: &PoolPlan) -> Result<(PoolMember, PathBuf)> {
        self.make()?;
        let number = || std::hash::RandomState::new().hash_one(std::process::id());
        let name = format!("cfn-pool-{:016x}", number());
        let workspace = self.folder.join(format!(".new-{name}"));
        files::ensure_folder(&workspace)?;
        super::places::SKILLS.iter().try_for_each(|it| make_folders(&workspace, it))?;
        let binds = super::places::binds(&workspace, None)?;
        let member = PoolMember {
            container: ContainerPlan { name: name.clone(), binds, ..plan.container.clone() },
            name,
            id: String::new(),
            run: format!("{:016x}", number()),
            process: None,
            runtime: plan.runtime,
            limits: plan.limits.clone(),
            agent_type: plan.agent_type.clone(),
        };
        Ok((member, workspace))
    }

    /// Whether a member waits, or is being started.
    #[must_use]
    pub fn has(&self, member: &str) -> bool {
        let waits = self.workspace(member).is_dir() && self.member_file(member).is_file();
        let started = fs::metadata(self.folder.join(format!(".new-{member}"))).and_then(|it| it.modified());
        let age = started.ok().and_then(|it| it.elapsed().ok());
        waits || age.is_some_and(|it| it < STARTING)
    }

    /// From here on, runs claim a member.
    pub fn offer(&self, member: &PoolMember, workspace: &Path) -> Result<()> {
        self.note(member)?;
        let to = self.workspace(&member.name);
        fs::rename(workspace, &to).map_err(|source| AgentError::File { what: "make the folder", path: to, source })
    }

    /// Notes what is known of a member.
    pub fn note(&self, member: &PoolMember) -> Result<()> {
        files::write(&self.member_file(&member.name), member)
    }

    fn member_file(&self, member: &str) -> PathBuf {
        self.members_folder().join(format!("{member}.json"))
    }

    /// Claims a member that waits: its workspace is that of the run then. `None` if there is none.
    #[must_use]
    pub fn claim(&self, wanted: &Wanted, agent: &AgentId) -> Option<PoolMember> {
        let mut members = self.waiting();
        members.retain(|it| wanted.is_met(it.agent_type.as_deref(), &it.container.image) && it.is_alive());
        // Those who claim at the same time begin at different ones.
        let first = std::hash::RandomState::new().hash_one(agent.as_str());
        let first = usize::try_from(first % members.len().max(1) as u64).unwrap_or(0);
        members.rotate_left(first);
        let claimed = members.into_iter().find(|it| self.take(&it.name, &self.runs.workspace(agent)));
        claimed.inspect(|it| self.forget(&it.name))
    }

    /// Takes a member from those that wait, so that nobody claims it; returns whether it waited.
    #[must_use]
    pub fn withdraw(&self, member: &str) -> bool {
        let gone = self.folder.join(format!(".gone-{member}"));
        let taken = self.take(member, &gone);
        let _ = fs::remove_dir_all(&gone); // what is left of it is as good as gone
        if taken {
            self.forget(member);
        }
        taken
    }

    fn take(&self, member: &str, to: &Path) -> bool {
        rename_to_free(&self.workspace(member), to).is_ok()
    }

    fn forget(&self, member: &str) {
        let _ = fs::remove_file(self.member_file(member)); // without its workspace, it does not wait
    }

    /// The lock of the one process that keeps the pools filled; `None` if another has it.
    pub fn lock_of_keeper(&self) -> Result<Option<File>> {
        self.make()?;
        let file = files::ensure_lock(&self.state.join("keeper.lock"))?;
        Ok(file.try_lock().is_ok().then_some(file))
    }
}

impl Wanted {
    fn is_met(&self, agent_type: Option<&str>, image: &str) -> bool {
        agent_type.is_none_or(|it| it == self.agent_type) && self.image.as_deref().is_none_or(|it| it == image)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::{ContainerPlan, Limits, Pool, PoolPlan, RuntimeKind, Wanted};
    use crate::agents::run_folder::Runs;

    #[test]
    fn each_of_64_that_claim_at_once_gets_a_member_and_no_two_the_same() {
        let project = tempfile::TempDir::new().expect("a folder");
        let pool = Pool::of(&Runs::of(project.path()));
        let container = ContainerPlan { image: "image".to_owned(), ..ContainerPlan::default() };
        let (runtime, limits) = (RuntimeKind::Docker, Limits::default());
        let plan = PoolPlan { size: 64, agent_type: Some("tester".to_owned()), runtime, container, limits };
        for _ in 0..plan.size {
            let (member, workspace) = pool.new_member(&plan).expect("a member");
            pool.offer(&member, &workspace).expect("it waits");
        }
        let claim = |number: usize, agent_type: &str| {
            let wanted = Wanted { agent_type: agent_type.to_owned(), image: None };
            pool.claim(&wanted, &format!("agent-{number}").parse().expect("an id"))
        };
        assert!(claim(0, "reviewer").is_none(), "they are for testers");
        let claimed: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> = (0..64).map(|it| scope.spawn(move || claim(it, "tester"))).collect();
            all.into_iter().map(|it| it.join().expect("it ends").expect("a member").name).collect()
        });
        assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 64);
        assert!(claim(64, "tester").is_none() && pool.waiting().is_empty());
        assert!(pool.runs().root().join("agent-7/.claude/skills").is_dir());
    }
}
