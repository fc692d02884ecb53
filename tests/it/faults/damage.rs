//! Anything but a database at its path: it is never overwritten, recreated or waited for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::tools::{Random, assert_one_message, must, number, run};
use crate::harness::{Project, Ran};

/// Every kind of command that opens the database.
const COMMANDS: [&[&str]; 22] = [
    &["deploy", "1", "one", "SKILL.md"],
    &["deploy", "1", "one", "SKILL.md", "--dry-run"],
    &["update", "one", "1.0.1", "SKILL.md"],
    &["load", "agent"],
    &["load", "agent", "--agent-id", "a"],
    &["skill", "list"],
    &["skill", "show", "one"],
    &["skill", "history", "one"],
    &["skill", "verify"],
    &["skill", "rollback", "one", "1.0.0"],
    &["skill", "approve", "one", "--approver", "me"],
    &["skill", "reject", "one", "--approver", "me"],
    &["init"],
    &["init", "--from", "."],
    &["db", "status"],
    &["db", "migrate"],
    &["db", "capture"],
    &["db", "maintain"],
    &["db", "backup", "b.db"],
    &["db", "restore", "good.db"],
    &["db", "check"],
    &["--json", "skill", "list"],
];

/// A project with a skill, and a good backup of it.
fn project() -> Project {
    let project = Project::new();
    project.file("SKILL.md", "---\nname: one\ndescription: d\n---\nText.\n");
    project.cfn(["deploy", "1", "one", "SKILL.md", "domain", "agent"]).ok();
    project.cfn(["db", "backup", "good.db"]).ok();
    project
}

/// Every command refuses what is there, and leaves it as it is.
#[track_caller]
fn assert_refused(project: &Project, what: &str) {
    assert_refused_by(project, what, COMMANDS.iter().copied());
}

#[track_caller]
fn assert_refused_by(project: &Project, what: &str, commands: impl Iterator<Item = &'static [&'static str]>) {
    let before = fs::read(project.database()).ok();
    for args in commands {
        let ran = run(project.command(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{what} {args:?}: {ran:?}");
        if args[0] != "--json" {
            assert_one_message(&ran);
        }
        assert!(ran.stderr.contains("skills.db"), "{what} {args:?}: {ran:?}");
        assert!(fs::read(project.database()).ok() == before, "{what} {args:?}: it was changed");
        assert!(!project.path().join("b.db").exists(), "{what} {args:?}: a backup of damage");
        assert_eq!(project.leftovers(), [] as [&str; 0], "{what} {args:?}");
    }
}

fn put(project: &Project, bytes: &[u8]) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", project.database().display())); // not all are there
    }
    fs::write(project.database(), bytes).expect("a file");
}

#[test]
fn anything_but_a_database_is_refused_and_never_overwritten() {
    let project = project();
    let good = fs::read(project.database()).expect("the file");
    let mut header = good.clone();
    header[..16].copy_from_slice(b"SQLite format 4\0");
    let cases: [(&str, Vec<u8>); 8] = [
        ("one byte", vec![b'S']),
        ("text", b"# Skills\n\nNot a database.\n".to_vec()),
        ("zeros", vec![0; 8192]),
        ("a zip file", [b"PK\x03\x04".to_vec(), vec![7; 5000]].concat()),
        ("another magic", header),
        ("the magic alone", b"SQLite format 3\0".to_vec()),
        ("a header alone", good[..100].to_vec()),
        ("noise after the magic", [b"SQLite format 3\0".to_vec(), vec![0xA5; 8176]].concat()),
    ];
    for (what, bytes) in cases {
        put(&project, &bytes);
        assert_refused(&project, what);
    }
}

#[test]
fn an_empty_file_is_refused_except_by_init_which_ignores_a_log_beside_it() {
    let project = project();
    put(&project, b"");
    assert_refused_by(&project, "empty", COMMANDS.iter().copied().filter(|it| it[0] != "init"));
    // The log of a database that was larger, with a commit.
    let other = Project::new();
    let path = other.skill("one", "Text.").to_string_lossy().into_owned();
    let database = other.database().to_string_lossy().into_owned();
    let rule = "inject=pwrite64:signal=KILL:when=1";
    let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", rule];
    super::tools::finish(super::tools::under(&other, &wrapper, ["deploy", "1", "one", &path]));
    let log = |project: &Project| project.database().with_file_name("skills.db-wal");
    fs::copy(log(&other), log(&project)).expect("a copy");
    project.cfn(["init"]).ok();
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
    let kept = project.leftovers();
    assert!(kept.len() == 1 && kept[0].starts_with("skills.db.gone-"), "{kept:?}");
    project.assert_whole();
}

