//! Permissions of files with rows of a database: never wider than those of the database.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::logs::with_a_skill;
use super::tools::{as_root, finish, must, under};
use crate::batch::Batch;
use crate::harness::{Project, Ran};
use crate::patience::eventually;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o777
}

/// cfn with another umask.
fn with_umask(project: &Project, umask: &str, args: &[&str]) -> String {
    let set = format!("umask {umask}; exec \"$@\"");
    Ran::from(finish(under(project, &["sh", "-c", &set, "sh"], args))).ok()
}

fn old_rows(project: &Project) {
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at) VALUES ('a', 'agent', 1, '2020-01-01 00:00:00')",
    );
}

#[test]
fn a_new_database_follows_the_umask() {
    for (umask, expected) in [("000", 0o666), ("002", 0o664), ("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        let project = Project::empty();
        with_umask(&project, umask, &["init"]);
        assert_eq!(mode(&project.database()), expected, "{umask}");
        let import = Project::empty();
        import.skill("one", "Text.");
        with_umask(&import, umask, &["init", "--from", ".claude/skills"]);
        assert_eq!(mode(&import.database()), expected, "{umask}, with rows");
    }
}

#[test]
fn files_with_its_rows_have_the_permissions_of_the_database_under_any_umask() {
    for (allowed, umask) in [(0o600, "000"), (0o640, "000"), (0o600, "022"), (0o644, "000"), (0o660, "000")] {
        let project = with_a_skill();
        old_rows(&project);
        fs::set_permissions(project.database(), fs::Permissions::from_mode(allowed)).expect("permissions");
        with_umask(&project, umask, &["db", "backup", "b.db"]);
        with_umask(&project, umask, &["analytics", "--html", "page.html"]);
        with_umask(&project, umask, &["db", "archive", "--before", "2021-01-01", "--to", "old.gz"]);
        with_umask(&project, umask, &["db", "restore", "b.db"]);
        let mut batch = Batch::start(&project, &[]); // keeps what is beside the database
        batch.ask(r#"{"agent_type":"agent","agent_id":"a"}"#);
        let folder = project.database().parent().expect("a folder").to_owned();
        let beside = fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path());
        let paths: Vec<_> = beside.chain(["b.db", "old.gz", "page.html"].map(|it| project.path().join(it))).collect();
        assert_eq!(paths.len(), 7, "the database, its log and index, four copies: {paths:?}");
        for path in paths {
            assert_eq!(mode(&path), allowed, "{}", path.display());
        }
        batch.end().ok();
        fs::write(project.database(), "damaged").expect("a file");
        with_umask(&project, umask, &["db", "restore", "b.db", "--replace-damaged"]);
        assert_eq!(mode(&project.database()), allowed);
    }
}

#[test]
fn a_copy_belongs_to_the_group_that_may_read_the_database() {
    let project = with_a_skill();
    must(&["chgrp", "65534"], &[project.database().as_os_str()]);
    fs::set_permissions(project.database(), fs::Permissions::from_mode(0o640)).expect("permissions");
    project.cfn(["db", "backup", "b.db"]).ok();
    let copy = fs::metadata(project.path().join("b.db")).expect("the copy");
    assert_eq!((copy.gid(), copy.mode() & 0o777), (65534, 0o640));
}

/// Files in which the processes of a database leave notes for each other.
const NOTES: [&str; 3] = ["skills.db-metrics", "skills.db-redis", "skills.db-sync.lock"];

/// Counts, a delivery that no server takes, and a cooldown of Redis.
fn leave_notes(project: &Project, umask: &str) {
    with_umask(project, umask, &["metrics", "--enable"]);
    let script = format!("umask {umask}; exec \"$@\"");
    for args in [&["deploy", "7", "more", "SKILL.md"][..], &["load", "agent", "--agent-id", "a"], &["load", "agent"]] {
        let mut command = under(project, &["sh", "-c", &script, "sh"], args);
        command.env("CFN_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d").env("ENABLE_PHASE4_LOGGING", "true");
        command.env("CFN_REDIS_URL", "redis://127.0.0.1:1").env("CFN_CACHE", "always").env_remove("CFN_SYNC_BUDGET_MS");
        let ran = Ran::from(finish(command));
        assert!(matches!(ran.code, Some(0 | 7)), "{args:?}: {ran:?}");
    }
}

#[test]
fn notes_beside_a_database_are_as_open_as_it_is() {
    for (allowed, umask) in [(0o600, "022"), (0o600, "000"), (0o640, "000"), (0o660, "077"), (0o644, "022")] {
        let project = with_a_skill();
        project.file("SKILL.md", "---\nname: more\ndescription: d\n---\nText.\n");
        fs::set_permissions(project.database(), fs::Permissions::from_mode(allowed)).expect("permissions");
        leave_notes(&project, umask);
        for note in NOTES {
            let path = project.database().with_file_name(note);
            eventually(note, || path.exists());
            assert_eq!(mode(&path), allowed, "{note} under {umask}");
        }
    }
}

#[test]
fn notes_that_an_earlier_cfn_left_open_are_closed_when_they_are_used() {
    let project = with_a_skill();
    project.file("SKILL.md", "---\nname: more\ndescription: d\n---\nText.\n");
    fs::set_permissions(project.database(), fs::Permissions::from_mode(0o600)).expect("permissions");
    for note in NOTES {
        let path = project.database().with_file_name(note);
        fs::write(&path, "").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("permissions");
    }
    leave_notes(&project, "000");
    for note in NOTES {
        let path = project.database().with_file_name(note);
        eventually(note, || mode(&path) == 0o600);
    }
}

#[test]
fn notes_that_root_makes_belong_to_the_owner_of_the_database() {
    let project = with_a_skill();
    let database = project.database();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).expect("permissions");
    must(&[as_root("chown"), vec!["65534:65534"]].concat(), &[database.as_os_str()]);
    let args = ["metrics", "--enable", "--db", database.to_str().expect("UTF-8")];
    Ran::from(finish(under(&project, &as_root("env"), args))).ok();
    let note = fs::metadata(database.with_file_name(NOTES[0])).expect("the counters");
    assert_eq!((note.uid(), note.gid(), note.mode() & 0o777), (65534, 65534, 0o600));
}
