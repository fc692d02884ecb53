//! Reading in read-only folders and mounts.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::logs::{LOAD, with_a_skill};
use super::tools::{as_root, assert_one_message, finish, must, run, under};
use crate::harness::{Project, Ran};

/// The folder of a project, seen once more through a mount that cannot be written.
pub(crate) struct Mount<'a> {
    project: &'a Project,
    point: PathBuf,
}

impl<'a> Mount<'a> {
    pub(crate) fn of(project: &'a Project) -> Self {
        let point = project.path().join("mounted");
        fs::create_dir_all(&point).expect("a folder");
        let folder = project.database().parent().expect("a folder").to_owned();
        must(&[as_root("mount"), vec!["--bind"]].concat(), &[folder.as_os_str(), point.as_os_str()]);
        let mount = Self { project, point };
        must(&[as_root("mount"), vec!["-o", "remount,ro,bind"]].concat(), &[mount.point.as_os_str()]);
        mount
    }

    fn command(&self, args: &[&str]) -> Command {
        self.project.command(["--db", "mounted/skills.db"].iter().chain(args))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        must(&[as_root("umount"), vec!["-l"]].concat(), &[self.point.as_os_str()]);
    }
}

const READS: [&[&str]; 8] = [
    &LOAD,
    &["skill", "list"],
    &["skill", "show", "one"],
    &["skill", "history", "one"],
    &["skill", "verify"],
    &["analytics", "usage"],
    &["db", "status"],
    &["db", "check"],
];

fn deploy(project: &Project, name: &str) {
    let path = project.skill(name, "Text.").to_string_lossy().into_owned();
    project.cfn(["deploy", "1", name, &path, "domain", "agent"]).ok();
}

/// A project whose last writer died after its commit, before the log was written back.
fn with_a_log() -> Project {
    let project = with_a_skill();
    let path = project.skill("two", "Text.").to_string_lossy().into_owned();
    let database = project.database().to_string_lossy().into_owned();
    let rule = "inject=pwrite64:signal=KILL:when=1";
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", rule];
    finish(under(&project, &wrapper, ["deploy", "1", "two", &path, "domain", "agent"]));
    project
}

#[test]
fn a_database_on_a_mount_that_cannot_be_written_is_read() {
    let project = with_a_skill();
    let here: Vec<String> = READS.iter().map(|args| project.cfn(*args).stdout).collect();
    let mount = Mount::of(&project);
    for (args, here) in READS.iter().zip(here) {
        let there = run(mount.command(args)).ok();
        let names_the_place = args[0] == "db";
        assert!(there == here || names_the_place, "{args:?}: {there}");
    }
    run(mount.command(&["db", "backup", "b.db"])).ok();
    assert_eq!(project.cfn(["--db", "b.db"].iter().chain(&LOAD)).ok(), "one\n");
    let path = project.skill("two", "Text.").to_string_lossy().into_owned();
    for args in [&["deploy", "1", "two", &path][..], &["load", "agent", "--agent-id", "a"]] {
        let ran = run(mount.command(args));
        assert_one_message(&ran);
        assert!(ran.fails(3).contains("skills.db"), "{args:?}");
    }
}

#[test]
fn a_backup_in_a_folder_that_cannot_be_written_is_restored() {
    let project = with_a_skill();
    let mount = Mount::of(&project);
    let other = Project::new();
    let from = mount.point.join("skills.db").to_string_lossy().into_owned();
    other.cfn(["db", "restore", &from]).ok();
    assert_eq!(other.cfn(LOAD).ok(), "one\n");
}

#[test]
fn a_log_without_a_commit_in_a_read_only_folder_does_not_block_reads() {
    let project = with_a_skill();
    for log in [vec![], vec![0; 32], vec![0xA5; 32], vec![0xA5; 40_000]] {
        for index in [None, Some(vec![0; 32_768]), Some(vec![0xA5; 32_768])] {
            fs::write(project.database().with_file_name("skills.db-wal"), &log).expect("a file");
            let path = project.database().with_file_name("skills.db-shm");
            let _ = fs::remove_file(&path); // where there is one
            if let Some(bytes) = index {
                fs::write(&path, bytes).expect("a file");
            }
            let mount = Mount::of(&project);
            let since = Instant::now();
            assert_eq!(run(mount.command(&LOAD)).ok(), "one\n");
            assert!(since.elapsed() < Duration::from_secs(6), "{:?}", since.elapsed());
        }
    }
}

