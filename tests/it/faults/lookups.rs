//! Reads that leave the index of the write-ahead log, `-shm`, as it is, and what may happen to it meanwhile.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{DEADLINE, UNLINK, figure, finish, run, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

const LOAD: [&str; 6] = ["load", "agent", "--format", "names", "--max-skills", "999"];

/// As long as an index, and nothing like one.
fn nonsense() -> Vec<u8> {
    vec![0xA5; 32_768]
}

fn index_of(database: &Path) -> PathBuf {
    database.with_file_name("skills.db-shm")
}

fn deploy(project: &Project, name: &str) -> [String; 6] {
    let path = project.skill(name, "Text.").to_string_lossy().into_owned();
    ["deploy".into(), "1".into(), name.into(), path, "domain".into(), "agent".into()]
}

/// A project with a skill "one", and the index that its first reader left.
fn with_an_index() -> Project {
    let project = Project::new();
    project.cfn(deploy(&project, "one")).ok();
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
    assert!(index_of(&project.database()).exists());
    project
}

/// The calls by which a run changed any file, and its answer.
fn changes<S: AsRef<OsStr>>(project: &Project, args: impl IntoIterator<Item = S>) -> (usize, String) {
    let log = project.path().join("calls");
    let trace = "trace=pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,/^unlink(at)?$";
    let wrapper = ["strace", "-f", "-qq", "-o", log.to_str().expect("a path"), "-e", trace, "-e", "signal=none"];
    let answer = Ran::from(finish(under(project, &wrapper, args))).ok();
    (fs::read_to_string(log).expect("the log of strace").lines().count(), answer)
}

#[test]
fn a_read_beside_an_index_that_is_there_writes_nothing() {
    let project = with_an_index();
    let index = fs::read(index_of(&project.database())).expect("the index");
    for args in [&LOAD[..], &["skill", "show", "one"], &["skill", "history", "one"], &["log", "show", "--task", "t"]] {
        assert_eq!(changes(&project, args).0, 0, "{args:?}");
    }
    assert_eq!(fs::read(index_of(&project.database())).expect("the index"), index);
    fs::remove_file(index_of(&project.database())).expect("it goes");
    assert!(changes(&project, LOAD).0 > 8, "without an index, one is made");
    assert_eq!(changes(&project, LOAD), (0, "one\n".to_owned()));
    assert_clean(&project);
}

#[test]
fn a_path_with_signs_that_mean_something_in_a_uri_is_the_file_that_it_names() {
    let project = with_an_index();
    for name in
        [&b"a?b#c%20 d\xc3\xbe"[..], b"%2e%2E", b"x?readonly_shm=0&mode=memory", b"a+b:c;d@e\"f'\\", b"\xfe\xff"]
    {
        let folder = project.path().join(OsString::from_vec(name.to_vec()));
        fs::create_dir(&folder).expect("a folder");
        fs::copy(project.database(), folder.join("skills.db")).expect("a copy");
        for slashes in ["", "/", "//"] {
            let mut path = OsString::from(slashes);
            path.push(folder.join("skills.db"));
            let args: Vec<&OsStr> = [OsStr::new("--db"), &path].into_iter().chain(LOAD.map(OsStr::new)).collect();
            project.cfn(&args).ok(); // makes the index where there is none
            assert_eq!(changes(&project, &args), (0, "one\n".to_owned()), "{path:?}");
        }
        assert!(index_of(&folder.join("skills.db")).exists());
    }
}

#[test]
fn a_link_to_the_database_is_followed_whatever_is_called_like_an_index_beside_it() {
    let project = with_an_index();
    let link = project.path().join("skills.db");
    symlink(project.database(), &link).expect("a link");
    let load = || project.cfn(["--db", "skills.db"].iter().chain(&LOAD)).ok();
    assert_eq!(load(), "one\n");
    fs::write(index_of(&link), "anything").expect("a file");
    assert_eq!(load(), "one\n");
    fs::remove_file(index_of(&project.database())).expect("it goes");
    assert_eq!(load(), "one\n");
    assert_clean(&project);
}

