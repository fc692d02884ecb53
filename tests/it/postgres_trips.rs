//! How often a command asks the server after it has connected: a read once, a deploy and an update at most three times.

use crate::harness::{Project, Ran};
use crate::postgres_server::{Counter, Database};

/// Runs a command; returns what it asked in each round trip that it waited for.
fn asked(project: &Project, database: &Database, counter: &Counter, arguments: &[&str]) -> Vec<Vec<String>> {
    let mut command = project.command(arguments);
    command.env("CFN_SKILLS_DB_PATH", format!("{}?sslmode=disable", database.url_counted_by(counter)));
    counter.trips();
    Ran::from(command.output().expect("cfn runs")).ok();
    let mut trips = counter.trips();
    // Nobody waits for the end of a read.
    if trips.last().is_some_and(|it| it == &["ROLLBACK"]) {
        trips.pop();
    }
    trips
}

#[track_caller]
fn at_most(most: usize, trips: &[Vec<String>], arguments: &[&str]) {
    assert!(!trips.is_empty() && trips.len() <= most, "{arguments:?}: {trips:#?}");
}

/// A project with a plain skill and one of several files, deployed.
fn deployed() -> (Project, Database, Counter) {
    let (project, database) = (Project::empty(), Database::new());
    let counter = database.counter();
    project.file("alpha/SKILL.md", skill("alpha", "Read it."));
    project.file("beta/SKILL.md", skill("beta", "Read it too."));
    project.file("beta/scripts/run.sh", "echo run\n");
    project.file("beta/references/more.md", "More.\n");
    for name in ["alpha", "beta"] {
        let arguments = ["deploy", "7", name, name, "testing", "tester,writer"];
        at_most(3, &asked(&project, &database, &counter, &arguments), &arguments);
    }
    (project, database, counter)
}

fn skill(name: &str, body: &str) -> String {
    format!("---\nname: {name}\ndescription: About {name}.\ntags: [one]\n---\n\n{body}\n")
}

#[test]
fn a_read_asks_once() {
    let (project, database, counter) = deployed();
    for arguments in [
        &["load", "tester"][..],
        &["load", "tester", "--json"],
        &["load", "tester", "--format", "xml", "--paths", "source"],
        &["load", "writer", "--format", "names"],
        &["skill", "list"],
        &["skill", "list", "--agent", "tester", "--json"],
        &["skill", "show", "alpha"],
        &["skill", "show", "beta", "--json"],
        &["skill", "show", "alpha", "--content"],
        &["skill", "history", "beta"],
        &["skill", "history", "beta", "--usage"],
        &["log", "show", "--task", "t1"],
    ] {
        let trips = asked(&project, &database, &counter, arguments);
        assert_eq!(trips.len(), 1, "{arguments:?}: {trips:#?}");
    }
}

#[test]
fn a_deploy_and_an_update_ask_at_most_three_times() {
    let (project, database, counter) = deployed();
    project.file("alpha/SKILL.md", skill("alpha", "Read it twice."));
    project.file("beta/SKILL.md", skill("beta", "Read it twice too."));
    project.file("beta/assets/new.txt", "New.\n");
    project.file("only.md", skill("alpha", "Read it three times."));
    for arguments in [
        &["deploy", "7", "alpha", "alpha", "testing", "tester,reviewer"][..],
        &["deploy", "7", "alpha", "alpha", "testing", "tester,reviewer"],
        &["deploy", "7", "beta", "beta", "testing", "tester"],
        &["update", "alpha", "only.md", "--patch"],
        &["update", "alpha", "2.0.0", "alpha/SKILL.md", "major", "true"],
        &["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--exit-code", "0", "--task-id", "t1"],
        &["load", "tester", "--format", "names", "--agent-id", "a1", "--task-id", "t2"],
    ] {
        at_most(3, &asked(&project, &database, &counter, arguments), arguments);
    }
}

#[test]
fn a_search_writes_the_words_of_a_block_at_once() {
    let (project, database, counter) = deployed();
    let search = ["search", "word1", "--json"];
    asked(&project, &database, &counter, &search);
    let words: Vec<String> = (0..700).map(|it| format!("word{it}")).collect();
    project.file("alpha/SKILL.md", skill("alpha", &words.join(" ")));
    asked(&project, &database, &counter, &["update", "alpha", "alpha/SKILL.md", "--patch"]);
    let trips = asked(&project, &database, &counter, &search);
    assert!(trips.len() < 30, "{} trips: {trips:#?}", trips.len());
    let indexed = database.sql("SELECT count(*) FROM cfn.search_postings WHERE term LIKE 'word%'");
    assert_eq!(indexed, "700");
}

#[test]
fn noting_what_replicas_must_have_takes_no_round_trip() {
    let (project, database, counter) = deployed();
    project.file("alpha/SKILL.md", skill("alpha", "Read it twice."));
    let (url, state) = (format!("{}?sslmode=disable", database.url_counted_by(&counter)), project.path().join("state"));
    for arguments in [
        &["deploy", "7", "alpha", "alpha", "testing", "tester,reviewer"][..],
        &["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--exit-code", "0"],
    ] {
        let mut command = project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", &url).env("CFN_READ_URLS", &url).env("XDG_STATE_HOME", &state);
        counter.trips();
        Ran::from(command.output().expect("cfn runs")).ok();
        at_most(3, &counter.trips(), arguments);
    }
    let noted = state.join("cfn/positions").read_dir().expect("a folder").count();
    assert_eq!(noted, 2, "the position, and who writes");
}