#[test]
fn rows_that_are_only_in_the_log_are_never_missing() {
    let project = with_a_log();
    for keep_index in [true, false] {
        if !keep_index {
            fs::remove_file(project.database().with_file_name("skills.db-shm")).expect("it goes");
        }
        let mount = Mount::of(&project);
        for args in READS {
            let ran = run(mount.command(args));
            match ran.code {
                Some(0) if args == LOAD => assert_eq!(ran.stdout, "one\ntwo\n"),
                Some(0) => {}
                _ => assert!(ran.fails(3).contains("skills.db"), "{args:?}"),
            }
        }
    }
    assert_eq!(project.cfn(LOAD).ok(), "one\ntwo\n");
}

#[test]
fn a_path_with_uri_characters_names_the_right_file() {
    let project = with_a_skill();
    for name in [&b"a?b#c%20 d\xc3\xbe"[..], b"%2e%2E", b"x?immutable=0&mode=memory", b"a+b:c;d@e\"f'\\", b"\xfe\xff"] {
        let folder = project.database().with_file_name(OsString::from_vec(name.to_vec()));
        fs::create_dir(&folder).expect("a folder");
        fs::copy(project.database(), folder.join("skills.db")).expect("a copy");
        let mount = Mount::of(&project);
        for slashes in ["", "/", "//"] {
            let mut path = OsString::from(slashes);
            path.push(mount.point.join(OsString::from_vec(name.to_vec())).join("skills.db"));
            let args = [OsString::from("--db"), path].into_iter().chain(LOAD.map(OsString::from));
            assert_eq!(run(project.command(args)).ok(), "one\n", "{name:?}");
        }
    }
}

#[test]
fn a_read_without_locks_during_a_write_returns_one_state_or_is_busy() {
    let project = with_a_skill();
    deploy(&project, "two");
    let mount = Mount::of(&project);
    let allowed = ["one\ntwo\n", "one\nthree\ntwo\n"];
    let mut met = 0;
    for nth in 1..40 {
        let database = mount.point.join("skills.db").to_string_lossy().into_owned();
        let log = project.path().join(format!("calls-{nth}")).to_string_lossy().into_owned();
        let rule = format!("inject=pread64:signal=STOP:when={nth}");
        let wrapper = ["strace", "-f", "-qq", "-o", &log, "-P", &database, "-e", &rule];
        let mut reader = under(&project, &wrapper, ["--db", "mounted/skills.db"].iter().chain(&LOAD));
        let mut child = reader.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("strace starts");
        let Some(stopped) = stopped(&mut child, Path::new(&log)) else {
            assert_eq!(Ran::from(child.wait_with_output().expect("its output")).ok(), allowed[0]);
            break;
        };
        deploy(&project, "three");
        must(&["kill", "-CONT"], &[stopped.as_ref()]);
        let ran = Ran::from(child.wait_with_output().expect("its output"));
        if ran.code == Some(8) {
            assert_one_message(&ran);
        } else {
            let answer = ran.ok();
            assert!(allowed.contains(&answer.as_str()), "{nth}: {answer}");
            met += usize::from(answer == allowed[1]);
        }
        project.sqlite3("PRAGMA foreign_keys = ON; DELETE FROM skills WHERE name = 'three'");
    }
    assert!(met > 0, "no read was repeated");
}

/// The process that stands still, by its number; none where it ended instead.
fn stopped(strace: &mut Child, log: &Path) -> Option<String> {
    let since = Instant::now();
    while since.elapsed() < super::tools::DEADLINE {
        let text = fs::read_to_string(log).unwrap_or_default();
        if let Some(line) = text.lines().find(|it| it.contains("--- stopped by SIGSTOP")) {
            return line.split(' ').next().map(str::to_owned);
        }
        if strace.try_wait().expect("it is ours").is_some() {
            return None;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("it neither stops nor ends");
}

#[test]
fn read_permission_for_the_folder_is_enough_to_read() {
    let project = with_a_skill();
    must(&["chmod", "-R", "a+rX"], &[project.path().as_os_str()]);
    let folder = project.database().parent().expect("a folder").to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("permissions");
    let copy = project.path().join("cfn");
    crate::harness::install(&crate::harness::binary(), &copy);
    for args in READS {
        let words = as_root("setpriv");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&copy).args(args).current_dir(project.path()).env_remove("CFN_SKILLS_DB_PATH");
        run(command).ok();
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("permissions");
    assert_eq!(project.leftovers(), [] as [&str; 0]);
}
