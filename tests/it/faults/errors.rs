//! Every write, sync, open and truncation fails, one after the other, once and from then on.

use std::fs;

use super::tools::{assert_one_message, current, finish, sha256, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

/// How often each way to end was met.
#[derive(Debug, Default)]
struct Ends {
    committed: usize,
    refused: usize,
    unknown: usize,
}

/// A command that changes one skill from known bytes to others.
struct Change {
    args: fn(&str) -> Vec<String>,
    deployed_before: bool,
}

const DEPLOY: Change =
    Change { args: |path| words(&["deploy", "1", "skill", path, "domain", "agent"]), deployed_before: false };
const UPDATE: Change = Change { args: |path| words(&["update", "skill", "1.0.1", path]), deployed_before: true };

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&it| it.to_owned()).collect()
}

/// Files that faults are about: the database, its log, its shared memory and its folder.
fn only_the_database(project: &Project) -> Vec<String> {
    let path = project.database().to_string_lossy().into_owned();
    let folder = project.database().parent().expect("a folder").to_string_lossy().into_owned();
    [path.clone(), format!("{path}-wal"), format!("{path}-shm"), folder]
        .iter()
        .flat_map(|it| ["-P".to_owned(), it.clone()])
        .collect()
}

/// Runs the change with the nth such call failing; whether any did, and what cfn answered, its errors as JSON.
pub(super) fn with_fault(project: &Project, args: &[String], call: &str, error: &str, when: &str) -> (bool, Ran) {
    let log = project.path().join("calls");
    let rule = format!("inject={call}:error={error}:when={when}");
    let log_path = log.to_string_lossy().into_owned();
    let mut wrapper = words(&["strace", "-f", "-qq", "-o", &log_path]);
    wrapper.extend(only_the_database(project));
    wrapper.extend(words(&["-e", &rule]));
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    let args = args.iter().map(String::as_str).chain(["--json"]);
    let ran = Ran::from(finish(under(project, &wrapper, args)));
    (fs::read_to_string(log).expect("the log of strace").contains("(INJECTED)"), ran)
}

/// Whether the change is there, and what the answer says about it.
fn judge(project: &Project, what: &str, before: Option<&(String, String)>, hash: &str, ran: &Ran, ends: &mut Ends) {
    let now = current(project, "skill");
    let done = now.as_ref().is_some_and(|it| it.1 == hash);
    assert!(done || now.as_ref() == before, "{what}: {now:?} {ran:?}");
    match ran.code {
        Some(0) => {
            assert!(done, "{what}: success without a commit: {ran:?}");
            assert_eq!(ran.stderr, "", "{what}");
            ends.committed += 1;
        }
        Some(3) => {
            assert_one_message(ran);
            assert_eq!(ran.stdout, "", "{what}");
            if ran.kind().as_deref() == Some("outcome_unknown") {
                ends.unknown += 1;
            } else {
                assert!(!done, "{what}: refused, and there all the same: {ran:?}");
                ends.refused += 1;
            }
        }
        _ => panic!("{what}: {ran:?}"),
    }
    assert_clean(project);
}

/// One call, one error: at every place where the change makes that call, once or from there on.
fn at_every(change: &Change, call: &str, error: &str, for_ever: bool) -> Ends {
    let mut ends = Ends::default();
    for nth in 1.. {
        assert!(nth < 2_000, "it never ends undisturbed");
        let project = Project::new();
        if change.deployed_before {
            let path = project.skill("skill", "The first.").to_string_lossy().into_owned();
            project.cfn((DEPLOY.args)(&path)).ok();
        }
        let before = current(&project, "skill");
        let path = project.skill("skill", "The second.").to_string_lossy().into_owned();
        let hash = sha256(&fs::read(&path).expect("the file"));
        let args = (change.args)(&path);
        let when = if for_ever { format!("{nth}+") } else { nth.to_string() };
        let (met, ran) = with_fault(&project, &args, call, error, &when);
        judge(&project, &format!("{call} {when} {error}"), before.as_ref(), &hash, &ran, &mut ends);
        // The next run works: it does what this one could not, or says that it is done.
        let next = project.cfn(&args);
        let done = change.deployed_before && current(&project, "skill").is_some_and(|it| it.1 == hash);
        assert!(next.code == Some(0) || (done && matches!(next.code, Some(5 | 6))), "{call} {when} {error}: {next:?}");
        assert_clean(&project);
        if !met {
            assert_eq!(ran.code, Some(0), "{ran:?}");
            return ends;
        }
    }
    ends
}

fn everywhere(change: &Change, call: &str) -> Ends {
    let mut all = Ends::default();
    for (error, for_ever) in [("EIO", false), ("EIO", true), ("ENOSPC", false), ("ENOSPC", true)] {
        let ends = at_every(change, call, error, for_ever);
        all.committed += ends.committed;
        all.refused += ends.refused;
        all.unknown += ends.unknown;
    }
    // Each loop ends with one undisturbed run; more than these four were committed in spite of the fault.
    all.committed -= 4;
    all
}

#[test]
fn a_failed_write_before_the_commit_fails_the_deploy() {
    let ends = everywhere(&DEPLOY, "pwrite64");
    assert!(ends.refused > 0 && ends.committed > 0, "before and after the commit: {ends:?}");
}

#[test]
fn a_failed_write_before_the_commit_fails_the_update() {
    let ends = everywhere(&UPDATE, "pwrite64");
    assert!(ends.refused > 0 && ends.committed > 0, "before and after the commit: {ends:?}");
}

#[test]
fn a_failed_sync_is_an_unknown_outcome_only_in_the_commit() {
    for change in [DEPLOY, UPDATE] {
        for call in ["fsync", "fdatasync"] {
            let ends = everywhere(&change, call);
            assert!(call == "fdatasync" || (ends.unknown > 0 && ends.committed > 0), "{ends:?}");
        }
    }
}

#[test]
fn a_failed_open_or_truncation_is_an_error_or_harmless() {
    for change in [DEPLOY, UPDATE] {
        let ends = everywhere(&change, "openat");
        assert!(ends.refused > 0, "{ends:?}");
        everywhere(&change, "ftruncate");
    }
}

#[test]
fn a_failed_read_is_a_database_error() {
    let project = Project::new();
    let path = project.skill("skill", "The first.").to_string_lossy().into_owned();
    project.cfn((DEPLOY.args)(&path)).ok();
    for nth in 1.. {
        let (met, ran) = with_fault(&project, &words(&["load", "agent"]), "pread64", "EIO", &format!("{nth}+"));
        if !met {
            assert!(nth > 2, "no read was met");
            assert_eq!(ran.code, Some(0));
            return;
        }
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{nth}: {ran:?}");
        assert_one_message(&ran);
        assert_clean(&project);
    }
}

#[test]
fn a_skill_file_that_cannot_be_opened_is_named_and_nothing_is_stored() {
    let project = Project::new();
    let path = project.skill("skill", "The first.").to_string_lossy().into_owned();
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &path, "-e", "inject=/^open(at2?)?$:error=EIO"];
    let ran = Ran::from(finish(under(&project, &wrapper, (DEPLOY.args)(&path))));
    assert_one_message(&ran);
    assert!(ran.clone().fails(2).contains("SKILL.md"), "{ran:?}");
    assert_eq!(current(&project, "skill"), None);
    assert_clean(&project);
}
