//! The file from outside: rights, the write-ahead log, transactions, open files.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{examined, is_well, line, mended_by, sees, text, types};
use crate::harness::Project;
use crate::scene::with_skill;

const DB: &str = "database";

/// A program that reads the database and does not end.
struct Reader {
    process: Child,
    _input: ChildStdin,
}

impl Reader {
    fn of(project: &Project) -> Self {
        let mut command = Command::new("sqlite3");
        command.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("sqlite3 starts");
        let mut input = process.stdin.take().expect("a pipe");
        input.write_all(b"BEGIN;\nSELECT 'reads', count(*) FROM skills;\n").expect("written");
        let mut said = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut said).expect("a line");
        assert_eq!(said, "reads|1\n");
        Self { process, _input: input }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_file_that_everybody_may_write_is_named_and_protected() {
    let project = with_skill("jwt", "domain", "dev");
    let open = || fs::set_permissions(project.database(), fs::Permissions::from_mode(0o666)).expect("changed");
    open();
    let mend = sees(&examined(&project, &[]), DB, "rights", "warn", "everybody may write");
    mended_by(&project, &[], (DB, "rights"), &mend);
    open();
    sees(&examined(&project, &["--fix"]), DB, "rights", "ok", "mode 664");
}

#[test]
fn a_large_log_is_named_with_the_process_that_keeps_it() {
    let project = with_skill("jwt", "domain", "dev");
    let mut reader = Reader::of(&project);
    let grow = "PRAGMA wal_autocheckpoint = 0; CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(25000000)); DROP TABLE big";
    project.sqlite3(grow);
    let report = examined(&project, &[]);
    let process = reader.process.id();
    let named = format!("an earlier state is still read by process {process}");
    let mend = sees(&report, DB, "write-ahead log", "warn", &named);
    let all = super::commands(&mend);
    assert_eq!(all.last().map(String::as_str), Some("cfn db maintain"), "{mend}");
    assert_eq!(all[0], format!("kill {process}"));
    types(&project, &all[0]);
    reader.process.wait().expect("it ends");
    let mend = sees(&examined(&project, &[]), DB, "write-ahead log", "warn", "nobody reads an earlier state");
    mended_by(&project, &[], (DB, "write-ahead log"), &mend);
}

#[test]
fn a_transaction_for_each_row_is_seen_in_the_log() {
    let project = with_skill("jwt", "domain", "dev");
    is_well(&project, &[], DB, "transactions");
    let keeps_the_log = Reader::of(&project);
    let row = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id) VALUES ('a', 'dev', 1);\n";
    project.sqlite3(&format!("PRAGMA synchronous = OFF; {}", row.repeat(600)));
    drop(keeps_the_log);
    let mend = sees(&examined(&project, &[]), DB, "transactions", "warn", "a transaction for each row");
    types(&project, "cfn db maintain");
    assert!(mend.contains("'cfn log --batch'") && mend.contains("'cfn db maintain'"), "{mend}");
    is_well(&project, &[], DB, "transactions");
    let lines = "{\"skill\":\"jwt\",\"agent_id\":\"a\",\"agent_type\":\"dev\"}\n".repeat(600);
    project.cfn_with_input(["log", "--batch"], lines.as_bytes()).ok();
    is_well(&project, &[], DB, "transactions");
}

#[test]
fn processes_with_a_replaced_file_are_named() {
    let project = with_skill("jwt", "domain", "dev");
    let held = File::open(project.database()).expect("a file");
    let mut holder = Command::new("sleep").arg("60").stdin(held).spawn().expect("sleep starts");
    is_well(&project, &[], DB, "open files");
    fs::copy(project.database(), project.path().join("new.db")).expect("a copy");
    fs::rename(project.path().join("new.db"), project.database()).expect("renamed");
    let mend = sees(&examined(&project, &[]), DB, "open files", "warn", &format!("process {}", holder.id()));
    assert!(mend.ends_with(&format!("kill {}", holder.id())), "{mend}");
    types(&project, &format!("kill {}", holder.id()));
    holder.wait().expect("it ends");
    is_well(&project, &[], DB, "open files");
}

#[test]
fn the_sqlite3_on_the_path_is_shown_and_never_a_warning() {
    let project = with_skill("jwt", "domain", "dev");
    let report = examined(&project, &[]);
    let found = line(&report, DB, "sqlite3 program");
    assert_eq!((text(found, "state"), text(found, "evidence").starts_with("3.")), ("ok", true), "{found:#}");
    let ran = project.command(["doctor", "--json"]).env("PATH", "/nonexistent").output().expect("cfn runs").into();
    sees(&super::report(&ran), DB, "sqlite3 program", "not_used", "none on the PATH");
}
