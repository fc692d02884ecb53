//! Files that the user names, and files of runs, where something else is in their place: nothing is written through a
//! link, nothing but a regular file is replaced, and nothing waits for a FIFO.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::scene::{project, rows, spawn};
use super::waves::{batch, plan};
use crate::export::entries;
use crate::faults::{as_root, must};
use crate::harness::{Project, Ran};

/// A wave of one agent, with its manifest in a file.
fn wave(project: &Project, output: &str) -> Ran {
    let args = ["agent", "wave", "plan.json", "--wave", "1", "--output", output, "--", "touch", "../../ran"];
    within_a_minute(project, &args)
}

/// cfn, which must not hang.
fn within_a_minute(project: &Project, args: &[&str]) -> Ran {
    let mut command = Command::new("timeout");
    let cfn = project.command(args);
    command.arg("60").arg(cfn.get_program()).args(args).current_dir(project.path()).stdin(Stdio::null());
    for (name, value) in cfn.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let ran = Ran::from(command.output().expect("timeout runs"));
    assert_ne!(ran.code, Some(124), "{args:?} hangs");
    ran
}

fn manifest(path: &Path) -> Value {
    assert!(fs::symlink_metadata(path).is_ok_and(|it| it.is_file()), "{}", path.display());
    serde_json::from_slice(&fs::read(path).expect("a manifest")).expect("JSON")
}

#[test]
fn a_manifest_replaces_nothing_but_a_regular_file() {
    let project = project();
    plan(&project, &[vec![batch(0)]]);
    let place = |name: &str| project.path().join(name);
    let root = as_root("mknod");
    must(&root, &[place("device").as_os_str(), "c".as_ref(), "1".as_ref(), "3".as_ref()]);
    must(&["mkfifo"], &[place("pipe").as_os_str()]);
    fs::create_dir(place("folder")).expect("a folder");
    symlink("pipe", place("link")).expect("a link");
    let before = entries(project.path());
    for name in ["device", "pipe", "folder", "link", "missing/manifest.json"] {
        let ran = wave(&project, name);
        assert_eq!(ran.code, Some(3), "{name}: {ran:?}");
        assert!(ran.stderr.contains(name), "{name}: {ran:?}");
    }
    let is = |name: &str| fs::symlink_metadata(place(name)).expect("it is there").file_type();
    assert!(is("device").is_char_device() && is("pipe").is_fifo() && is("folder").is_dir() && is("link").is_symlink());
    let mut after = entries(project.path());
    after.retain(|it| it != ".cfn-workspaces");
    assert_eq!(after, before, "nothing is left, and nothing ran");
}

#[test]
fn a_manifest_touches_no_other_file_and_replaces_a_link() {
    let project = project();
    plan(&project, &[vec![batch(0)]]);
    let place = |name: &str| project.path().join(name);
    for (name, text) in [("one.new", "mine"), ("victim", "precious"), ("four.json", "{}")] {
        project.file(name, text);
    }
    symlink("victim", place("two.new")).expect("a link");
    must(&["mkfifo"], &[place("three.new").as_os_str()]);
    symlink("victim", place("five.json")).expect("a link");
    symlink("gone", place("six.json")).expect("a link");
    let before = entries(project.path());
    let names = ["one", "two", "three", "four", "five", "six"].map(|it| format!("{it}.json"));
    for name in &names {
        assert_eq!(wave(&project, name).code, Some(0), "{name}");
        assert_eq!(manifest(&place(name))["total_spawned"], 1, "{name}");
    }
    let read = |name: &str| fs::read_to_string(place(name)).expect("a file");
    assert_eq!((read("one.new").as_str(), read("victim").as_str()), ("mine", "precious"));
    let names = names.into_iter().chain(["ran".to_owned(), ".cfn-workspaces".to_owned()]);
    let mut expected: Vec<_> = before.into_iter().chain(names).collect();
    expected.sort();
    expected.dedup();
    assert_eq!(entries(project.path()), expected, "nothing else was made, and no file is left");
}

#[test]
fn links_and_pipes_among_the_folders_of_runs_are_not_followed() {
    for what in ["link", "dangling", "pipe"] {
        for name in [".state/.turn", ".gitignore"] {
            let project = project();
            let victim = project.file("victim", "precious");
            let path = project.path().join(".cfn-workspaces").join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            match what {
                "link" => symlink(&victim, &path).expect("a link"),
                "dangling" => symlink(project.path().join("gone"), &path).expect("a link"),
                _ => drop(must(&["mkfifo"], &[path.as_os_str()])),
            }
            let args = ["agent", "spawn", "tester", "--budget", "1g", "--memory", "50m", "--", "true"];
            let ran = within_a_minute(&project, &args);
            // Without its lock, nobody knows whose turn it is; what hides the folder from git is not needed.
            assert_eq!(ran.code, Some(if name == ".gitignore" { 0 } else { 2 }), "{what} {name}: {ran:?}");
            assert_eq!(fs::read_to_string(&victim).expect("a file"), "precious", "{what} {name}");
            assert!(!project.path().join("gone").exists(), "{what} {name}");
        }
    }
}

