//! `cfn update`: stated steps, what the front matter changes, and the words of the old script.

use std::process::Stdio;

use crate::harness::Project;
use crate::scene::{deploy, dump, path_of, sha256, skill_text, versions, with_skill};

#[test]
fn prints_the_new_version_and_records_it_like_the_old_script() {
    let project = with_skill("sql", "domain", "dev");
    let path = project.skill("sql", "Second.");
    let ran = project.cfn(["update", "sql", "1.0.1", &path_of("sql")]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "1.0.1\n", ""));
    assert_eq!(versions(&project, "sql"), "1.0.0 deploy, 1.0.1 update");
    let hash = sha256(std::fs::read(path).expect("the file"));
    assert_eq!(
        project.sqlite3("SELECT version, content_hash, approval_level FROM skills"),
        format!("1.0.1|{hash}|human")
    );
    let approval = project.sqlite3(
        "SELECT version, approval_level, approver, decision, reasoning <> '', content_hash,
           json_extract(approval_criteria_check, '$.change_type'), json_extract(approval_criteria_check, '$.source'),
           json_extract(approval_criteria_check, '$.propagated_at') GLOB '????-??-??T??:??:??Z'
         FROM approval_history ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(
        approval,
        format!("1.0.1|auto|phase4-edge-case-tracker|approved|1|{hash}|patch|phase4-edge-case-tracker|1")
    );
    assert_eq!(project.sqlite3("SELECT last_approved_by FROM skills"), "phase4-edge-case-tracker");
    assert!(project.cfn(["load", "dev"]).ok().contains("Second."));
    project.assert_whole();
}

#[test]
fn names_the_agent_types_where_it_is_asked_to() {
    let project = with_skill("sql", "domain", "tester,dev");
    project.sqlite3("INSERT INTO agent_skill_mappings (agent_type, skill_id, enabled) VALUES ('retired', 1, 0)");
    project.skill("sql", "Second.");
    let path = path_of("sql");
    assert_eq!(project.cfn(["update", "sql", "1.0.1", &path, "patch", "true"]).ok(), "1.0.1\n  - dev\n  - tester\n");
    project.skill("sql", "Third.");
    let mut command = project.command(["skill", "update", "sql", "1.0.2", &path]);
    let output = command.env("ENABLE_AGENT_NOTIFICATIONS", "true").output().expect("cfn runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1.0.2\n  - dev\n  - tester\n");
    project.skill("sql", "Fourth.");
    let mut command = project.command(["update", "sql", "1.0.3", &path, "", "false"]);
    let output = command.env("ENABLE_AGENT_NOTIFICATIONS", "true").output().expect("cfn runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1.0.3\n", "an argument beats the environment");
}

#[test]
fn the_step_must_be_what_is_stated() {
    let project = with_skill("sql", "domain", "dev");
    project.skill("sql", "Second.");
    let before = dump(&project);
    let path = path_of("sql");
    let cases: &[(&[&str], &str)] = &[
        (&["1.0.0"], "version_not_higher"),
        (&["0.9.9"], "version_not_higher"),
        (&["1.1.0"], "other_change_type"),
        (&["2.0.0", "minor"], "other_change_type"),
        (&["1.0.1", "major"], "other_change_type"),
        (&["1.0.1", "minor"], "other_change_type"),
    ];
    for (words, kind) in cases {
        let version = words[0];
        let mut args = vec!["update", "sql", version, &path];
        args.extend(&words[1..]);
        project.fails_as(args, 5, kind);
    }
    assert_eq!(dump(&project), before);
    assert_eq!(project.cfn(["update", "sql", "1.0.7", &path]).ok(), "1.0.7\n", "a patch may skip numbers");
    project.skill("sql", "Third.");
    assert_eq!(project.cfn(["update", "sql", "1.2.0", &path, "minor"]).ok(), "1.2.0\n");
    project.skill("sql", "Fourth.");
    assert_eq!(project.cfn(["update", "sql", "3.0.0", &path, "major"]).ok(), "3.0.0\n");
}

#[test]
fn the_same_bytes_are_no_update() {
    let project = with_skill("sql", "domain", "dev");
    let before = dump(&project);
    let message = project.cfn(["update", "sql", "1.0.1", &path_of("sql")]).fails(6);
    assert_eq!(message, "error: \"sql\" 1.0.0 has these bytes already\nhint: No update is needed.\n");
    assert_eq!(dump(&project), before);
}