#[test]
fn an_index_that_says_nonsense_or_is_of_another_journal_mode_or_no_file_is_not_believed() {
    let project = with_an_index();
    for bytes in [Vec::new(), b"abc".to_vec(), vec![0; 32_768], nonsense()] {
        fs::write(index_of(&project.database()), bytes).expect("a file");
        assert_eq!(project.cfn(LOAD).ok(), "one\n");
    }
    project.sqlite3("PRAGMA journal_mode = DELETE");
    fs::write(index_of(&project.database()), nonsense()).expect("a file");
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
    fs::remove_file(index_of(&project.database())).expect("it goes");
    project.sqlite3("PRAGMA journal_mode = WAL");
    super::tools::must(&["mkfifo"], &[index_of(&project.database()).as_os_str()]);
    run(project.command(LOAD)).fails(3); // nobody can use it, and nobody hangs
}

#[test]
fn what_a_killed_writer_committed_is_there_for_a_lone_load() {
    let project = with_an_index();
    let database = project.database().to_string_lossy().into_owned();
    // The first write into the database itself is that of the checkpoint, after the commit.
    let wrapper =
        ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", "inject=pwrite64:signal=KILL:when=1"];
    let killed = finish(under(&project, &wrapper, deploy(&project, "two")));
    assert!(!killed.status.success() && killed.stdout.is_empty(), "{killed:?}");
    assert!(fs::metadata(project.database().with_file_name("skills.db-wal")).expect("the log").len() > 32);
    assert_eq!(changes(&project, LOAD), (0, "one\ntwo\n".to_owned()));
    fs::write(index_of(&project.database()), nonsense()).expect("a file");
    assert_eq!(changes(&project, LOAD), (0, "one\ntwo\n".to_owned()));
    assert_clean(&project);
}

/// A cfn that stands still after one of its calls about the database, its log or its index; dies when dropped.
struct Stopped {
    strace: Option<Child>,
    cfn: Pid,
}

