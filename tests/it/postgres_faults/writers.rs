//! Programs that write at the same time: each is told what happened, and none of an internal error.

use std::process::{Child, Stdio};
use std::thread;

use cfn::model::{ApprovalLevel::Auto, Outcome, SkillId, Usage};
use cfn::store::postgres::PostgresStore;
use cfn::store::{Durability, Result, Transaction, write};

use super::open;
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::{Database, Way};
use crate::store_contract::{commit, insert, usage};

/// Starts a command on a database.
fn start(project: &Project, database: &Database, arguments: &[&str]) -> Child {
    let mut command = project.command(arguments);
    command.env("CFN_SKILLS_DB_PATH", database.url(Way::Bouncer)).env("CFN_BUSY_TIMEOUT_MS", "60000");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn runs")
}

fn end(command: Child) -> Ran {
    command.wait_with_output().expect("it ends").into()
}

fn text(body: &str) -> String {
    format!("---\nname: alpha\ndescription: About alpha.\n---\n\n{body}\n")
}

#[test]
fn two_identical_first_deploys_at_once_both_succeed() {
    let (project, database) = (Project::empty(), Database::new());
    project.file("one.md", text("Read it."));
    for skill in ["a", "b", "c", "d", "e", "f"] {
        let arguments = ["deploy", "7", skill, "one.md", "testing", "tester"];
        let both = [(); 2].map(|()| start(&project, &database, &arguments));
        for ran in both.map(end) {
            ran.ok();
        }
    }
    assert_eq!(database.sql("SELECT count(*), count(DISTINCT skill_id) FROM cfn.skill_versions"), "6|6");
}

#[test]
fn one_of_64_writers_of_a_version_wins_and_the_others_are_told_why_not() {
    let (project, database) = (Project::empty(), Database::new());
    project.file("first.md", text("Read it."));
    end(start(&project, &database, &["deploy", "7", "alpha", "first.md", "testing", "tester"])).ok();
    let files: Vec<String> = (0..64).map(|it| format!("{}.md", it % 8)).collect();
    for (number, file) in files.iter().enumerate() {
        project.file(file, text(&format!("Body {}.", number % 8)));
    }
    let writers: Vec<Child> =
        files.iter().map(|it| start(&project, &database, &["update", "alpha", "2.0.0", it, "major"])).collect();
    let ran: Vec<Ran> = writers.into_iter().map(end).collect();
    let won = ran.iter().filter(|it| it.code == Some(0)).count();
    assert!(won == 1 && ran.iter().all(|it| matches!(it.code, Some(0 | 5 | 6 | 7))), "{ran:#?}");
    assert_eq!(database.sql("SELECT version FROM cfn.skill_versions ORDER BY id"), "1.0.0\n2.0.0");
}

/// Completes the open use, or else logs one of its own, as `cfn log` does.
fn complete(tx: &mut dyn Transaction, skill: SkillId, exit_code: i64) -> Result<()> {
    let outcome = Outcome { exit_code: Some(exit_code), ..Outcome::default() };
    match tx.open_use(skill, "a1", "t1")? {
        Some(open) => tx.complete_usage(&open, None, &outcome),
        None => tx.log_usage(&Usage { task_id: Some("t1"), outcome: Some(outcome), ..usage(skill) }),
    }
}

#[test]
fn of_two_completions_of_a_use_at_once_the_second_is_a_use_of_its_own() {
    let database = Database::new();
    let mut store = open(&database.url(Way::Direct));
    let skill = commit(&mut store, |tx| insert(tx, "jwt", b"jwt", Auto));
    commit(&mut store, |tx| {
        tx.log_usage(&Usage { task_id: Some("t1"), outcome: None, ..usage(skill) }).expect("logged");
    });
    let completed = |store: &mut PostgresStore, exit_code: i64, meanwhile: &mut dyn FnMut()| {
        write(store, Durability::Normal, |tx| {
            tx.claim(&[])?;
            complete(tx, skill, exit_code)?;
            meanwhile();
            Ok::<_, cfn::store::StoreError>(())
        })
    };
    let mut other = Some(open(&database.url(Way::Direct)));
    thread::scope(|scope| {
        let mut second = None;
        let meanwhile = &mut || {
            if let Some(mut other) = other.take() {
                second = Some(scope.spawn(move || completed(&mut other, 1, &mut || {}).expect("completed")));
            }
            eventually("the second one waits", || {
                let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                       AND wait_event_type = 'Lock')";
                database.sql(waits) == "t"
            });
        };
        completed(&mut store, 0, meanwhile).expect("completed");
        second.expect("it began").join().expect("no panic");
    });
    assert_eq!(
        database.sql(
            "SELECT string_agg(exit_code || ' ' || (open_key IS NULL), ', ' ORDER BY id) FROM cfn.skill_usage_log"
        ),
        "0 true, 1 true"
    );
}
