//! Restores beside writers and beside each other: what was acknowledged is in the database or in a copy that is kept.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::logs::{LOAD, with_a_skill};
use super::tools::{at_once, must, number};
use crate::harness::Project;
use crate::patience::SetAtEnd;

/// Copies of the states before, which are all whole.
fn kept(project: &Project) -> Vec<PathBuf> {
    let names = project.leftovers();
    assert!(names.iter().all(|it| it.starts_with("skills.db.before-restore-")), "{names:?}");
    let paths: Vec<_> = names.iter().map(|it| project.database().with_file_name(it)).collect();
    for path in &paths {
        assert_eq!(must(&["sqlite3"], &[path.as_os_str(), "PRAGMA quick_check".as_ref()]), "ok\n");
    }
    paths
}

fn skills_in(path: &std::path::Path) -> HashSet<String> {
    let output = Command::new("sqlite3").arg(path).arg("SELECT name FROM skills").output().expect("sqlite3");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn deploys_during_restores_are_never_lost() {
    let project = with_a_skill();
    project.cfn(["db", "backup", "b.db"]).ok();
    let stop = AtomicBool::new(false);
    let promised = thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let (project, stop) = (&project, &stop);
                scope.spawn(move || {
                    let mut promised = Vec::new();
                    for turn in 0.. {
                        let name = format!("s-{writer}-{turn}");
                        let path = project.skill(&name, "Text.").to_string_lossy().into_owned();
                        project.cfn(["deploy", "1", &name, &path]).ok();
                        promised.push(name);
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                    promised
                })
            })
            .collect();
        let ended = SetAtEnd(&stop);
        for _ in 0..number("CFN_RESTORES", 12) {
            project.cfn(["db", "restore", "b.db"]).ok();
        }
        drop(ended);
        writers.into_iter().flat_map(|it| it.join().expect("a writer")).collect::<Vec<_>>()
    });
    let mut there = skills_in(&project.database());
    for copy in kept(&project) {
        there.extend(skills_in(&copy));
    }
    let lost: Vec<_> = promised.iter().filter(|it| !there.contains(*it)).collect();
    assert!(lost.is_empty() && promised.len() >= 3, "{lost:?} of {}", promised.len());
    project.assert_whole();
}

#[test]
fn concurrent_restores_save_one_copy_each() {
    let project = with_a_skill();
    project.cfn(["db", "backup", "b.db"]).ok();
    for ran in at_once(&project, &vec![vec!["db", "restore", "b.db"]; 6]) {
        ran.ok();
    }
    assert_eq!(kept(&project).len(), 6);
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
}

#[test]
fn concurrent_restores_of_a_damaged_database_save_it_once() {
    let project = with_a_skill();
    project.cfn(["db", "backup", "b.db"]).ok();
    fs::write(project.database(), "damaged").expect("a file");
    for ran in at_once(&project, &vec![vec!["db", "restore", "b.db", "--replace-damaged"]; 5]) {
        ran.ok();
    }
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
    let names = project.leftovers();
    let damaged: Vec<_> = names.iter().filter(|it| it.contains(".damaged-") && it.ends_with('Z')).collect();
    assert_eq!(damaged.len(), 1, "{names:?}");
    let text = fs::read_to_string(project.database().with_file_name(damaged[0])).expect("the file");
    assert_eq!(text, "damaged");
    assert!(names.iter().all(|it| it.contains(".damaged-") || it.contains(".before-restore-")), "{names:?}");
    project.assert_whole();
}

#[test]
fn a_missing_database_is_restored_without_the_log_of_the_old_one() {
    let project = with_a_skill();
    project.cfn(["db", "backup", "b.db"]).ok();
    let database = project.database().to_string_lossy().into_owned();
    let path = project.skill("two", "Text.").to_string_lossy().into_owned();
    let rule = "inject=pwrite64:signal=KILL:when=1";
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", rule];
    super::tools::finish(super::tools::under(&project, &wrapper, ["deploy", "1", "two", &path, "domain", "agent"]));
    fs::remove_file(project.database()).expect("it goes");
    project.cfn(["db", "restore", "b.db", "--replace-damaged"]).ok();
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
    let names = project.leftovers();
    assert!(names.len() == 1 && names[0].starts_with("skills.db.gone-"), "{names:?}");
    project.assert_whole();
}
