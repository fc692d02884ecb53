//! The database file is replaced under a long-lived process.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::tools::run;
use super::victims::assert_clean;
use crate::batch::Batch;
use crate::harness::{Project, Ran};

const ASK: &str = r#"{"agent_type":"agent","format":"names"}"#;

/// A database with one skill, in a folder of its own below the project.
fn database(project: &Project, folder: &str, skill: &str) -> PathBuf {
    let path = format!("{folder}/skills.db");
    project.cfn(["--db", &path, "init"]).ok();
    deploy(project, &path, skill);
    project.path().join(path)
}

fn deploy(project: &Project, database: &str, skill: &str) {
    let file = project.skill(skill, "Text.").to_string_lossy().into_owned();
    project.cfn(["--db", database, "deploy", "1", skill, &file, "domain", "agent"]).ok();
}

#[track_caller]
fn names(batch: &mut Batch) -> String {
    let answer = batch.ask(ASK);
    answer["text"].as_str().unwrap_or_else(|| panic!("no names: {answer}")).to_owned()
}

/// How one database gets the name of another.
type Way = fn(&Path, &Path);

#[test]
fn a_batch_of_loads_answers_from_the_file_that_has_the_name() {
    let project = Project::empty();
    database(&project, "here", "old");
    let ways: [(&str, Way); 4] = [
        ("renamed over it", |new, old| fs::rename(new, old).expect("it is renamed")),
        ("linked after it was removed", |new, old| {
            fs::remove_file(old).expect("it goes");
            fs::hard_link(new, old).expect("a link");
        }),
        ("a link in its place", |new, old| {
            fs::remove_file(old).expect("it goes");
            symlink(new, old).expect("a link");
        }),
        ("copied over it", |new, old| {
            fs::copy(new, old).expect("a copy");
        }),
    ];
    for (number, (how, replace)) in ways.into_iter().enumerate() {
        let old = database(&project, &format!("old-{number}"), "old");
        let new = database(&project, &format!("new-{number}"), &format!("new-{number}"));
        let mut batch = Batch::start(&project, &["--db", &old.to_string_lossy()]);
        assert_eq!(names(&mut batch), "old\n");
        replace(&new, &old);
        assert_eq!(names(&mut batch), format!("new-{number}\n"), "{how}");
        assert_eq!(names(&mut batch), format!("new-{number}\n"), "{how}, once more");
        batch.end().ok();
    }
}

#[test]
fn a_batch_of_loads_follows_the_link_to_its_folder() {
    let project = Project::empty();
    for name in ["one", "two"] {
        database(&project, name, name);
    }
    let link = project.path().join("current");
    symlink("one", &link).expect("a link");
    let mut batch = Batch::start(&project, &["--db", "current/skills.db"]);
    for name in ["one", "two", "one"] {
        fs::remove_file(&link).expect("it goes");
        symlink(name, &link).expect("a link");
        assert_eq!(names(&mut batch), format!("{name}\n"));
    }
    batch.end().ok();
}

#[test]
fn a_batch_says_that_its_database_is_gone_and_answers_when_it_is_back() {
    let project = Project::empty();
    let path = database(&project, "here", "one");
    let away = path.with_file_name("away.db");
    let mut batch = Batch::start(&project, &["--db", "here/skills.db"]);
    assert_eq!(names(&mut batch), "one\n");
    fs::rename(&path, &away).expect("it is moved");
    assert_eq!(batch.ask(ASK)["error"]["kind"], "database_missing");
    fs::write(&path, "no database").expect("a file");
    assert_eq!(batch.ask(ASK)["error"]["kind"], "not_a_skills_database");
    fs::rename(&away, &path).expect("it is back");
    assert_eq!(names(&mut batch), "one\n");
    let logged = r#"{"agent_type":"agent","format":"names","agent_id":"a"}"#;
    assert_eq!(batch.ask(logged)["text"], "one\n");
    assert_eq!(batch.end().code, Some(1));
}

