//! Kills a command at each of its system calls that change a file, one after another, until it completes.

use std::fs;

use super::tools::{RENAME, UNLINK, current, finish, sha256, under};
use super::victims::{assert_clean, legacy};
use crate::harness::{Project, Ran};

/// Kills the command that `args` names at the first, second, … such call; `judge` hears whether it was undisturbed.
fn at_each(
    call: &str,
    mut prepare: impl FnMut(usize) -> (Project, Vec<String>),
    mut judge: impl FnMut(usize, Project, bool),
) {
    for nth in 1.. {
        assert!(nth < 2_000, "it never ends undisturbed");
        let (project, args) = prepare(nth);
        let rule = format!("inject={call}:signal=KILL:when={nth}");
        let output = finish(under(&project, &["strace", "-f", "-qq", "-o", "/dev/null", "-e", &rule], &args));
        let undisturbed = output.status.success();
        judge(nth, project, undisturbed);
        if undisturbed {
            assert!(nth > 1 || call != "pwrite64", "no {call} was met");
            return;
        }
    }
}

fn path_of(project: &Project, name: &str, body: &str) -> String {
    project.skill(name, body).to_string_lossy().into_owned()
}

/// A project whose one skill has a long text, and what it is now.
fn with_a_skill() -> (Project, (String, String)) {
    let project = Project::new();
    project.cfn(["deploy", "1", "skill", &path_of(&project, "skill", "The first."), "domain", "agent"]).ok();
    let before = current(&project, "skill").expect("a skill");
    (project, before)
}

fn change_is_all_or_nothing(call: &str, args: [&str; 3]) {
    let prepare = |_| {
        let (project, _) = with_a_skill();
        let path = path_of(&project, "skill", &"The second. ".repeat(800));
        (project, args.map(|it| it.replace("FILE", &path)).join(" ").split(' ').map(str::to_owned).collect())
    };
    at_each(call, prepare, |nth, project, undisturbed| {
        let hash = |body: &str| sha256(&fs::read(path_of(&project, "skill", body)).expect("the file"));
        let (old, new) =
            (("1.0.0".to_owned(), hash("The first.")), ("1.0.1".to_owned(), hash(&"The second. ".repeat(800))));
        let now = current(&project, "skill").expect("a skill");
        assert!(now == new || (now == old && !undisturbed), "{call} {nth}: {now:?}");
        assert_clean(&project);
        // The next run works, whatever the last one did.
        let path = path_of(&project, "skill", "The third.");
        project.cfn(["deploy", "1", "skill", &path]).ok();
        assert_clean(&project);
    });
}

#[test]
fn a_deploy_is_all_or_nothing_at_every_write() {
    change_is_all_or_nothing("pwrite64", ["deploy", "1 skill", "FILE"]);
}

#[test]
fn an_update_is_all_or_nothing_at_every_write() {
    change_is_all_or_nothing("pwrite64", ["update", "skill 1.0.1", "FILE"]);
}

#[test]
fn a_deploy_is_all_or_nothing_at_every_sync_unlink_and_truncation() {
    for call in ["fsync", UNLINK, "ftruncate", "openat"] {
        change_is_all_or_nothing(call, ["deploy", "1 skill", "FILE"]);
    }
}

/// System calls that publish complete files.
const CALLS: [&str; 5] = ["fsync", UNLINK, "ftruncate", RENAME, "/^f?chmod(at)?$"];

/// The next run writes a file of another name, if names contain the time.
const AN_HOUR_LATER: [&str; 3] = ["faketime", "-f", "+1h"];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&it| it.to_owned()).collect()
}

#[test]
fn a_killed_init_leaves_no_partial_database_and_no_staged_file() {
    for call in CALLS {
        let prepare = |_| (Project::empty(), words(&["init"]));
        at_each(call, prepare, |_, project, undisturbed| {
            assert!(project.database().exists() || !undisturbed);
            if project.database().exists() {
                project.assert_whole();
            }
            project.cfn(["init"]).ok();
            assert_clean(&project);
        });
    }
}

#[test]
fn a_killed_adoption_leaves_the_old_database_or_the_new_one() {
    for call in CALLS {
        let prepare = |_| (legacy(), words(&["load", "agent"]));
        at_each(call, prepare, |_, project, undisturbed| {
            let adopted = project.sqlite3("PRAGMA user_version") != "0";
            assert!(adopted || !undisturbed);
            let next = Ran::from(finish(under(&project, &AN_HOUR_LATER, ["skill", "list"])));
            assert_eq!(next.ok().lines().count(), 6, "five and a header");
            project.assert_whole();
            let staged: Vec<_> = project.leftovers().into_iter().filter(|it| it.contains("tmp")).collect();
            assert_eq!(staged, [] as [&str; 0], "{call}");
        });
    }
}

