//! A skill file that changes under cfn's hands: the bytes that are hashed are the bytes that are stored.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::tools::{assert_one_message, must, number, run, sha256};
use super::victims::assert_clean;
use crate::harness::Project;
use crate::patience::meanwhile;

/// Swaps two names as fast as it can while `work` runs.
pub(super) fn while_swapping(one: &Path, other: &Path, work: impl FnOnce()) {
    meanwhile(|_| renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("they swap"), work);
}

/// Every stored content, as its hash says and as its bytes are.
pub(super) fn stored(project: &Project) -> Vec<(String, String)> {
    let rows = project.sqlite3("SELECT hash || ' ' || hex(bytes) FROM skill_contents");
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        pairs.map(|it| u8::from_str_radix(&String::from_utf8_lossy(it), 16).expect("hexadecimal")).collect()
    };
    let split = |row: &str| row.split_once(' ').map(|(hash, hex)| (hash.to_owned(), sha256(&bytes(hex))));
    rows.lines().filter_map(split).collect()
}

#[test]
fn a_file_that_is_swapped_while_it_is_deployed_is_stored_as_one_of_the_two() {
    let project = Project::new();
    let texts = ["a", "b"].map(|it| format!("---\nname: s\ndescription: d\n---\n{}\n", it.repeat(60_000)));
    let [one, other] = ["one.md", "other.md"].map(|it| project.path().join(it));
    fs::write(&one, &texts[0]).expect("a file");
    fs::write(&other, &texts[1]).expect("a file");
    let mut done = 0;
    while_swapping(&one, &other, || {
        for turn in 0..number("CFN_SWAPS", 80) {
            let name = format!("s-{}", turn % 5);
            let ran = run(project.command(["deploy", "1", &name, "one.md", "domain", "agent", "--json"]));
            if ran.code == Some(0) {
                done += 1;
            } else {
                ran.fails_as(2, "file_replaced");
            }
        }
    });
    assert!(done > 0, "some were deployed");
    let known = texts.map(|it| sha256(it.as_bytes()));
    for (hash, actual) in stored(&project) {
        assert_eq!(hash, actual);
        assert!(known.contains(&hash), "a mixture of the two");
    }
    project.cfn(["load", "agent"]).ok();
    assert_clean(&project);
}

#[test]
fn a_file_that_is_written_while_it_is_deployed_is_stored_as_it_was_hashed() {
    let project = Project::new();
    let path = project.file("one.md", "a".repeat(200_000));
    let mut letters = ["b", "c", "d"].iter().cycle();
    let write = |_| fs::write(&path, letters.next().expect("one").repeat(200_000)).expect("a file");
    meanwhile(write, || {
        for turn in 0..number("CFN_SWAPS", 80) / 2 {
            let ran = run(project.command(["deploy", "1", &format!("s-{turn}"), "one.md"]));
            assert!(matches!(ran.code, Some(0..=2)), "{ran:?}");
        }
    });
    for (hash, actual) in stored(&project) {
        assert_eq!(hash, actual);
    }
    assert_clean(&project);
}

#[test]
fn anything_but_a_regular_file_is_refused_without_blocking() {
    let project = Project::new();
    let folder = project.path().join("folder");
    fs::create_dir(&folder).expect("a folder");
    let pipe = project.path().join("pipe");
    must(&["mkfifo"], &[pipe.as_os_str()]);
    symlink("nowhere", project.path().join("dangling")).expect("a link");
    symlink("itself", project.path().join("itself")).expect("a link");
    symlink("pipe", project.path().join("to-pipe")).expect("a link");
    let paths =
        ["folder", "pipe", "to-pipe", "dangling", "itself", "missing", "/dev/null", "/dev/zero", "/proc/self/fd/0"];
    for path in paths {
        for args in [vec!["deploy", "1", "s", path], vec!["skill", "validate", path]] {
            if path == "folder" && args[0] == "skill" {
                continue; // a folder of no skills is valid
            }
            let ran = run(project.command(&args));
            assert_one_message(&ran);
            ran.fails(2);
        }
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "0");
    assert_clean(&project);
}