#[test]
fn the_log_of_the_previous_file_is_never_applied_to_the_new_one() {
    let project = Project::empty();
    let old = database(&project, "here", "old");
    let new = database(&project, "there", "new");
    let mut batch = Batch::start(&project, &["--db", "here/skills.db"]);
    assert_eq!(names(&mut batch), "old\n");
    deploy(&project, "here/skills.db", "later"); // stays in the log while the batch has the file
    assert_eq!(names(&mut batch), "later\nold\n");
    assert!(fs::metadata(old.with_file_name("skills.db-wal")).expect("a log").len() > 32);
    fs::rename(&new, &old).expect("it is renamed");
    let answer = batch.ask(ASK);
    assert_eq!(answer["error"]["kind"], "foreign_log", "{answer}");
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(old.with_file_name(format!("skills.db{suffix}"))).expect("it goes");
    }
    assert_eq!(names(&mut batch), "new\n");
    batch.end();
}

#[test]
fn a_recreated_database_takes_no_rows_from_the_old_log() {
    let project = Project::new();
    let database = project.database();
    let mut batch = Batch::start(&project, &[]);
    batch.ask(ASK);
    deploy(&project, &database.to_string_lossy(), "old");
    fs::remove_file(&database).expect("it goes");
    project.cfn(["init"]).ok();
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
    assert_eq!(names(&mut batch), "");
    batch.end().ok();
    let kept = project.leftovers();
    assert!(kept.len() == 1 && kept[0].starts_with("skills.db.gone-") && kept[0].ends_with("-wal"), "{kept:?}");
    project.assert_whole();
}

/// `log --batch`, one line at a time.
struct Log {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Log {
    fn start(project: &Project) -> Self {
        let mut command = project.command(["log", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cfn starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines }
    }

    /// The answer; empty where there is none any more.
    fn log(&mut self, task: &str) -> String {
        let line = format!(r#"{{"id":1,"skill":"one","agent_id":"a","agent_type":"agent","task_id":"{task}"}}"#);
        let _ = writeln!(self.child.stdin.as_mut().expect("a pipe"), "{line}"); // it may have ended
        let mut answer = String::new();
        self.lines.read_line(&mut answer).expect("an answer or the end");
        answer
    }

    fn end(mut self) -> Ran {
        drop(self.child.stdin.take());
        self.child.wait_with_output().expect("it ends").into()
    }
}

#[test]
fn a_batch_of_executions_goes_to_the_file_that_has_the_name() {
    let project = Project::new();
    let database = project.database();
    deploy(&project, &database.to_string_lossy(), "one");
    project.cfn(["db", "backup", "new.db"]).ok();
    let mut log = Log::start(&project);
    assert!(log.log("before").contains("true"));
    let rows = || project.sqlite3("SELECT group_concat(task_id) FROM skill_usage_log");
    assert_eq!(rows(), "before");
    // Its log would belong to nobody; another program has written it back.
    project.sqlite3("PRAGMA wal_checkpoint(TRUNCATE)");
    fs::rename(project.path().join("new.db"), &database).expect("it is renamed");
    assert!(log.log("after").contains("true"));
    assert_eq!(rows(), "after");
    log.end().ok();
    assert_clean(&project);
}

#[test]
fn a_batch_of_executions_acknowledges_only_rows_in_a_file() {
    let project = Project::new();
    let database = project.database();
    deploy(&project, &database.to_string_lossy(), "one");
    let mut log = Log::start(&project);
    assert!(log.log("before").contains("true"));
    fs::rename(&database, project.path().join("away.db")).expect("it is moved");
    assert!(!log.log("after").contains("true"));
    let ran = log.end();
    assert!(ran.code == Some(3) && ran.stderr.contains("there is no database"), "{ran:?}");
}

#[test]
fn a_watching_sync_ends_when_its_database_is_gone() {
    let project = Project::new();
    let mut command = project.command(["sync", "--watch", "--json"]);
    command.env("CFN_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("cfn starts");
    std::thread::sleep(std::time::Duration::from_millis(300));
    fs::rename(project.database(), project.path().join("away.db")).expect("it is moved");
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!((ran.code, ran.kind().as_deref()), (Some(3), Some("database_missing")), "{ran:?}");
    run(project.command(["skill", "list"])).fails(3);
}