#[test]
fn a_folder_of_runs_that_is_a_link_is_refused() {
    for name in [".cfn-workspaces", ".cfn-workspaces/.state", ".cfn-workspaces/.state/.ended", ".cfn-workspaces/a"] {
        let project = project();
        let elsewhere = project.path().join("elsewhere");
        fs::create_dir(&elsewhere).expect("a folder");
        let path = project.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        symlink(&elsewhere, &path).expect("a link");
        let ran = spawn(&project, &["--agent-id", "a", "--", "true"]);
        assert_eq!(ran.code, Some(2), "{name}: {ran:?}");
        assert!(ran.stderr.contains("a link is in its place"), "{name}: {ran:?}");
        assert_eq!(entries(&elsewhere), [] as [&str; 0], "{name}");
        assert!(fs::symlink_metadata(&path).is_ok_and(|it| it.is_symlink()), "{name}");
    }
}

#[test]
fn what_a_project_brings_along_as_a_run_is_not_followed_and_stops_no_command() {
    let project = project();
    spawn(&project, &["--agent-id", "real", "--", "true"]).ok();
    let (state, elsewhere) = (project.path().join(".cfn-workspaces/.state"), project.path().join("elsewhere"));
    fs::create_dir(&elsewhere).expect("a folder");
    symlink(&elsewhere, state.join("linked")).expect("a link");
    for (run, file) in [("one", "lock"), ("two", "plan.json"), ("three", "result.json"), ("four", "stdout.log")] {
        fs::create_dir(state.join(run)).expect("a folder");
        must(&["mkfifo"], &[state.join(run).join(file).as_os_str()]);
    }
    fs::create_dir(state.join("endless")).expect("a folder");
    symlink("/dev/zero", state.join("endless/plan.json")).expect("a link");
    for args in [&["agent", "ps"][..], &["agent", "ps", "--all"], &["agent", "logs", "four"]] {
        assert!(within_a_minute(&project, args).code.is_some(), "{args:?}");
    }
    assert_eq!(within_a_minute(&project, &["agent", "spawn", "tester", "--", "true"]).code, Some(0));
    assert_eq!(rows(&project, "reason, exit_code"), ["exited|0", "exited|0"]);
    assert_eq!(entries(&elsewhere), [] as [&str; 0]);
}

#[test]
fn the_files_of_a_run_leave_no_other_files() {
    let project = project();
    let args = ["--agent-id", "a", "--skills", "prompt", "--", "sh", "-c", "cat $CFN_SKILLS_PROMPT"];
    spawn(&project, &args).ok();
    let said = project.cfn(["agent", "logs", "a"]).ok();
    assert!(said.contains("Do alpha."), "{said}");
    let files = entries(&project.path().join(".cfn-workspaces/.state/.ended/a"));
    let expected = ["lock", "plan.json", "result.json", "running.json", "skills-prompt.md", "stderr.log", "stdout.log"];
    assert_eq!(files, expected);
}

#[test]
fn missing_bootstrap_skills_share_one_note_with_the_command_that_disables_them() {
    let project = project();
    for (order, hash) in ["NULL", "NULL", "'0'", "NULL"].iter().enumerate() {
        project.sqlite3(&format!(
            "INSERT INTO bootstrap_skills (skill_name, file_path, description, load_order, content_hash) VALUES ('b{order}', 'b', 'd', {order}, {hash})"
        ));
    }
    for args in [&["--", "true"][..], &["--count", "2", "--", "true"]] {
        let said = spawn(&project, args).stderr;
        let lines: Vec<&str> = said.lines().filter(|it| it.starts_with("note: ")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        assert!(lines[0].contains("left out 4 bootstrap skills without stored bytes: "), "{said}");
    }
    let said = spawn(&project, &["--", "true"]).stderr;
    let (_, disable) = said.trim_end().split_once("disables them: ").expect("a command");
    let disabled = Command::new("sh").args(["-c", disable]).status().expect("sh runs");
    assert!(disabled.success(), "{disable}");
    assert_eq!(spawn(&project, &["--", "true"]).stderr, "");
}
