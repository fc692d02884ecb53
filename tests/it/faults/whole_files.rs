//! Failing calls under the commands that put whole files in place: init, backup, restore and adoption.

use std::fs;
use std::path::Path;

use super::tools::{RENAME, UNLINK, assert_one_message, finish, under};
use super::victims::legacy;
use crate::harness::{Project, Ran};

/// Calls on the database, on staged files and on backups; whatever else cfn or the loader does with them is left alone.
const CALLS: [&str; 7] = ["pwrite64", "fsync", "openat", "ftruncate", RENAME, UNLINK, "/^mkdir(at)?$"];

/// Every so many: hundreds of writes fill a staged file, and all do the same.
fn next(call: &str, nth: usize) -> usize {
    if call == "pwrite64" { nth + 1 + nth / 2 } else { nth + 1 }
}

/// Files of the folder that are nobody's.
fn staged(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.file_name().to_string_lossy().into_owned());
    names.filter(|it| it.contains("tmp")).collect()
}

/// Fails the nth such call below the project for each n, once and from there on; `judge` gets what cfn said.
fn at_every(mut prepare: impl FnMut() -> Project, args: &[&str], judge: impl Fn(&Project, &str, &Ran)) {
    let libraries = opened_by_the_loader();
    for (call, error, ever) in CALLS.iter().flat_map(|it| [(it, "EIO", ""), (it, "ENOSPC", "+")]) {
        let mut nth = 1;
        loop {
            assert!(nth < 2_000, "it never ends undisturbed");
            let project = prepare();
            // The loader opens its libraries before cfn opens anything.
            let skipped = if *call == "openat" { libraries } else { 0 };
            let rule = format!("inject={call}:error={error}:when={}{ever}", nth + skipped);
            let log = project.path().join("calls");
            let log = log.to_string_lossy().into_owned();
            let ran = Ran::from(finish(under(&project, &["strace", "-f", "-qq", "-o", &log, "-e", &rule], args)));
            let met = fs::read_to_string(&log).expect("the log of strace").contains("(INJECTED)");
            let what = format!("{args:?} {call} {nth}{ever} {error}");
            assert!(matches!(ran.code, Some(0 | 2 | 3)), "{what}: {ran:?}");
            if ran.code != Some(0) {
                assert!(met, "{what}: {ran:?}");
                let last = ran.stderr.lines().filter(|it| !it.starts_with("warning") && !it.starts_with("note"));
                assert_one_message(&Ran { stderr: last.collect::<Vec<_>>().join("\n"), ..ran.clone() });
            }
            judge(&project, &what, &ran);
            // The next run works, and nothing of this one is left. What an adoption could not read is captured later.
            project.cfn(args).ok();
            project.cfn(["db", "capture"]).ok();
            if *call == UNLINK {
                project.cfn(["init"]).ok(); // what could not be removed goes with the next run that makes such files
            }
            project.assert_whole();
            for folder in [project.path(), project.database().parent().expect("a folder")] {
                assert_eq!(staged(folder), [] as [&str; 0], "{what}: {ran:?}");
            }
            if !met {
                break;
            }
            nth = next(call, nth);
        }
    }
}

/// How many files a process opens before cfn begins.
fn opened_by_the_loader() -> usize {
    let project = Project::empty();
    let log = project.path().join("calls").to_string_lossy().into_owned();
    let wrapper = ["strace", "-f", "-qq", "-o", &log, "-e", "trace=openat"];
    Ran::from(finish(under(&project, &wrapper, ["--version"]))).ok();
    fs::read_to_string(&log).expect("the log of strace").lines().count()
}

fn skills(project: &Project) -> String {
    project.sqlite3("SELECT count(*) FROM skills")
}

fn with_skills(names: &[&str]) -> Project {
    let project = Project::new();
    for name in names {
        let path = project.skill(name, "Text.").to_string_lossy().into_owned();
        project.cfn(["deploy", "1", name, &path, "domain", "agent"]).ok();
    }
    project
}

