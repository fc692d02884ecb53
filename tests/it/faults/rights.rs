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

/// A shell's command as somebody else.
#[track_caller]
fn must_as_nobody(project: &Project, script: &str) {
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
    let folder = project.path().display().to_string();
    let script = format!("cd {folder}; unset CFN_SKILLS_DB_PATH; {script}");
    let words = [&user, &group, "--clear-groups", "sh", "-c", &script];
    must(&[&as_root("setpriv")[..], &words].concat(), &[]);
}

/// A project of somebody else, who may do everything there.
fn of_nobody(project: Project) -> Project {
    let project = open_to_all(project);
    must(&[&as_root("chown")[..], &["-R", NOBODY]].concat(), &[project.path().as_os_str()]);
    project
}

const READS: [&[&str]; 5] =
    [&["load", "agent"], &["skill", "list"], &["skill", "search", "one"], &["db", "check"], &["analytics", "velocity"]];

#[test]
fn a_read_of_a_database_without_write_permission_leaves_nothing_beside_it() {
    let project = of_nobody(with_a_skill());
    let (database, folder) = (project.database(), project.database().parent().expect("a folder").to_owned());
    let names = || fs::read_dir(&folder).expect("a folder").flatten().count();
    let before = names();
    for read in READS {
        for allowed in [0o444, 0o400] {
            mode(&database, allowed);
            as_nobody(&project, read).ok();
            // Root may write to it all the same, and what it left would be in the way of the owner.
            project.cfn([read, &["--db", &database.display().to_string()]].concat()).ok();
            assert_eq!(names(), before, "{read:?}");
            mode(&database, 0o644);
            as_nobody(&project, &["log", "one", "--agent-id", "a", "--agent-type", "agent"]).ok();
        }
    }
}

#[test]
fn what_somebody_may_only_read_is_read_beside_those_who_write() {
    let project = of_nobody(with_a_skill());
    let folder = project.database().parent().expect("a folder").to_owned();
    must(&[&as_root("chown")[..], &["root"]].concat(), &[project.database().as_os_str()]);
    mode(&folder, 0o777);
    let database = project.database().display().to_string();
    for read in READS {
        as_nobody(&project, &[read, &["--db", &database]].concat()).ok();
        project.cfn(["log", "one", "--agent-id", "a", "--agent-type", "agent", "--db", &database]).ok();
        let owners: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().map(|it| it.file_name()).collect();
        let is_log = |it: &std::ffi::OsString| it.to_string_lossy().contains("skills.db-");
        assert!(!owners.iter().any(is_log), "{read:?}: {owners:?}");
    }
}

#[test]
fn a_file_beside_the_database_that_may_not_be_written_is_named() {
    let project = of_nobody(with_a_skill());
    let log = ["log", "one", "--agent-id", "a", "--agent-type", "agent"];
    // SQLite itself leaves its files after a read of a file that nobody may write to.
    mode(&project.database(), 0o444);
    let program = format!("exec sqlite3 -readonly {} 'SELECT 1 FROM skills'", project.database().display());
    must_as_nobody(&project, &program);
    mode(&project.database(), 0o644);
    assert_names_path_and_user(&as_nobody(&project, &log), "skills.db-shm");
    let doctor = as_nobody(&project, &["doctor"]);
    let index = format!("{}-shm", project.database().display());
    assert!(doctor.stdout.contains(&format!("chmod u+w {index}")), "{doctor:?}");
    mode(Path::new(&index), 0o644);
    as_nobody(&project, &log).ok();
}

#[test]
fn copies_of_a_database_without_write_permission_are_made_and_have_its_permissions() {
    let project = of_nobody(with_a_skill());
    for allowed in [0o444, 0o400] {
        mode(&project.database(), allowed);
        as_nobody(&project, &["db", "backup", "b.db"]).ok();
        as_nobody(&project, &["analytics", "--html", "page.html"]).ok();
        for copy in ["b.db", "page.html"] {
            let path = project.path().join(copy);
            let found = fs::metadata(&path).expect("the copy").permissions().mode() & 0o777;
            assert_eq!(found, allowed, "{copy}");
            fs::remove_file(&path).expect("removed");
        }
    }
    must_as_nobody(&project, "umask 0277; exec ./cfn init --db new.db");
    let made = fs::metadata(project.path().join("new.db")).expect("the database");
    assert_eq!(made.permissions().mode() & 0o777, 0o600, "its owner writes to it");
    as_nobody(&project, &["deploy", "1", "one", "skills/one/SKILL.md", "--db", "new.db"]).ok();
}

#[test]
fn a_file_name_that_is_too_long_is_said_to_be() {
    let project = with_a_skill();
    for length in [249, 255, 300] {
        let name = "x".repeat(length);
        for args in [["init", "--db", &name], ["load", "agent", &format!("--db={name}")]] {
            if args[0] == "load" && length < 256 {
                continue; // there is none of this name
            }
            let message = project.cfn(args).fails(3);
            assert!(message.contains("Use a shorter file name"), "{length} {args:?}: {message}");
        }
    }
    fs::copy(project.database(), project.path().join("x".repeat(252))).expect("a copy");
    let log = ["log", "one", "--agent-id", "a", "--agent-type", "agent", "--db", &"x".repeat(252)];
    let message = project.cfn(log).fails(3);
    assert!(message.contains("Use a shorter file name"), "{message}");
}
