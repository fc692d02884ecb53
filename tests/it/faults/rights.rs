//! Folders and files that the user may not read or write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::tools::{as_root, assert_one_message, must, run};
use super::victims::{assert_clean, legacy};
use crate::harness::{Project, Ran, binary, install};

/// Someone who owns nothing here.
const NOBODY: &str = "65534";

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

/// A project that others may look into, with a copy of cfn that they may run.
fn open_to_all(project: Project) -> Project {
    must(&["chmod", "-R", "a+rX"], &[project.path().as_os_str()]);
    let copy = project.path().join("cfn");
    install(&binary(), &copy);
    project
}

/// cfn as somebody else.
fn as_nobody(project: &Project, args: &[&str]) -> Ran {
    let words = as_root("setpriv");
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args([
        format!("--reuid={NOBODY}"),
        format!("--regid={NOBODY}"),
        "--clear-groups".to_owned(),
    ]);
    command.arg(project.path().join("cfn")).args(args).current_dir(project.path());
    command.env_remove("CFN_SKILLS_DB_PATH").stdin(std::process::Stdio::null());
    run(command)
}

#[track_caller]
fn assert_names_path_and_user(ran: &Ran, path: &str) {
    assert_one_message(ran);
    let message = ran.clone().fails(3);
    assert!(message.contains(path) && message.contains(NOBODY), "{message}");
}

fn with_a_skill() -> Project {
    let project = Project::new();
    project.file("skills/one/SKILL.md", "---\nname: one\ndescription: d\n---\nText.\n");
    project.cfn(["deploy", "1", "one", "skills/one/SKILL.md", "domain", "agent"]).ok();
    project
}

const WRITES: [&[&str]; 6] = [
    &["deploy", "1", "two", "skills/one/SKILL.md"],
    &["update", "one", "1.0.1", "skills/one/SKILL.md"],
    &["load", "agent", "--agent-id", "a"],
    &["skill", "approve", "one", "--approver", "me"],
    &["db", "maintain"],
    &["init", "--from", "skills"],
];

#[test]
fn a_database_of_another_user_is_refused_and_not_changed() {
    let project = open_to_all(with_a_skill());
    let bytes = fs::read(project.database()).expect("the file");
    for args in WRITES {
        assert_names_path_and_user(&as_nobody(&project, args), "skills.db");
    }
    for args in [["load", "agent"], ["skill", "list"], ["db", "check"]] {
        let ran = as_nobody(&project, &args);
        if ran.code != Some(0) {
            assert_names_path_and_user(&ran, "skills.db");
        }
    }
    assert_eq!(fs::read(project.database()).expect("the file"), bytes);
    assert_clean(&project);
}

#[test]
fn a_writable_database_in_a_read_only_folder_is_refused() {
    let project = open_to_all(with_a_skill());
    mode(&project.database(), 0o666);
    for args in WRITES {
        assert_names_path_and_user(&as_nobody(&project, args), "skills.db");
    }
    assert_clean(&project);
}

#[test]
fn an_unreadable_database_or_folder_is_refused() {
    let project = open_to_all(with_a_skill());
    for (path, closed, open) in [(project.database(), 0o600, 0o644), (project.path().join(".claude"), 0o700, 0o755)] {
        mode(&path, closed);
        for args in WRITES.iter().chain(&[&["load", "agent"][..], &["skill", "list"]]) {
            assert_names_path_and_user(&as_nobody(&project, args), ".claude/skills-database");
        }
        mode(&path, open);
    }
    assert_clean(&project);
}

#[test]
fn an_older_database_of_somebody_else_is_not_adopted() {
    let project = open_to_all(legacy());
    let bytes = fs::read(project.database()).expect("the file");
    for args in [&["skill", "list"][..], &["db", "migrate"]] {
        assert_names_path_and_user(&as_nobody(&project, args), "skills.db");
    }
    assert_eq!(fs::read(project.database()).expect("the file"), bytes);
    assert_eq!(project.leftovers(), [] as [&str; 0]);
}

#[test]
fn an_init_or_backup_without_write_permission_names_the_path_and_the_user() {
    let project = open_to_all(with_a_skill());
    mode(&project.database(), 0o666);
    mode(project.database().parent().expect("a folder"), 0o777);
    for args in [["init", "--db", "elsewhere/deep/skills.db"], ["init", "--db", "skills.db"]] {
        assert_names_path_and_user(&as_nobody(&project, &args), args[2].split('/').next().expect("a part"));
    }
    assert_names_path_and_user(&as_nobody(&project, &["db", "backup", "b.db"]), "b.db");
    assert!(!project.path().join("b.db").exists() && !project.path().join("skills.db").exists());
    assert_clean(&project);
}

#[test]
fn an_unreadable_skill_file_is_named() {
    let project = open_to_all(with_a_skill());
    mode(&project.database(), 0o666);
    mode(project.database().parent().expect("a folder"), 0o777);
    let secret = project.file("secret.md", "secret");
    mode(&secret, 0o600);
    let ran = as_nobody(&project, &["deploy", "1", "two", "secret.md"]);
    assert_one_message(&ran);
    assert!(ran.fails(2).contains("secret.md"));
}