#[test]
fn a_failed_init_creates_nothing() {
    at_every(Project::empty, &["init"], |project, what, ran| {
        assert!(
            ran.code == Some(0) || !project.database().exists() || ran.stderr.contains("skills.db"),
            "{what}: {ran:?}"
        );
        if project.database().exists() {
            project.assert_whole();
        }
    });
}

#[test]
fn a_failed_backup_leaves_the_previous_one() {
    let prepare = || {
        let project = with_skills(&["one"]);
        project.cfn(["db", "backup", "b.db"]).ok();
        let path = project.skill("two", "Text.").to_string_lossy().into_owned();
        project.cfn(["deploy", "1", "two", &path, "domain", "agent"]).ok();
        project
    };
    at_every(prepare, &["db", "backup", "b.db"], |project, what, ran| {
        let names = project.cfn(["--db", "b.db", "load", "agent", "--format", "names"]).ok();
        assert!(names == "one\ntwo\n" || (names == "one\n" && ran.code == Some(3)), "{what}: {names} {ran:?}");
    });
}

#[test]
fn a_failed_restore_leaves_the_previous_database_or_reports_an_unknown_outcome() {
    let prepare = || {
        let project = with_skills(&["one"]);
        project.cfn(["db", "backup", "b.db"]).ok();
        let path = project.skill("two", "Text.").to_string_lossy().into_owned();
        project.cfn(["deploy", "1", "two", &path]).ok();
        project
    };
    at_every(prepare, &["db", "restore", "b.db", "--json"], |project, what, ran| {
        let count = skills(project);
        let unknown = ran.kind().as_deref() == Some("outcome_unknown");
        let expected = if ran.code == Some(0) { "1" } else { "2" };
        assert!(count == expected || unknown, "{what}: {count} {ran:?}");
        project.assert_whole();
    });
}

#[test]
fn a_failed_adoption_leaves_the_old_database_or_reports_an_unknown_outcome() {
    at_every(legacy, &["skill", "list", "--json"], |project, what, ran| {
        let adopted = project.sqlite3("PRAGMA user_version") != "0";
        let unknown = ran.kind().as_deref() == Some("outcome_unknown");
        // A command that fails after the adoption has said that it happened.
        assert!(adopted == (ran.code == Some(0)) || unknown || ran.stderr.contains("adopted"), "{what}: {ran:?}");
        assert_eq!(skills(project), "5", "{what}");
    });
}

#[test]
fn init_works_on_file_systems_without_rename_noreplace() {
    let project = Project::empty();
    let rule = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:error=EINVAL"];
    let ran = Ran::from(finish(under(&project, &rule, ["init"])));
    assert!(ran.ok().starts_with("created"));
    let ran = Ran::from(finish(under(&project, &rule, ["init"])));
    assert!(ran.ok().contains("exists already"));
    assert_eq!(project.leftovers(), [] as [&str; 0]);
    project.assert_whole();
}

#[test]
fn an_import_without_threads_is_an_error_and_leaves_no_files() {
    let project = Project::empty();
    project.skill("one", "One.\n");
    let import = ["init", "--from", ".claude/skills"];
    let mut refused = 0;
    loop {
        let rule = format!("inject=clone3:error=EAGAIN:when={}+", refused + 1);
        let ran = Ran::from(finish(under(&project, &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &rule], import)));
        if ran.code == Some(0) {
            break;
        }
        refused += 1;
        assert!(matches!(ran.code, Some(2 | 3)), "{ran:?}");
        assert_one_message(&ran);
        assert!(ran.stderr.contains("Resource temporarily unavailable"), "{ran:?}");
        assert!(!project.database().exists() && project.leftovers().is_empty(), "{ran:?}");
    }
    assert!(refused >= 3, "one that syncs, one that walks, one that reads: {refused}");
    project.assert_whole();
}
