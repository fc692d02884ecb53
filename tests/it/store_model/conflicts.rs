//! Commands that run into another writer: they run again, and nobody can tell.

use cfn::model::{ChangeType, Decision};

use super::Listener;
use super::files::Files;
use super::observe::observation;
use super::perform::perform;
use super::steps::{Deployment, LoggedUse, Publish, Step};
use crate::memory_store::{Conflicts, MemoryDatabase};

fn deploy(body: usize) -> Step {
    let deployment = Deployment { skill: "alpha", body, agents: vec!["dev"], ..Deployment::default() };
    Step::Publish(Publish::Deploy(deployment))
}

/// One of each command that writes, each after those that it needs.
fn story() -> Vec<(&'static str, Step)> {
    let execution = LoggedUse {
        skill: "alpha",
        agent_id: "a1",
        agent_type: "dev",
        task: Some("t1"),
        phase: None,
        outcome: cfn::model::Outcome { exit_code: Some(0), ..Default::default() },
    };
    let change = ChangeType::Minor;
    let update = Publish::Update { skill: "alpha", body: 2, version: None, change, overrides: false, dry_run: false };
    let rollback = Publish::Rollback { skill: "alpha", to: 2, overrides: false, dry_run: false };
    let import = Publish::Import { update: true, from_any: true, approve: true, overrides: true };
    vec![
        ("deploy", deploy(1)),
        ("deploy again", deploy(3)),
        ("update", Step::Publish(update)),
        ("review", Step::Review { skill: "alpha", version: None, decision: Decision::Rejected }),
        ("rollback", Step::Publish(rollback)),
        ("load", Step::LoadAndLog { agent: "dev", agent_id: "a1", task: Some("t1") }),
        ("log", Step::Log(vec![execution.clone()])),
        ("log many", Step::Log(vec![execution.clone(), execution])),
        ("import", Step::Publish(import)),
        ("restore", Step::Restore { skills: vec!["alpha"], dry_run: false }),
        ("capture", Step::Capture),
    ]
}

#[test]
fn a_command_that_meets_a_conflict_reports_and_writes_the_same() {
    let files = Files::new();
    let all = story();
    for place in [Conflicts::AtFirstWrite, Conflicts::AtCommit] {
        let disturbed = MemoryDatabase::new();
        let mut undisturbed = Listener::new("undisturbed", MemoryDatabase::new(), None);
        let mut listener = Listener::new("disturbed", disturbed.clone(), None);
        for (at, (what, step)) in all.iter().enumerate() {
            let at = at as u64;
            let tell = |to: &mut Listener| {
                let other = to.backend.other_program();
                perform(to.store.as_mut(), other, &files, at, step)
            };
            let expected = tell(&mut undisturbed);
            disturbed.conflict(place, 2);
            let report = tell(&mut listener);
            // Nothing is written by who restores what is active, and captures what is there.
            let writes = place == Conflicts::AtCommit || !["restore", "capture"].contains(what);
            assert!(!writes || disturbed.conflicts_left() == 0, "{what} met no conflict ({place:?}): {report}");
            disturbed.conflict(place, 0);
            assert_eq!(report, expected, "{what}, {place:?}");
            let seen = [&mut undisturbed, &mut listener].map(|it| observation(it.store.as_mut(), at));
            assert_eq!(seen[1], seen[0], "{what}, {place:?}");
        }
    }
}

#[test]
fn a_conflict_without_end_is_an_error_and_changes_nothing() {
    let (files, disturbed) = (Files::new(), MemoryDatabase::new());
    let mut listener = Listener::new("disturbed", disturbed.clone(), None);
    for place in [Conflicts::AtFirstWrite, Conflicts::AtCommit] {
        let before = observation(listener.store.as_mut(), 0);
        disturbed.conflict(place, 1000);
        let other = listener.backend.other_program();
        assert_eq!(perform(listener.store.as_mut(), other, &files, 0, &deploy(1)), "Conflict");
        disturbed.conflict(place, 0);
        assert_eq!(observation(listener.store.as_mut(), 0), before);
    }
}
