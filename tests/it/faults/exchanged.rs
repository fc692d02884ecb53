//! A skill's folder whose files and folders are exchanged under cfn's hands.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::files::stored;
use super::tools::{number, run, sha256};
use super::victims::assert_clean;
use crate::harness::Project;
use crate::patience::meanwhile;

const SECRET: &str = "what is outside";

/// The texts of the other files, in both folders.
const OTHERS: [(&str, &str); 4] =
    [("one", "#!/bin/sh\necho one\n"), ("two", "#!/bin/sh\necho two\n"), ("one", "One.\n"), ("two", "Two.\n")];

/// `tree/one` is the folder of a skill, and `two` another one of it; `out` has links to what is outside.
fn scene() -> Project {
    let project = Project::new();
    for (name, text) in OTHERS {
        let place = if name == "one" { "tree/one" } else { "two" };
        let file = if text.starts_with('#') { "scripts/run.sh" } else { "notes.txt" };
        project.file(&format!("{place}/{file}"), text);
        project.file(&format!("{place}/SKILL.md"), format!("---\nname: s\ndescription: d\n---\n{text}"));
    }
    project.file("secret/run.sh", SECRET);
    let out = project.path().join("out");
    fs::create_dir(&out).expect("a folder");
    symlink(project.path().join("secret"), out.join("folder")).expect("a link");
    symlink(project.path().join("secret/run.sh"), out.join("file")).expect("a link");
    project
}

/// Exchanges the folders, a file for a link, and a folder for a link, as fast as it can while `work` runs.
fn while_exchanging(project: &Project, work: impl FnOnce()) {
    let at = |path: &str| project.path().join(path);
    let pairs = [("tree/one", "two"), ("tree/one/notes.txt", "out/file"), ("tree/one/scripts", "out/folder")];
    let pairs = pairs.map(|(one, other)| (at(one), at(other)));
    let swap = |one: &Path, other: &Path| renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok();
    let all = |_| {
        for (one, other) in &pairs {
            swap(one, other);
        }
    };
    meanwhile(all, work);
}

fn assert_only_what_is_in_the_folders(project: &Project) {
    let skill_files = OTHERS.map(|(_, text)| format!("---\nname: s\ndescription: d\n---\n{text}"));
    let known: Vec<_> = skill_files.iter().map(String::as_str).chain(OTHERS.map(|it| it.1)).collect();
    let known: Vec<_> = known.iter().map(|it| sha256(it.as_bytes())).collect();
    for (hash, actual) in stored(project) {
        assert_eq!(hash, actual);
        assert!(known.contains(&hash), "neither of the two");
    }
    project.cfn(["db", "check"]).ok();
    assert_clean(project);
}

#[test]
fn a_folder_that_is_exchanged_while_it_is_deployed_gives_no_byte_from_outside() {
    let project = scene();
    let mut done = 0;
    while_exchanging(&project, || {
        for turn in 0..number("CFN_SWAPS", 80) {
            let name = format!("s-{}", turn % 5);
            let ran = run(project.command(["deploy", "1", &name, "tree/one", "domain", "agent", "--json"]));
            done += usize::from(ran.code == Some(0));
            assert!(matches!(ran.code, Some(0..=2)), "{ran:?}");
        }
    });
    assert!(done > 0, "some were deployed");
    assert_only_what_is_in_the_folders(&project);
}

#[test]
fn a_folder_that_is_exchanged_while_it_is_imported_gives_no_byte_from_outside() {
    let project = scene();
    let mut done = 0;
    while_exchanging(&project, || {
        for _ in 0..number("CFN_SWAPS", 40) {
            let ran = run(project.command(["init", "--from", "tree", "--update", "--json"]));
            assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
            let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a report");
            done += report["imported"].as_u64().unwrap_or(0) + report["updated"].as_u64().unwrap_or(0);
        }
    });
    assert!(done > 0, "some were imported");
    assert_only_what_is_in_the_folders(&project);
}
