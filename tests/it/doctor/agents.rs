//! Runs of agents.

use super::{examined, sees, types};
use crate::agent::scene::{HOG, detach, kill, project, spawn, supervisor};
use crate::patience::eventually;

#[test]
fn runs_of_killed_supervisors_are_named_and_settled() {
    let project = project();
    spawn(&project, &["--", "true"]).ok();
    sees(&examined(&project, &[]), "agents", "runs", "ok", "0 running");
    let agent = detach(&project, &["--", "sleep", "600"]);
    sees(&examined(&project, &[]), "agents", "runs", "ok", "1 running");
    kill("-KILL", &supervisor(&project, &agent));
    let left = format!("1 whose supervisor was killed: {agent}");
    eventually("the lock is free", || examined(&project, &[]).to_string().contains(&left));
    let mend = sees(&examined(&project, &[]), "agents", "runs", "warn", &left);
    types(&project, &mend);
    sees(&examined(&project, &[]), "agents", "runs", "ok", "0 running");
}

#[test]
fn more_memory_and_more_runs_than_the_machine_has_are_named() {
    let project = project();
    let most = 2 * std::thread::available_parallelism().expect("processors").get();
    let agents: Vec<_> =
        (0..=most).map(|_| detach(&project, &["--skills", "none", "--memory", "4t", "--", "sleep", "600"])).collect();
    let found = examined(&project, &[]);
    sees(&found, "agents", "parallelism", "warn", &format!("{} running on", most + 1));
    sees(&found, "agents", "memory limits", "warn", &format!("{} running, 0 of them without a limit", most + 1));
    types(&project, &format!("cfn agent stop {}", agents.join(" ")));
    let found = examined(&project, &[]);
    sees(&found, "agents", "parallelism", "ok", "0 running");
    sees(&found, "agents", "memory limits", "not_used", "no agent runs");
}

#[test]
fn runs_that_needed_more_memory_are_named() {
    let project = project();
    assert_eq!(spawn(&project, &["--memory", "64m", "--", "python3", "-c", HOG]).code, Some(137));
    let mend =
        sees(&examined(&project, &[]), "agents", "ended for memory", "warn", "1 of 1 runs that ended: agent-tester-");
    for command in super::commands(&mend) {
        types(&project, &command);
    }
    sees(&examined(&project, &[]), "agents", "ended for memory", "ok", "0 of 0 runs");
}
