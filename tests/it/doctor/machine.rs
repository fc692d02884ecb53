//! The machine: free space, the file system, and the `sqlite3` program of other programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{examined, is_well, report, sees, types};
use crate::faults::Mount;
use crate::harness::{Project, install};
use crate::scene::with_skill;
use crate::small_disk::SmallDisk;

const DB: &str = "database";

#[test]
fn little_free_space_is_named_until_there_is_more() {
    let project = Project::empty();
    let folder = project.database().parent().expect("a folder").to_owned();
    fs::create_dir_all(&folder).expect("folders");
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let disk = SmallDisk::at(&folder, 32 << 20, (user, group));
    project.cfn(["init"]).ok();
    is_well(&project, &[], DB, "free space");
    let filler = disk.mounted.join("filler");
    fs::write(&filler, vec![0; 24 << 20]).expect("written");
    let mend = sees(&examined(&project, &[]), DB, "free space", "warn", "16.0 MiB needed");
    let look = mend.split_once(": ").map(|it| it.1).expect("a command");
    assert!(types(&project, look).contains("tmpfs"), "{mend}");
    fs::remove_file(filler).expect("removed");
    is_well(&project, &[], DB, "free space");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_by_what_reading_there_costs() {
    let project = with_skill("jwt", "domain", "dev");
    let mount = Mount::of(&project); // before anybody reads, who would leave the index of a log

    let there = ["--db", "mounted/skills.db"];
    let mend = sees(&examined(&project, &there), DB, "pragmas", "warn", "mmap_size 0");
    assert!(mend.contains("the right to write to the folder"), "{mend}");
    drop(mount);
    is_well(&project, &[], DB, "pragmas");
}

/// The report where the kernel says that files are on this file system: `strace` changes its answer.
pub(crate) fn on_file_system(cfn: &Command, magic: &str) -> Value {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject=statfs:poke_exit=@arg2={magic}")]);
    command.arg(cfn.get_program()).args(cfn.get_args());
    cfn.get_current_dir().map(|folder| command.current_dir(folder));
    for (name, value) in cfn.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    report(&command.output().expect("strace must be installed").into())
}

#[test]
fn a_network_file_system_is_named_and_a_local_copy_is_well() {
    let project = with_skill("jwt", "domain", "dev");
    is_well(&project, &[], DB, "file system");
    for (magic, name) in [("6969000000000000", "NFS"), ("9719020100000000", "9p"), ("424d53ff00000000", "CIFS")] {
        let found = on_file_system(&project.command(["doctor", "--json"]), magic);
        let mend = sees(&found, DB, "file system", "warn", &format!("{name}: write-ahead logging is not safe there"));
        sees(&found, DB, "journal mode", "warn", "wal, and not delete");
        let copy = mend.split('\'').nth(1).expect("a command").replace("FILE", &format!("{name}.db"));
        types(&project, &copy);
        is_well(&project, &["--db", &format!("{name}.db")], DB, "file system");
    }
}

/// What the doctor says of the `sqlite3` program in this folder.
fn with_program(project: &Project, folder: &Path) -> Value {
    let mut command = project.command(["doctor", "--json"]);
    report(&command.env("PATH", folder).output().expect("cfn runs").into())
}

#[test]
fn an_old_sqlite3_on_the_path_is_named_without_a_warning() {
    let project = with_skill("jwt", "domain", "dev");
    let folder = project.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    sees(&with_program(&project, &folder), DB, "sqlite3 program", "not_used", "none on the PATH");
    for (version, is_old) in [("3.40.1", true), ("3.51.2", true), ("3.51.3", false), ("3.60.0", false)] {
        let script = project.file("script", format!("#!/bin/sh\necho '{version} 2022-12-28 14:03:47 df5c'\n"));
        install(&script, &folder.join("sqlite3"));
        let found = with_program(&project, &folder);
        sees(&found, DB, "sqlite3 program", "ok", version);
        let evidence = super::text(super::line(&found, DB, "sqlite3 program"), "evidence");
        assert_eq!(evidence.contains("may lose a commit"), is_old, "{evidence}");
    }
}
