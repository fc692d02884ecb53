//! Permissions of files with rows of a database: never wider than those of the database.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::logs::with_a_skill;
use super::tools::{finish, must, under};
use crate::batch::Batch;
use crate::harness::{Project, Ran};

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
