//! What is not adopted is not touched.

use std::fs;
use std::process::Command;

use super::layouts::{self, V2};
use crate::harness::Project;
use crate::scene::{SCHEMA, dump, with_skill};

/// Runs commands that must refuse the file with exit 3, and leave its bytes alone.
fn refuses(project: &Project, message: &str) {
    let before = fs::read(project.database()).expect("a file");
    project.file("s.md", "Body.");
    for args in [
        &["skill", "list"][..],
        &["load", "dev"],
        &["load", "dev", "--agent-id", "a"],
        &["deploy", "1", "new", "s.md"],
        &["update", "new", "1.0.1", "s.md"],
        &["init"],
        &["db", "migrate"],
        &["db", "maintain"],
        &["db", "capture"],
        &["db", "check"],
        &["db", "status"],
    ] {
        let stderr = project.cfn(args).fails(3);
        assert!(stderr.contains(message), "{args:?}: {stderr}");
        assert!(fs::read(project.database()).expect("a file") == before, "{args:?} touched it");
    }
    assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
}

#[test]
fn a_newer_major_schema_is_refused_by_its_number_and_by_its_record() {
    let project = layouts::project(&format!("{V2}; PRAGMA user_version = 4000;"));
    refuses(&project, &format!("has schema v4.0.0, but this cfn supports schemas up to {}", SCHEMA.0));
    let project =
        layouts::project(&format!("{V2}; INSERT INTO schema_versions (version, description) VALUES ('v5.2.0', 'x');"));
    refuses(&project, "has schema v5.2.0");
}

#[test]
fn a_schema_that_was_rolled_back_does_not_count() {
    let rolled_back =
        "INSERT INTO schema_versions (version, description, rolled_back_at) VALUES ('v4.0.0', 'x', datetime('now'))";
    let project = layouts::project(&format!("{V2}; {rolled_back};"));
    let json = project.cfn(["db", "migrate", "--json"]).json();
    assert_eq!(json["from"], "v2.0.0");
}

#[test]
fn a_newer_minor_schema_works_on() {
    let project = with_skill("jwt", "domain", "dev");
    project.sqlite3("PRAGMA user_version = 3099; ALTER TABLE skills ADD COLUMN later TEXT; CREATE TABLE newer (x)");
    assert!(project.cfn(["load", "dev"]).ok().contains("First."));
    crate::scene::deploy(&project, "jwt", "Second.", &[]);
    assert_eq!(project.sqlite3("PRAGMA user_version"), "3099");
    assert_eq!(project.cfn(["db", "status", "--json"]).json()["schema_version"], "v3.99.0");
}

#[test]
fn a_database_of_something_else_is_refused() {
    refuses(&layouts::project("CREATE TABLE other (x); INSERT INTO other VALUES (1);"), "it has no table \"skills\"");
    refuses(&layouts::project("CREATE TABLE skills (x);"), "its table \"skills\" has no column \"id\"");
    refuses(&layouts::project("CREATE TABLE other (x); PRAGMA user_version = 12;"), "it has no table \"skills\"");
}

#[test]
fn a_database_of_something_else_with_our_number_is_not_touched() {
    let project = layouts::project(&format!("CREATE TABLE other (x); PRAGMA user_version = {};", SCHEMA.1));
    let before = fs::read(project.database()).expect("a file");
    project.file("s.md", "Body.");
    for args in
        [&["skill", "list"][..], &["deploy", "1", "new", "s.md"], &["init"], &["db", "maintain"], &["db", "migrate"]]
    {
        project.cfn(args).fails(3);
        assert!(fs::read(project.database()).expect("a file") == before, "{args:?} touched it");
    }
}

#[test]
fn an_adoption_that_fails_leaves_everything_as_it_was() {
    // A table of the user's with the name of one of ours, and nothing of what ours has.
    for obstacle in [
        "CREATE VIEW skill_versions AS SELECT 1 AS x;",
        "CREATE TABLE unrelated (x); CREATE TRIGGER no AFTER INSERT ON schema_versions BEGIN SELECT RAISE(ABORT, 'not today'); END;",
    ] {
        let project = layouts::project(&format!("{V2}{obstacle}"));
        layouts::add(&project, "jwt", "Body.");
        let before = dump(&project);
        for args in [&["skill", "list"][..], &["db", "migrate"]] {
            let message = project.cfn(args).fails(3);
            assert!(message.contains("hint: "), "{message}");
            assert_eq!(dump(&project), before, "{obstacle}");
            assert!(project.leftovers().is_empty(), "{:?}", project.leftovers());
        }
    }
}

#[test]
fn a_file_that_may_not_be_written_is_not_adopted() {
    let project = layouts::project(V2);
    let before = fs::read(project.database()).expect("a file");
    assert!(Command::new("chmod").args(["-R", "a+rX,a-w"]).arg(project.path()).status().is_ok_and(|it| it.success()));
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(crate::harness::binary());
    command.args(["skill", "list", "--db"]).arg(project.database()).current_dir("/");
    let ran: crate::harness::Ran = command.output().expect("setpriv must be installed").into();
    let status = Command::new("chmod").args(["-R", "u+w"]).arg(project.path()).status();
    assert!(status.is_ok_and(|it| it.success()));
    // Where the tests do not run as root, setpriv itself refuses; then the file is the caller's own.
    if rustix::process::geteuid().is_root() {
        let message = ran.fails(3);
        assert!(message.contains("65534"), "{message}");
    }
    assert!(fs::read(project.database()).expect("a file") == before);
}
