//! The search index beside the database: it may be missing, damaged or behind, and is never in the way.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::searching::{report, with_skills};
use crate::harness::{Project, Ran};
use crate::scene::{deploy, skill_text};

fn work_file(project: &Project) -> PathBuf {
    project.database().with_file_name("skills-work.db")
}

#[test]
fn the_index_may_be_deleted_damaged_or_of_another_version() {
    let project = with_skills();
    let expected = project.cfn(["search", "review", "token"]).ok();
    let path = work_file(&project);
    let size = fs::metadata(&path).expect("an index").len();
    let garbage: Vec<u8> = (0..size).map(|it| (it * 31 % 251) as u8).collect();
    let mut half = fs::read(&path).expect("an index");
    half.iter_mut().skip(4096).for_each(|it| *it ^= 0x5a);
    for bytes in [Some(garbage), Some(Vec::new()), Some(half), None] {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(path.with_file_name(format!("skills-work.db{suffix}")));
        }
        if let Some(bytes) = bytes {
            fs::write(&path, bytes).expect("written");
        }
        assert_eq!(project.cfn(["search", "review", "token"]).ok(), expected);
    }
    let shell = |sql: &str| assert!(Command::new("sqlite3").arg(&path).arg(sql).status().expect("sqlite3").success());
    for sql in [
        "PRAGMA user_version = 99",
        "UPDATE search_state SET state = x'ff'",
        "UPDATE search_terms SET postings = x'ff'; UPDATE search_state SET state = x'01'; UPDATE search_blocks SET documents = x''",
    ] {
        shell(sql);
        assert_eq!(project.cfn(["search", "review", "token"]).ok(), expected, "{sql}");
    }
    fs::remove_file(&path).expect("removed");
    symlink("/dev/zero", &path).expect("a link");
    assert!(project.cfn(["search", "review"]).fails(3).contains("is not a regular file"));
}

#[test]
fn the_index_is_never_more_open_than_the_database() {
    let project = with_skills();
    fs::set_permissions(project.database(), fs::Permissions::from_mode(0o600)).expect("a mode");
    project.cfn(["search", "token"]).ok();
    assert_eq!(fs::metadata(work_file(&project)).expect("an index").mode() & 0o777, 0o600);
}

#[test]
fn where_the_index_cannot_be_written_what_is_indexed_is_found_and_the_rest_is_counted() {
    let project = with_skills();
    project.cfn(["search", "token"]).ok();
    deploy(&project, "zebra", "Stripes and tokens.", &["testing"]);
    let path = work_file(&project);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("a mode");
    let root = rustix::process::geteuid().is_root();
    let mut command = if root { Command::new("setpriv") } else { Command::new("env") };
    if root {
        // Root may write anything; another user may write nothing here.
        fs::set_permissions(project.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        command.args(["--reuid=65534", "--clear-groups"]);
    }
    let inner = project.command(["--db", project.database().to_str().expect("UTF-8"), "search", "--json", "tokens"]);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir(project.path());
    let ran: Ran = command.output().expect("it runs").into();
    assert!(ran.stderr.contains("1 skill changed since the search index was written"), "{ran:?}");
    let report = ran.json();
    assert_eq!(report["not_indexed"], 1, "{report}");
    assert_eq!(report["skills"][0]["name"], "jwt-authentication");
}

#[test]
fn searches_at_once_share_the_work_and_none_fails() {
    let project = Project::empty();
    for number in 0..60 {
        project.file(&format!("tree/s{number}/SKILL.md"), skill_text(&format!("s{number}"), "A zebra."));
    }
    project.cfn(["init", "--from", "tree", "--approve-as", "me"]).ok();
    for _ in 0..3 {
        let _ = fs::remove_file(work_file(&project));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(report(&project, &["zebra"])["found"], 60));
            }
        });
    }
}

#[test]
fn a_killed_search_leaves_an_index_that_the_next_one_completes() {
    let project = with_skills();
    let expected = project.cfn(["search", "review", "token"]).ok();
    for delay in 0..12 {
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(project.database().with_file_name(format!("skills-work.db{suffix}")));
        }
        let mut child =
            project.command(["search", "token", "--quiet"]).stdout(Stdio::null()).spawn().expect("it starts");
        thread::sleep(Duration::from_millis(2 * delay));
        let _ = child.kill();
        child.wait().expect("it ends");
        assert_eq!(project.cfn(["search", "review", "token"]).ok(), expected, "{delay}");
    }
    assert!(!project.leftovers().iter().any(|it| it.contains("tmp")), "{:?}", project.leftovers());
}

#[test]
fn an_index_that_followed_every_change_equals_one_made_anew() {
    let project = Project::new();
    let seed: u64 = std::env::var("CFN_SEED").map_or(7, |it| it.parse().expect("a number"));
    let mut state = seed;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let words = ["zebra", "token", "review", "lion", "git", "http"];
    for step in 0..30 {
        let name = format!("s{}", random(6));
        let text = format!(
            "{} {} {step}",
            words[usize::try_from(random(6)).expect("small")],
            words[usize::try_from(random(6)).expect("small")]
        );
        match random(8) {
            0..=3 => {
                deploy(&project, &name, &text, &["testing"]);
            }
            4 => drop(project.cfn(["skill", "archive", &name])),
            5 => drop(project.cfn(["skill", "restore", &name])),
            6 => drop(project.sqlite3(&format!(
                "UPDATE skills SET tags = '[\"{}\"]' WHERE name = '{name}'",
                words[usize::try_from(random(6)).expect("small")]
            ))),
            _ => drop(project.sqlite3(&format!("PRAGMA foreign_keys = ON; DELETE FROM skills WHERE name = '{name}'"))),
        }
        if random(3) == 0 {
            project.cfn(["search", "zebra"]).ok();
        }
    }
    let content = |project: &Project| {
        project.cfn(["search", "zebra"]).ok();
        let tables = "SELECT block, hex(lengths), hex(documents) FROM search_blocks; SELECT block, term, hex(postings) FROM search_terms";
        let output = Command::new("sqlite3").arg(work_file(project)).arg(tables).output().expect("sqlite3");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let followed = content(&project);
    fs::remove_file(work_file(&project)).expect("removed");
    assert!(followed.contains("zebra") || followed.contains("token"));
    assert_eq!(content(&project), followed, "CFN_SEED={seed}");
}