#[test]
fn earlier_bytes_may_come_back_under_a_new_number() {
    let project = with_skill("sql", "domain", "dev");
    deploy(&project, "sql", "Second.", &[]);
    project.skill("sql", "First.");
    assert_eq!(project.cfn(["update", "sql", "1.0.2", &path_of("sql")]).ok(), "1.0.2\n");
    assert_eq!(project.sqlite3("SELECT count(*), count(DISTINCT content_hash) FROM skill_versions"), "3|2");
    project.assert_whole();
}

#[test]
fn fields_follow_the_front_matter_where_it_has_them() {
    let project = Project::new();
    let path = "s.md";
    project.file(path, "---\nname: sql\ndescription: x\ntags: [a]\nowner: ann\n---\nOne.\n");
    project.cfn(["deploy", "1", "sql", path, "testing"]).ok();
    let fields = || project.sqlite3("SELECT tags, owner, category, approval_level FROM skills");
    project.file(path, skill_text("sql", "Two."));
    project.cfn(["update", "sql", "1.0.1", path]).ok();
    assert_eq!(fields(), "[\"a\"]|ann|testing|auto", "kept");
    project.file(
        path,
        "---\nname: sql\ndescription: x\ntags: b, c\nowner: bob\ncategory: infrastructure\napproval_level: human\n---\nThree.\n",
    );
    project.cfn(["update", "sql", "1.0.2", path]).ok();
    assert_eq!(fields(), "[\"b\",\"c\"]|bob|infrastructure|human");
    let before = dump(&project);
    for lower in ["approval_level: auto", "approval_level: escalate", "category: testing"] {
        project.file(path, format!("---\nname: sql\ndescription: x\n{lower}\n---\nFour.\n"));
        project.fails_as(["update", "sql", "1.0.3", path], 7, "lowers_approval_level");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn a_skill_that_does_not_exist_is_answered_with_the_nearest_names() {
    let project = with_skill("postgresql", "domain", "dev");
    project.file("s.md", "Body.");
    let hint =
        |name: &str| project.fails_as(["update", name, "1.0.1", "s.md"], 4, "skill_not_found")["hint"].to_string();
    assert!(hint("postgresq").contains("postgresql"));
    assert!(!hint("zzz").contains("postgresql"));
}

#[test]
fn arguments_and_files_that_cannot_be_taken_are_refused() {
    let project = with_skill("sql", "domain", "dev");
    let before = dump(&project);
    project.file("new.md", "New.");
    project.file("empty.md", "");
    project.file("latin.md", b"caf\xe9");
    let cases: &[(i32, &[&str])] = &[
        (1, &["sql", "1.0", "new.md"]),
        (1, &["sql", "v1.0.1", "new.md"]),
        (1, &["sql", "1.0.1-rc1", "new.md"]),
        (1, &["sql", "01.0.1", "new.md"]),
        (1, &["sql", "1.0.1", "new.md", "huge"]),
        (1, &["sql", "1.0.1", "new.md", "patch", "yes"]),
        (1, &["a b", "1.0.1", "new.md"]),
        (1, &["sql", "1.0.1"]),
        (1, &["sql", "1.0.1", "empty.md"]),
        (1, &["sql", "1.0.1", "latin.md"]),
        (2, &["sql", "1.0.1", "missing.md"]),
        (2, &["sql", "1.0.1", ".claude"]),
    ];
    for (code, case) in cases {
        let message = project.cfn(["update"].iter().chain(*case)).fails(*code);
        assert!(message.contains("hint: "), "{case:?}: {message}");
    }
    assert_eq!(dump(&project), before);
    let empty = Project::empty();
    empty.file("new.md", "New.");
    empty.cfn(["update", "sql", "1.0.1", "new.md"]).fails(3);
    assert!(!empty.path().join(".claude").exists());
}

#[test]
fn a_dry_run_changes_nothing() {
    let project = with_skill("sql", "domain", "dev");
    project.skill("sql", "Second.");
    let before = dump(&project);
    let ran = project.cfn(["update", "sql", "1.0.1", &path_of("sql"), "--dry-run"]).ok();
    assert_eq!(ran, "dry run: would update sql from 1.0.0 to 1.0.1\n");
    assert_eq!(dump(&project), before);
}

#[test]
fn a_version_of_the_old_tools_is_counted_as_it_is_meant() {
    let project = with_skill("sql", "domain", "dev");
    project.sqlite3("UPDATE skills SET version = 'v1.1'");
    project.skill("sql", "Second.");
    assert_eq!(project.cfn(["update", "sql", "1.1.1", &path_of("sql")]).ok(), "1.1.1\n");
    project.sqlite3("UPDATE skills SET version = 'latest'");
    project.skill("sql", "Third.");
    project.fails_as(["update", "sql", "1.1.2", &path_of("sql")], 5, "version_unreadable");
    assert_eq!(project.cfn(["deploy", "1", "sql", &path_of("sql"), "--version", "1.2.0"]).ok(), "1\n");
}

#[test]
fn a_step_counts_the_version() {
    let project = with_skill("sql", "domain", "dev");
    let path = path_of("sql");
    for (body, step, version) in
        [("2", "--patch", "1.0.1"), ("3", "--minor", "1.1.0"), ("4", "--patch", "1.1.1"), ("5", "--major", "2.0.0")]
    {
        project.skill("sql", body);
        let dry = project.cfn(["update", "sql", &path, step, "--dry-run"]).ok();
        assert!(dry.ends_with(&format!("to {version}\n")), "{dry}");
        assert_eq!(project.cfn(["skill", "update", "sql", step, &path]).ok(), format!("{version}\n"));
    }
    let sql =
        "SELECT json_extract(approval_criteria_check, '$.change_type') FROM approval_history ORDER BY id DESC LIMIT 1";
    assert_eq!(project.sqlite3(sql), "major");
    project.cfn(["update", "sql", &path, "--patch"]).fails(6);
    project.assert_whole();
}

#[test]
fn a_counted_version_is_free_and_one_that_the_file_declares_is_reported() {
    let project = with_skill("sql", "domain", "dev");
    deploy(&project, "sql", "Second.", &["--version", "1.1.0"]);
    project.sqlite3(
        "UPDATE skills SET version = '1.0.0', content_hash = (SELECT content_hash FROM skill_versions LIMIT 1)",
    );
    project.file("s.md", "---\nname: sql\ndescription: x\nversion: 9.0.0\n---\nThird.\n");
    let ran = project.cfn(["update", "sql", "s.md", "--minor"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1.2.0\n"), "{ran:?}");
    assert!(ran.stderr.contains("declares the version \"9.0.0\"; this one is recorded as 1.2.0"), "{ran:?}");
    project.sqlite3("UPDATE skills SET version = 'latest'");
    project.file("s.md", "Fourth.");
    project.fails_as(["update", "sql", "s.md", "--minor"], 5, "version_unreadable");
}

#[test]
fn a_version_and_a_step_together_are_refused_and_one_is_needed() {
    let project = with_skill("sql", "domain", "dev");
    project.file("new.md", "New.");
    project.file("1.0.1", "A file.");
    let before = dump(&project);
    for (words, hint) in [
        (&["sql", "1.0.1", "new.md", "--patch"][..], "'cfn update --patch sql FILE'"),
        (&["sql", "new.md", "patch"], "'cfn update NAME FILE --patch'"),
        (&["sql", "new.md", "1.0.1"], "'cfn update NAME FILE --patch'"),
        (&["sql", "new.md"], "--patch|--minor|--major"),
        (&["sql", "1.0.1"], "--patch|--minor|--major"),
        (&["sql", "--patch"], "--patch|--minor|--major"),
        (&["sql", "new.md", "--patch", "--minor"], "--patch|--minor|--major"),
    ] {
        let error = project.fails_as(["update"].iter().chain(words), 1, "invalid_arguments");
        assert!(error["hint"].as_str().is_some_and(|it| it.contains(hint)), "{words:?}: {error}");
    }
    assert_eq!(dump(&project), before);
    assert_eq!(project.cfn(["update", "sql", "1.0.1", "--minor"]).ok(), "1.1.0\n", "a file may have any name");
}

#[test]
fn of_two_equal_updates_at_once_one_wins() {
    let project = with_skill("sql", "domain", "dev");
    project.skill("sql", "Second.");
    let path = path_of("sql");
    let start = || {
        let mut command = project.command(["update", "sql", &path, "--patch"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
    };
    let both = [start(), start()].map(|it| it.wait_with_output().expect("cfn ends").status.code());
    assert!(both.contains(&Some(0)) && both.contains(&Some(6)), "{both:?}");
    assert_eq!(versions(&project, "sql"), "1.0.0 deploy, 1.0.1 update");
    project.assert_whole();
}
