//! Commands that make bytes a version.

use cfn::clock::Clock;
use cfn::model::{ChangeType, Version};
use cfn::ops::{self, Deploy, Import, Rollback, Update};
use cfn::store::Store;

use super::files::Files;
use super::perform::{name, recorded, told};
use super::steps::{Deployment, Publish};

const REASON: &str = "it was right";

impl Publish {
    pub(super) fn perform(&self, store: &mut dyn Store, files: &Files, clock: Clock) -> String {
        let Files { rules, project, .. } = files;
        match self {
            Self::Deploy(deployment) => deployment.perform(store, files, clock),
            Self::Update { skill, body, version, change, overrides, dry_run } => {
                let (name, path) = (name(skill), files.path(skill, *body));
                let version = version.unwrap_or_else(|| successor(recorded(store, skill, 0), *change));
                let request = Update {
                    notify_agents: true,
                    reason: overrides.then_some(REASON),
                    override_rejection: *overrides,
                    dry_run: *dry_run,
                    ..Update::new(&name, version, &path, *change)
                };
                told(ops::update(store, rules, project, clock, &request))
            }
            Self::Rollback { skill, to, overrides, dry_run } => {
                let (name, to, reason) = (name(skill), recorded(store, skill, *to), overrides.then_some(REASON));
                let (override_rejection, dry_run) = (*overrides, *dry_run);
                let request = Rollback { reason, override_rejection, dry_run, ..Rollback::new(&name, to) };
                told(ops::rollback(store, clock, &request))
            }
            Self::Import { update, from_any, approve, overrides } => {
                let folder = files.tree();
                let request = Import {
                    update: *update,
                    from_any: *from_any,
                    approve_as: approve.then_some("ann"),
                    reason: Some(REASON),
                    override_rejection: *overrides,
                    ..Import::new(&folder)
                };
                told(ops::import(store, rules, project, clock, &request, &mut |_| {}))
            }
        }
    }
}

impl Deployment {
    fn perform(&self, store: &mut dyn Store, files: &Files, clock: Clock) -> String {
        let (name, path) = (name(self.skill), files.path(self.skill, self.body));
        let agents: Vec<_> = self.agents.iter().map(|it| it.parse().expect("an agent type")).collect();
        let context = ["auth".to_owned()];
        let request = Deploy {
            version: self.version,
            category: self.category,
            agents: &agents,
            priority: self.priority,
            required: self.required,
            context: self.context.then_some(&context[..]),
            reason: self.overrides.then_some(REASON),
            override_rejection: self.overrides,
            dry_run: self.dry_run,
            ..Deploy::new(7, &name, &path)
        };
        told(ops::deploy(store, &files.rules, &files.project, clock, &request))
    }
}

fn successor(version: Version, change: ChangeType) -> Version {
    let (major, minor) = (version.major(), version.minor());
    match change {
        ChangeType::Patch => version.next_patch().expect("a small one"),
        ChangeType::Minor => format!("{major}.{}.0", minor + 1).parse().expect("a version"),
        ChangeType::Major => format!("{}.0.0", major + 1).parse().expect("a version"),
    }
}
