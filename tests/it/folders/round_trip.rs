//! What is imported is exported again byte for byte and mode for mode.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::make_executable;
use crate::harness::Project;
use crate::scene::skill_text;

/// Every file below a folder by its path, with whether it may be run.
fn tree(folder: &Path) -> BTreeMap<String, (bool, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder").map(|it| it.expect("an entry")) {
            let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            if path.is_dir() {
                continue; // a link to a folder
            }
            let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            found.insert(name, (mode & 0o100 != 0, fs::read(&path).expect("a file")));
        }
    }
    found
}

#[test]
fn an_exported_tree_is_the_imported_one() {
    let project = Project::empty();
    for name in ["pdf", "plain", "large", "linked"] {
        project.file(&format!("skills/{name}/SKILL.md"), skill_text(name, "Body."));
    }
    project.file("skills/pdf/scripts/run me.sh", "#!/bin/sh\n");
    make_executable(&project, "skills/pdf/scripts/run me.sh");
    make_executable(&project, "skills/pdf/SKILL.md");
    project.file("skills/pdf/bytes.bin", [0, 255, 10, 13, 0]);
    project.file("skills/pdf/empty", "");
    project.file("skills/pdf/a.b/c/ü.txt", "ü\r\n");
    for number in 0..400 {
        project.file(&format!("skills/large/parts/{}/{number}.txt", number % 7), format!("{number}\n").repeat(number));
    }
    project.file("skills/linked/one/text.md", "One.\n");
    symlink("one", project.path().join("skills/linked/two")).expect("a link");
    symlink("one/text.md", project.path().join("skills/linked/text.md")).expect("a link");
    let mut expected = tree(&project.path().join("skills"));
    expected.insert("linked/two/text.md".to_owned(), (false, b"One.\n".to_vec()));
    // What belongs to no skill.
    for other in ["pdf/node_modules/x/index.js", "pdf/.git/config", "large/__pycache__/a.pyc", "plain/SKILL.md~"] {
        project.file(&format!("skills/{other}"), "x");
    }
    let report = project.cfn(["init", "--from", "skills", "--approve-as", "ann", "--json"]).json();
    assert_eq!((&report["imported"], &report["refused"]), (&4.into(), &serde_json::json!([])), "{report}");
    assert_eq!(report["other_files"], expected.len() - 4);
    let again = project.cfn(["init", "--from", "skills", "--approve-as", "ann", "--json"]).json();
    assert_eq!((&again["imported"], &again["unchanged"], &again["updated"]), (&0.into(), &4.into(), &0.into()));
    project.cfn(["export", "out", "--all"]).ok();
    let mut exported = tree(&project.path().join("out"));
    exported.remove("cfn-export.lock").expect("the record");
    assert_eq!(exported.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(exported == expected, "each with its bytes and its mode");
    // What was exported is not imported as something of its own, nor are the files that agents read.
    project.cfn(["load", "nobody", "--format", "xml"]);
    let whole = project.cfn(["init", "--from", ".", "--approve-as", "ann", "--json"]).json();
    assert_eq!((&whole["imported"], &whole["unchanged"]), (&0.into(), &4.into()), "{whole}");
}

#[test]
fn files_that_agents_read_are_not_imported() {
    let project = Project::empty();
    project.file("skills/pdf/SKILL.md", skill_text("pdf", "Body."));
    project.cfn(["init", "--from", "skills", "--approve-as", "ann", "--agents", "dev"]).ok();
    let mut load = project.command(["load", "dev", "--format", "xml"]);
    load.env("CFN_MATERIALIZE_DIR", project.path().join("cache/files"));
    let ran = load.output().expect("cfn runs");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("cache/files/"), "{ran:?}");
    let report = project.cfn(["init", "--from", ".", "--json"]).json();
    assert_eq!((&report["found"], &report["unchanged"]), (&1.into(), &1.into()), "{report}");
}

#[test]
fn two_deploys_of_one_folder_at_once_record_one_version() {
    for _ in 0..4 {
        let project = Project::new();
        project.file("skills/pdf/SKILL.md", skill_text("pdf", "Body."));
        project.file("skills/pdf/run.sh", "echo 1\n");
        let start = || {
            let mut command = project.command(["deploy", "1", "pdf", "skills/pdf"]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command.spawn().expect("cfn runs")
        };
        let started = [start(), start(), start()];
        for mut it in started {
            assert!(it.wait().expect("an end").success());
        }
        assert_eq!(project.sqlite3("SELECT count(*), count(folder_hash) FROM skill_versions"), "1|1");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_files"), "2");
        assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history WHERE folder_hash NOTNULL"), "1");
    }
}