impl Stopped {
    /// Or its answer, where it makes fewer such calls.
    fn at(project: &Project, file: &Path, call: &str, nth: usize, args: &[String]) -> Result<Self, Ran> {
        let (log, file) = (project.path().join("stopped"), file.to_str().expect("a path"));
        let _ = fs::remove_file(&log); // of the one before
        let rule = format!("inject={call}:signal=STOP:when={nth}");
        let wrapper = ["strace", "-f", "-qq", "-o", log.to_str().expect("a path"), "-P", file, "-e", &rule];
        let mut command = under(project, &wrapper, args);
        let mut strace = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("strace starts");
        let since = Instant::now();
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if let Some(line) = text.lines().find(|it| it.contains("--- stopped by SIGSTOP")) {
                let pid = line.split(' ').next().and_then(|it| it.parse().ok()).and_then(Pid::from_raw);
                return Ok(Self { strace: Some(strace), cfn: pid.expect("its number") });
            }
            if strace.try_wait().expect("it is ours").is_some() {
                return Err(strace.wait_with_output().expect("its output").into());
            }
            if since.elapsed() > DEADLINE {
                let _ = strace.kill(); // cfn goes on without it, to its end
                panic!("{args:?} neither stops nor ends");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets it go on to its end.
    fn resume(mut self) -> Ran {
        kill_process(self.cfn, Signal::CONT).expect("it is there");
        assert!(ends_within(self.strace.as_mut().expect("it is there"), DEADLINE), "it hangs");
        self.strace.take().expect("it is there").wait_with_output().expect("its output").into()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if let Some(mut strace) = self.strace.take() {
            let _ = kill_process(self.cfn, Signal::KILL); // strace sees it die, and ends
            let _ = strace.wait();
        }
    }
}

fn ends_within(child: &mut Child, time: Duration) -> bool {
    let since = Instant::now();
    loop {
        if child.try_wait().expect("it is ours").is_some() {
            return true;
        }
        if since.elapsed() > time {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A read that is going on, and whether it ended by itself in this time.
fn started(project: &Project, args: &[&str], time: Duration) -> (Child, bool) {
    let mut command = project.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    let ended = ends_within(&mut child, time);
    (child, ended)
}

fn ended(child: Child) -> String {
    Ran::from(child.wait_with_output().expect("its output")).ok()
}

#[test]
fn a_load_beside_a_writer_that_stands_still_anywhere_answers_or_waits_where_every_reader_waits() {
    let project = with_an_index();
    let (mut places, mut waited, mut deployed) = (0, Vec::new(), 1);
    for call in ["openat", "fcntl", "ftruncate", "pwrite64", "mmap", UNLINK] {
        for nth in 1.. {
            project.cfn(LOAD).ok(); // the index is there again
            let args = deploy(&project, &format!("t-{deployed:03}"));
            let writer = match Stopped::at(&project, &index_of(&project.database()), call, nth, &args) {
                Ok(writer) => writer,
                Err(ran) => {
                    assert!(ran.code == Some(0) && nth > 1, "{call} {nth}: {ran:?}");
                    deployed += 1;
                    break;
                }
            };
            let (load, answered) = started(&project, &LOAD, Duration::from_secs(1));
            let others = (!answered).then(|| started(&project, &["skill", "list"], Duration::from_millis(300)));
            assert!(!others.as_ref().is_some_and(|it| it.1), "{call} {nth}: a load waits where a list does not");
            writer.resume().ok();
            deployed += 1;
            let names = ended(load).lines().count();
            assert!(names == deployed || names == deployed - 1, "{call} {nth}: {names} of {deployed}");
            others.map(|it| ended(it.0));
            places += 1;
            waited.extend((!answered).then(|| format!("{call} {nth}")));
        }
    }
    figure(&format!("{places} places, waited at {waited:?}"));
    assert!(waited.len() < places / 2, "{waited:?} of {places}");
    assert_clean(&project);
}

#[test]
fn a_load_that_stands_still_while_a_writer_comes_or_comes_and_goes_answers_afterwards() {
    let (mut places, mut gave_way) = (0, 0);
    let project = with_an_index();
    let database = project.database();
    let load: Vec<String> = LOAD.iter().map(|&it| it.to_owned()).collect();
    let load = [vec!["-vv".to_owned()], load].concat();
    let mut deployed = 1;
    for (file, call) in [(index_of(&database), "statx"), (index_of(&database), "fcntl"), (database, "pread64")] {
        for (nth, stays) in (1..).flat_map(|nth| [(nth, false), (nth, true)]) {
            project.cfn(LOAD).ok(); // the index is there again
            let reader = match Stopped::at(&project, &file, call, nth, &load) {
                Ok(reader) => reader,
                Err(ran) => {
                    assert!(ran.code == Some(0) && nth > 1, "{call} {nth}: {ran:?}");
                    break;
                }
            };
            let args = deploy(&project, &format!("t-{deployed:03}"));
            // Its third call makes the emptied index one that is shared, and nothing is in it yet.
            let writer = stays.then(|| Stopped::at(&project, &index_of(&project.database()), "fcntl", 3, &args));
            let writer = writer.map(|it| it.unwrap_or_else(|ran| panic!("it stops: {ran:?}")));
            if writer.is_none() {
                project.cfn(&args).ok();
            }
            let ran = reader.resume();
            gave_way += usize::from(ran.stderr.contains("cannot be read only"));
            let names = ran.ok().lines().count();
            assert!(names == deployed || names == deployed + 1, "{call} {nth} {stays}: {names} of {deployed}");
            writer.map(|it| it.resume().ok());
            deployed += 1;
            places += 1;
        }
    }
    figure(&format!("{places} places, gave way at {gave_way}"));
    assert!(gave_way > 2, "{gave_way} of {places}");
    assert_clean(&project);
}
