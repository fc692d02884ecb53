//! `cfn deploy`: arguments and files that cannot be meant, and hostile ones.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use crate::harness::Project;
use crate::scene::{deploy, dump, path_of, sha256, with_skill};

#[test]
fn agent_types_are_trimmed_and_one_bad_one_refuses_all() {
    let project = Project::new();
    deploy(&project, "jwt", "Body.", &["domain", " dev , ,tester,,dev "]);
    assert_eq!(project.sqlite3("SELECT group_concat(agent_type) FROM agent_skill_mappings"), "dev,tester");
    let before = dump(&project);
    project.skill("sql", "Body.");
    for bad in ["dev,$(id)", "dev,a b", "dev,'); DROP TABLE skills; --", "../x", "dev,é"] {
        let message = project.cfn(["deploy", "1", "sql", &path_of("sql"), "domain", bad]).fails(1);
        assert!(message.contains("an agent type"), "{message}");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn arguments_that_cannot_be_meant_exit_1_and_change_nothing() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    let path = path_of("jwt");
    let long = "x".repeat(65);
    let megabyte = "x".repeat(100_000);
    let cases: &[&[&str]] = &[
        &["-1", "new", &path],
        &["abc", "new", &path],
        &["1.5", "new", &path],
        &["9223372036854775808", "new", &path],
        &["", "new", &path],
        &["1", "", &path],
        &["1", "a b", &path],
        &["1", "../../etc/passwd", &path],
        &["1", "$(id)", &path],
        &["1", "'); DROP TABLE skills; --", &path],
        &["1", "a\nb", &path],
        &["1", "\u{1b}[31mred", &path],
        &["1", "naïve", &path],
        &["1", &long, &path],
        &["1", &megabyte, &path],
        &["1", "new", &path, "sports"],
        &["1", "new", &path, "Domain"],
        &["1", "new", &path, "domain", "a", "one-too-many"],
        &["1", "new", &path, "--priority", "0"],
        &["1", "new", &path, "--priority", "11"],
        &["1", "new", &path, "--version", "1.0"],
        &["1", "new", &path, "--version", "v1.0.0"],
        &["1", "new", &path, "--version", "1.0.0-rc1"],
        &["1", "new", &path, "--no-such-flag"],
        &["1", "new"],
        &[],
    ];
    for case in cases {
        let message = project.cfn(["deploy"].iter().chain(*case)).fails(1);
        assert!(message.starts_with("error: ") && message.contains("\nhint: "), "{case:?}: {message}");
        assert_eq!(message.lines().count(), 2, "{case:?}: {message}");
        assert!(!message.contains('\u{1b}') && message.len() < 3000, "{case:?}: {message}");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn files_that_cannot_be_taken_are_refused() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    project.file("empty.md", "");
    project.file("blank.md", " \n\t\n");
    project.file("latin.md", b"---\nname: x\n---\ncaf\xe9\n");
    project.file("large.md", vec![b'x'; 1024 * 1024 + 1]);
    symlink("nowhere", project.path().join("dangling.md")).expect("a link");
    symlink("loop.md", project.path().join("loop.md")).expect("a link");
    assert!(
        std::process::Command::new("mkfifo").arg(project.path().join("pipe.md")).status().is_ok_and(|it| it.success())
    );
    let cases = [
        ("missing.md", 2),
        ("dangling.md", 2),
        ("loop.md", 2),
        (".claude/skills", 2),
        ("pipe.md", 2),
        ("/dev/null", 2),
        ("empty.md", 1),
        ("blank.md", 1),
        ("latin.md", 1),
        ("large.md", 1),
        ("", 1),
    ];
    for (path, code) in cases {
        let message = project.cfn(["deploy", "1", "new", path]).fails(code);
        assert!(message.contains("hint: "), "{path}: {message}");
    }
    assert_eq!(dump(&project), before);
    assert!(project.cfn(["deploy", "1", "new", "latin.md"]).stderr.contains("latin.md: line 4"), "the line is named");
}

#[test]
fn the_largest_file_is_taken_and_the_limit_can_be_set() {
    let project = Project::new();
    project.file("large.md", vec![b'x'; 1024 * 1024]);
    project.cfn(["deploy", "1", "large", "large.md"]).ok();
    assert_eq!(project.sqlite3("SELECT length(bytes) FROM skill_contents"), "1048576");
    let mut command = project.command(["deploy", "1", "small", "large.md", "--json"]);
    let ran: crate::harness::Ran = command.env("CFN_MAX_CONTENT_BYTES", "1000").output().expect("cfn runs").into();
    ran.fails_as(1, "invalid_content");
}

#[test]
fn a_content_root_holds_with_links_resolved() {
    let project = Project::new();
    project.file("root/in.md", "In.");
    project.file("out.md", "Out.");
    symlink(project.path().join("out.md"), project.path().join("root/link.md")).expect("a link");
    symlink(project.path().join("root/in.md"), project.path().join("to-in.md")).expect("a link");
    let run = |path: &str| -> crate::harness::Ran {
        let mut command = project.command(["deploy", "1", "skill", path, "--json"]);
        command.env("CFN_CONTENT_ROOT", "root").output().expect("cfn runs").into()
    };
    for path in ["out.md", "root/link.md", "root/../out.md", "/etc/hostname"] {
        run(path).fails_as(1, "outside_content_root");
    }
    run("to-in.md").ok();
    assert_eq!(project.sqlite3("SELECT content_path FROM skills"), "root/in.md");
}

#[test]
fn bytes_are_stored_as_they_are() {
    let project = Project::new();
    let odd = "\u{feff}---\r\nname: odd\r\ndescription: x\r\n---\r\n\r\nNo end of line, \u{200d}\u{1f468}";
    project.file("odd.md", odd);
    project.cfn(["deploy", "1", "odd", "odd.md", "domain", "dev"]).ok();
    assert_eq!(project.cfn(["skill", "show", "odd", "--content"]).ok(), odd);
    assert_eq!(project.sqlite3("SELECT content_hash FROM skills"), sha256(odd));
    let loaded = project.cfn(["load", "dev", "--json"]).json();
    assert_eq!(loaded["skills"][0]["content"], odd);
}

#[test]
fn a_path_is_stored_from_the_project_else_absolute() {
    let project = Project::new();
    let outside = tempfile::tempdir().expect("a folder");
    let file = std::fs::canonicalize(outside.path()).expect("a path").join("s.md");
    std::fs::write(&file, "Outside.").expect("a file");
    let absolute = file.to_str().expect("UTF-8");
    project.cfn(["deploy", "1", "outside", absolute]).ok();
    project.file("sub/in.md", "Inside.");
    let mut inside = project.command(["deploy", "1", "inside", "in.md", "--db"]);
    inside.arg(project.database()).current_dir(project.path().join("sub"));
    assert!(inside.output().is_ok_and(|it| it.status.success()));
    assert_eq!(project.sqlite3("SELECT content_path FROM skills ORDER BY id"), format!("{absolute}\nsub/in.md"));
}

#[test]
fn a_file_that_moved_is_found_again_by_deploying_it_from_its_new_place() {
    let project = with_skill("jwt", "domain", "dev");
    std::fs::rename(project.path().join(path_of("jwt")), project.path().join("moved.md")).expect("a move");
    let gone = project.cfn(["skill", "verify"]);
    assert_eq!(gone.code, Some(7), "{gone:?}");
    project.cfn(["deploy", "1", "jwt", "moved.md"]).ok();
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
    assert_eq!(project.sqlite3("SELECT version, content_path FROM skills"), "1.0.0|moved.md");
}

#[test]
fn without_a_database_nothing_is_made() {
    let project = Project::empty();
    project.skill("jwt", "Body.");
    let error = project.fails_as(["deploy", "1", "jwt", &path_of("jwt")], 3, "database_missing");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("cfn init")), "{error}");
    assert!(!project.database().exists() && !project.path().join(".claude/skills-database").exists());
}