#[test]
fn special_files_of_the_system_are_bounded() {
    let project = Project::new();
    for path in ["/proc/kmsg", "/proc/self/mem", "/proc/self/environ", "/sys/kernel/notes", "/proc/kallsyms"] {
        let ran = run(project.command(["deploy", "1", "s", path]));
        assert!(matches!(ran.code, Some(0..=2)), "{path}: {ran:?}");
    }
    project.assert_whole();
}

#[test]
fn links_in_an_imported_folder_do_not_lead_outside() {
    let project = Project::new();
    let outside = project.file("outside/SKILL.md", "---\nname: outside\ndescription: d\n---\nText.\n");
    project.file("skills/inside/SKILL.md", "---\nname: inside\ndescription: d\n---\nText.\n");
    symlink(outside.parent().expect("a folder"), project.path().join("skills/out")).expect("a link");
    symlink("..", project.path().join("skills/inside/loop")).expect("a link");
    fs::create_dir(project.path().join("skills/file")).expect("a folder");
    symlink(&outside, project.path().join("skills/file/SKILL.md")).expect("a link");
    symlink("/proc/self/root", project.path().join("skills/proc")).expect("a link");
    let report = run(project.command(["init", "--from", "skills", "--json"])).json();
    assert_eq!(report["imported"], 1, "{report}");
    assert_eq!(project.sqlite3("SELECT name FROM skills"), "inside");
    assert_clean(&project);
}

/// The files of every version: `PATH HASH`, a line each.
fn folders(project: &Project) -> Vec<String> {
    let rows = "SELECT group_concat(path || ' ' || hash, ';') FROM
        (SELECT version_id, path, hash FROM skill_files ORDER BY version_id, path) GROUP BY version_id";
    project.sqlite3(rows).lines().map(str::to_owned).collect()
}

#[test]
fn a_folder_that_is_swapped_while_it_is_imported_is_stored_as_it_was_hashed_and_approved_as_one_of_the_two() {
    let project = Project::new();
    let write = |side: &str| {
        project.file(&format!("{side}/s/SKILL.md"), format!("---\nname: s\ndescription: d\n---\n{side}\n"));
        for name in ["a", "b/c", "d"] {
            project.file(&format!("{side}/s/{name}"), side.repeat(20_000));
        }
    };
    write("one");
    write("two");
    let [one, two] = ["one", "two"].map(|it| project.path().join(it));
    let import = || run(project.command(["init", "--from", "one", "--update", "--from-any", "--json"]));
    while_swapping(&one.join("s"), &two.join("s"), || {
        for _ in 0..number("CFN_SWAPS", 80) / 2 {
            let ran = import();
            assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        }
    });
    let known = [["one", "two"].map(|it| sha256(it.repeat(20_000).as_bytes())).to_vec(), skill_files()].concat();
    for (hash, actual) in stored(&project) {
        assert_eq!(hash, actual);
        assert!(known.contains(&hash), "a mixture of the two in one file");
    }
    for folder in folders(&project) {
        let hashes: Vec<_> = folder.split(';').filter_map(|it| it.split_once(' ')).collect();
        let sides = |side: &str| hashes.iter().filter(|(path, hash)| *hash == hash_of(side, path)).count();
        assert!(sides("one") == hashes.len() || sides("two") == hashes.len(), "a mixture of the two: {folder}");
    }
    assert_eq!(project.cfn(["load", "agent"]).stdout, "", "nobody approved anything");
    import().ok();
    project.cfn(["skill", "verify"]).ok();
    let (before, now) = (project.sqlite3("SELECT content_hash FROM skills"), two.join("s"));
    renameat_with(CWD, one.join("s"), CWD, now, RenameFlags::EXCHANGE).expect("they swap");
    let verified = run(project.command(["skill", "verify", "--json"]));
    assert!(verified.code != Some(0), "{before}: {verified:?}");
    assert_clean(&project);
}

fn skill_files() -> Vec<String> {
    ["one", "two"].map(|it| hash_of(it, "SKILL.md")).to_vec()
}

fn hash_of(side: &str, path: &str) -> String {
    match path {
        "SKILL.md" => sha256(format!("---\nname: s\ndescription: d\n---\n{side}\n").as_bytes()),
        _ => sha256(side.repeat(20_000).as_bytes()),
    }
}