#[test]
fn anything_but_a_file_is_refused_without_blocking() {
    let project = project();
    let path = project.database();
    let place = |make: &dyn Fn(&Path)| {
        must(&["rm", "-rf"], &[path.as_os_str()]);
        make(&path);
    };
    place(&|path| fs::create_dir(path).expect("a folder"));
    assert_refused(&project, "a folder");
    place(&|path| drop(must(&["mkfifo"], &[path.as_os_str()])));
    for args in COMMANDS {
        let ran = run(project.command(args));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "a pipe {args:?}: {ran:?}");
    }
    place(&|path| symlink("nowhere.db", path).expect("a link"));
    assert_refused(&project, "a link to nothing");
    assert!(!path.with_file_name("nowhere.db").exists(), "it was created through the link");
    place(&|path| symlink("skills.db", path).expect("a link"));
    assert_refused(&project, "a link to itself");
    for device in ["/dev/null", "/dev/zero"] {
        place(&|path| symlink(device, path).expect("a link"));
        for args in COMMANDS {
            let ran = run(project.command(args));
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{device} {args:?}: {ran:?}");
        }
    }
}

#[test]
fn a_truncated_database_is_never_rewritten_and_never_served() {
    let project = project();
    let good = fs::read(project.database()).expect("the file");
    let short = [good.len() - 4097, good.len() - 4096, good.len() - 1];
    for length in [100, 511, 512, 1000, 4095, 4096, 4097, 8192, good.len() / 2].into_iter().chain(short) {
        // SQLite reads what is missing of the last page as zeros: where it was zeros, nothing was lost.
        let lost = length <= good.len() - 4096 || good[length..].iter().any(|byte| *byte != 0);
        put(&project, &good[..length]);
        let before = fs::read(project.database()).expect("the file");
        for args in COMMANDS {
            let ran = run(project.command(args));
            let elsewhere = length > 4096 && (ran.code == Some(0) || !lost && ran.code == Some(6));
            assert!(ran.code == Some(3) || elsewhere, "{length} {args:?}: {ran:?}");
            if ran.code == Some(0) {
                put(&project, &good[..length]); // the damage was elsewhere, and the command did what it does
                continue;
            }
            assert!(fs::read(project.database()).expect("the file") == before, "{length} {args:?}: it was changed");
        }
        assert_eq!(run(project.command(["db", "check"])).code, Some(if lost { 3 } else { 0 }), "{length}");
    }
}

#[test]
fn damaged_pages_are_found_and_not_served_and_a_backup_takes_their_place() {
    let project = project();
    let good = fs::read(project.database()).expect("the file");
    let mut bad = good.clone();
    bad[4096..].fill(0xA5);
    put(&project, &bad);
    for args in COMMANDS {
        let ran = run(project.command(args));
        let restored = args == ["db", "restore", "good.db"] && ran.code == Some(0);
        let opened_only = args == ["init"] && ran.code == Some(0);
        assert!(ran.code == Some(3) || restored || opened_only, "{args:?}: {ran:?}");
        if !restored {
            assert!(fs::read(project.database()).expect("the file") == bad, "{args:?}: it was changed");
        }
        put(&project, &bad);
    }
    project.cfn(["db", "restore", "good.db", "--replace-damaged"]).ok();
    project.cfn(["load", "agent"]).ok();
    project.assert_whole();
}

#[test]
fn a_newer_or_a_foreign_database_is_refused_and_not_touched() {
    let project = project();
    project.sqlite3("PRAGMA journal_mode = DELETE; PRAGMA user_version = 9000;");
    assert_refused(&project, "newer");
    put(&project, b"");
    fs::remove_file(project.database()).expect("it goes");
    project.sqlite3("CREATE TABLE something (else_ TEXT);");
    assert_refused(&project, "another program's");
}

#[test]
fn a_log_or_shared_memory_of_noise_changes_nothing() {
    let project = project();
    let good = fs::read(project.database()).expect("the file");
    let served = project.cfn(["load", "agent"]).ok();
    for suffix in ["-wal", "-shm", "-journal"] {
        for bytes in [vec![0xA5; 40_000], vec![0; 40_000], vec![1]] {
            put(&project, &good);
            project.file(&format!(".claude/skills-database/skills.db{suffix}"), &bytes);
            assert_eq!(run(project.command(["load", "agent"])).ok(), served, "{suffix}");
            project.file("SKILL.md", format!("---\nname: one\ndescription: d\n---\nText {suffix} {}.\n", bytes.len()));
            run(project.command(["deploy", "1", "one", "SKILL.md"])).ok();
            project.assert_whole();
            let _ = fs::remove_file(project.database().with_file_name("skills.db-journal")); // SQLite may leave it
        }
    }
}

#[test]
fn random_damage_is_an_answer_or_an_error_and_never_a_crash() {
    let project = project();
    let good = fs::read(project.database()).expect("the file");
    let mut random = Random::new();
    for _ in 0..number("CFN_DAMAGES", 60) {
        let mut bad = good.clone();
        for _ in 0..=random.below(20) {
            let at = usize::try_from(random.below(bad.len() as u64)).expect("a place");
            bad[at] = u8::try_from(random.below(256)).expect("a byte");
        }
        for args in [&["load", "agent"][..], &["skill", "list"], &["deploy", "1", "one", "SKILL.md"], &["db", "check"]]
        {
            put(&project, &bad);
            let ran: Ran = run(project.command(args));
            assert!(matches!(ran.code, Some(0 | 3 | 4 | 5 | 7)), "{args:?}: {ran:?}");
        }
    }
}