#[test]
fn a_dry_run_says_what_it_would_do_and_changes_nothing() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    project.skill("new", "Body.");
    let new = project.cfn(["deploy", "1", "new", &path_of("new"), "testing", "a,b", "--dry-run"]).ok();
    assert_eq!(new, "dry run: would create new 1.0.0 (auto), adding 2 agent types and changing 0\n");
    project.skill("jwt", "Second.");
    let other = project.cfn(["deploy", "1", "jwt", &path_of("jwt"), "--dry-run"]).ok();
    assert_eq!(other, "dry run: would add a version to jwt 1.0.1 (human), adding 0 agent types and changing 0\n");
    assert_eq!(dump(&project), before);
}

#[test]
fn names_and_characters_that_a_reviewer_may_miss_are_flagged() {
    let project = Project::new();
    deploy(&project, "Odd_Name", "Body.", &[]);
    project.file("odd.md", "---\nname: x\ndescription: y\n---\nA\u{200b}B\u{e0041} \u{202e}C\n");
    let ran = project.cfn(["deploy", "1", "Odd_Name", "odd.md"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1\n"));
    assert!(ran.stderr.starts_with("warning: line 5: ") && ran.stderr.contains("3 invisible characters"), "{ran:?}");
    assert!(!ran.stderr.contains('\u{200b}') && !ran.stderr.contains("does not conform"), "{ran:?}");
    project.skill("Other_Name", "Body.");
    let ran = project.cfn(["deploy", "1", "Other_Name", &path_of("Other_Name")]);
    assert!(ran.stderr.contains("\"Other_Name\" does not conform to the Agent Skills format"), "{ran:?}");
    let quiet = project.cfn(["deploy", "1", "Third_Name", &path_of("Other_Name"), "--quiet"]);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn arguments_that_are_not_utf8_are_refused() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    let bad = std::ffi::OsStr::from_bytes(b"caf\xe9");
    for position in [2, 3, 4, 5] {
        let mut args: Vec<&std::ffi::OsStr> =
            ["deploy", "1", "new", "s.md", "domain", "dev"].map(AsRef::as_ref).to_vec();
        args[position] = bad;
        let ran = project.cfn(args);
        let code = if position == 3 { 2 } else { 1 };
        ran.fails(code);
    }
    std::fs::write(project.path().join(bad), "Body.").expect("a file");
    let path = std::path::Path::new(bad).as_os_str();
    project.fails_as(["deploy".as_ref(), "1".as_ref(), "new".as_ref(), path], 1, "invalid_content");
    assert_eq!(dump(&project), before);
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,8}",
        Just("'); DROP TABLE skills; --".to_owned()),
        Just("\" OR 1=1 --".to_owned()),
        Just("../../etc/passwd".to_owned()),
        Just("$(touch pwned)".to_owned()),
        Just("`touch pwned`".to_owned()),
        Just("--help".to_owned()),
        Just("name\nwith\r\u{1b}[2J".to_owned()),
        "[a-zA-Z0-9_-]{1,10}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_arguments_are_refused_or_stored_and_never_executed(
        calls in proptest::collection::vec((hostile(), hostile(), hostile(), hostile()), 1..4)
    ) {
        let project = Project::new();
        project.file("s.md", "Body.");
        let skills = || project.sqlite3("SELECT count(*) FROM skills").parse::<u32>().unwrap_or(0);
        let mut expected = 0;
        for (name, category, team, reason) in &calls {
            let before = skills();
            let ran = project.cfn(["deploy", "--reason", &format!("={reason}"), "--", "1", name, "s.md", category, team]);
            prop_assert!(matches!(ran.code, Some(0 | 1 | 7)), "{:?}", ran);
            prop_assert!(ran.code == Some(0) || (ran.stdout.is_empty() && skills() == before), "{:?}", ran);
            prop_assert!(!ran.stderr.chars().any(|it| it.is_control() && it != '\n'), "{:?}", ran);
            prop_assert!(!ran.stderr.contains("panicked"), "{:?}", ran);
            if ran.code == Some(0) {
                expected += skills() - before;
                let stored = project.sqlite3("SELECT hex(reasoning) FROM approval_history ORDER BY id LIMIT 1");
                prop_assert!(!stored.is_empty());
            }
        }
        prop_assert_eq!(skills(), expected);
        project.assert_whole();
        prop_assert!(!project.path().join("pwned").exists());
    }
}
