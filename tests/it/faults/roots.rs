//! `CFN_CONTENT_ROOT`: nothing outside is read, by whatever name.

use std::fs;
use std::os::unix::fs::symlink;

use super::files::while_swapping;
use super::tools::{assert_one_message, number, run, sha256};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

/// A project with a file inside the root and one outside.
fn project() -> Project {
    let project = Project::new();
    project.file("root/in.md", "inside");
    project.file("outside.md", "outside");
    project
}

fn deploy(project: &Project, path: &str) -> Ran {
    let mut command = project.command(["deploy", "1", "s", path]);
    command.env("CFN_CONTENT_ROOT", project.path().join("root"));
    run(command)
}

#[test]
fn links_dots_and_proc_do_not_lead_outside_the_root() {
    let project = project();
    let absolute = project.path().join("outside.md").to_string_lossy().into_owned();
    symlink("../outside.md", project.path().join("root/link.md")).expect("a link");
    symlink("..", project.path().join("root/up")).expect("a link");
    symlink("/", project.path().join("root/slash")).expect("a link");
    symlink("/proc/self/cwd/outside.md", project.path().join("root/proc.md")).expect("a link");
    let outside = [
        "outside.md".to_owned(),
        "root/../outside.md".to_owned(),
        "root/./../root/../outside.md".to_owned(),
        "root/link.md".to_owned(),
        "root/up/outside.md".to_owned(),
        "root/proc.md".to_owned(),
        "/proc/self/cwd/outside.md".to_owned(),
        format!("/proc/self/root{absolute}"),
        format!("root/slash{absolute}"),
        absolute,
        "/etc/passwd".to_owned(),
        "../../etc/passwd".to_owned(),
    ];
    for path in outside {
        let ran = deploy(&project, &path);
        assert!(matches!(ran.code, Some(1 | 2)), "{path}: {ran:?}");
        assert!(path.starts_with("..") || ran.code == Some(1), "{path}: {ran:?}");
        assert_one_message(&ran);
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "0");
    symlink("in.md", project.path().join("root/also.md")).expect("a link");
    symlink("root", project.path().join("way-in")).expect("a link");
    let inside = project.path().join("root/in.md").to_string_lossy().into_owned();
    for path in
        ["root/in.md", "root/also.md", "way-in/in.md", "root/../root/in.md", "/proc/self/cwd/root/in.md", &inside]
    {
        deploy(&project, path).ok();
    }
    assert_clean(&project);
}

#[test]
fn a_missing_root_refuses_everything() {
    let project = project();
    fs::rename(project.path().join("root"), project.path().join("elsewhere")).expect("it moves");
    let message = deploy(&project, "elsewhere/in.md").fails(1);
    assert!(message.starts_with("error: CFN_CONTENT_ROOT is ") && message.contains("hint: "), "{message}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_contents"), "0");
}

/// A racer swaps the folder inside the root with a link to a folder outside, between any two looks at the path.
#[test]
fn swapping_a_folder_with_a_link_does_not_lead_outside() {
    let project = project();
    project.file("outside/s.md", "outside");
    project.file("root/folder/s.md", "inside");
    symlink(project.path().join("outside"), project.path().join("root/link")).expect("a link");
    let (folder, link) = (project.path().join("root/folder"), project.path().join("root/link"));
    let mut ends = [0; 3];
    while_swapping(&folder, &link, || {
        for _ in 0..number("CFN_SWAPS", 80) * 4 {
            let ran = deploy(&project, "root/folder/s.md");
            assert!(matches!(ran.code, Some(0..=2)), "{ran:?}");
            ends[usize::try_from(ran.code.unwrap_or_default()).expect("small")] += 1;
        }
    });
    let hashes = project.sqlite3("SELECT hash FROM skill_contents");
    assert!(!hashes.contains(&sha256(b"outside")), "bytes from outside the root were stored: {ends:?}");
    assert_clean(&project);
}