#[test]
fn a_killed_backup_leaves_the_old_or_the_new_one_and_the_next_one_cleans_up() {
    for call in CALLS {
        let prepare = |_| {
            let (project, _) = with_a_skill();
            fs::create_dir(project.path().join("b")).expect("a folder");
            (project, words(&["db", "backup", "b/monday.db"]))
        };
        at_each(call, prepare, |_, project, undisturbed| {
            let monday = project.path().join("b/monday.db");
            assert!(monday.exists() || !undisturbed);
            if monday.exists() {
                project.cfn(["--db", "b/monday.db", "skill", "show", "skill"]).ok();
            }
            project.cfn(["db", "backup", "b/tuesday.db"]).ok();
            let names = fs::read_dir(project.path().join("b")).expect("a folder").flatten().map(|it| it.file_name());
            let names: Vec<_> = names.filter(|it| it != "monday.db" && it != "tuesday.db").collect();
            assert_eq!(names, [] as [&str; 0], "{call}");
            assert_clean(&project);
        });
    }
}

#[test]
fn a_killed_restore_leaves_the_previous_database_or_the_backup() {
    for call in CALLS {
        let prepare = |_| {
            let (project, _) = with_a_skill();
            project.cfn(["db", "backup", "b.db"]).ok();
            project.cfn(["deploy", "1", "other", &path_of(&project, "other", "Text."), "domain", "agent"]).ok();
            (project, words(&["db", "restore", "b.db"]))
        };
        at_each(call, prepare, |_, project, undisturbed| {
            let count = project.sqlite3("SELECT count(*) FROM skills");
            assert!(count == "1" || (count == "2" && !undisturbed), "{count}");
            project.assert_whole();
            Ran::from(finish(under(&project, &AN_HOUR_LATER, ["db", "restore", "b.db"]))).ok();
            assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "1");
            let staged: Vec<_> = project.leftovers().into_iter().filter(|it| it.contains("tmp")).collect();
            assert_eq!(staged, [] as [&str; 0], "{call}");
        });
    }
}

/// An export that replaces a folder that cfn wrote, one that somebody changed, and takes one away.
fn export_is_all_or_nothing(call: &str) {
    let export = ["export", "out", "--all"];
    let versions = |name: &str, text: &str| format!("SKILL.md 644 {}", crate::scene::skill_text(name, text));
    let prepare = |_| {
        let project = Project::new();
        for name in ["new", "old", "gone", "changed"] {
            project.cfn(["deploy", "1", name, &path_of(&project, name, "The first."), "domain", "agent"]).ok();
        }
        project.cfn(["skill", "archive", "new"]).ok();
        project.cfn(export).ok();
        project.cfn(["skill", "restore", "new"]).ok();
        project.cfn(["skill", "archive", "gone"]).ok();
        project.cfn(["update", "old", "1.0.1", &path_of(&project, "old", "The second.")]).ok();
        project.file("out/changed/SKILL.md", "Changed.");
        project.file("out/own/SKILL.md", "Mine.");
        (project, export.map(str::to_owned).to_vec())
    };
    at_each(call, prepare, |nth, project, undisturbed| {
        let out = project.path().join("out");
        let tree = |name: &str| crate::export::tree(&out.join(name));
        let (first, second) = (|name: &str| [versions(name, "The first.")], [versions("old", "The second.")]);
        let found = ["new", "old", "gone", "changed"].map(tree);
        let done = [first("new").to_vec(), second.to_vec(), Vec::new(), first("changed").to_vec()];
        let before =
            [Vec::new(), first("old").to_vec(), first("gone").to_vec(), vec!["SKILL.md 644 Changed.".to_owned()]];
        for (index, now) in found.into_iter().enumerate() {
            assert!(now == done[index] || (now == before[index] && !undisturbed), "{call} {nth}: {now:?}");
        }
        project.cfn(export).ok();
        assert_eq!(["new", "old", "gone", "changed"].map(tree), done, "{call} {nth}");
        assert_eq!(tree(".cfn-quarantine"), ["changed.1/SKILL.md 644 Changed."], "{call} {nth}");
        let entries = [".cfn-quarantine", "cfn-export.lock", "changed", "new", "old", "own"];
        assert_eq!(crate::export::entries(&out), entries, "{call} {nth}");
        assert_eq!(tree("own"), ["SKILL.md 644 Mine."]);
    });
}

#[test]
fn an_export_killed_at_any_rename_leaves_each_folder_whole_or_absent() {
    export_is_all_or_nothing(RENAME);
}

#[test]
fn an_export_killed_at_any_removal_leaves_each_folder_whole_or_absent() {
    export_is_all_or_nothing(UNLINK);
}

#[test]
fn an_export_killed_at_any_new_folder_leaves_each_folder_whole_or_absent() {
    export_is_all_or_nothing("/^mkdir(at)?$");
}
