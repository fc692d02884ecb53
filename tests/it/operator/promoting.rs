//! `cfn skill promote`: staged skills are recorded, and their folders moved, once they are valid and settled.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::harness::{Project, Ran};
use crate::scene::{deploy, dump, skill_text, versions};

const STAGING: &str = ".claude/skills/staging";

/// Stages a skill whose file was written so many hours ago.
fn stage(project: &Project, name: &str, hours: u64) -> PathBuf {
    let file = project.file(&format!("{STAGING}/{name}/SKILL.md"), skill_text(name, "Staged."));
    written(&file, hours);
    file
}

fn written(file: &std::path::Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    fs::File::options().append(true).open(file).expect("a file").set_modified(then).expect("set");
}

fn promote(project: &Project, args: &[&str]) -> Ran {
    project.cfn(["skill", "promote"].iter().chain(args))
}

#[test]
fn a_settled_skill_is_recorded_and_moved_and_a_new_one_waits() {
    let project = Project::new();
    stage(&project, "old", 49);
    stage(&project, "new", 1);
    written(&project.file(&format!("{STAGING}/old/notes.txt"), "notes"), 50);
    let dry = promote(&project, &["--dry-run"]).ok();
    assert!(dry.starts_with("dry run: old 1.0.0: promoted, waits for review\n"), "{dry}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
    let text = promote(&project, &[]).ok();
    assert!(text.starts_with("old 1.0.0: promoted, waits for review\n") && text.contains("too new"), "{text}");
    assert_eq!(versions(&project, "old"), "1.0.0 promote");
    assert_eq!(project.sqlite3("SELECT name, content_path FROM skills"), "old|.claude/skills/old/SKILL.md");
    assert!(project.path().join(".claude/skills/old/notes.txt").exists());
    assert!(!project.path().join(STAGING).join("old").exists());
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
    assert_eq!(promote(&project, &["new"]).code, Some(7), "one that is named must be ready");
    assert_eq!(
        promote(&project, &["new", "--force", "--approve", "--approver", "ann"]).ok(),
        "new 1.0.0: promoted, approved\n"
    );
    assert_eq!(promote(&project, &[]).ok(), "nothing is staged\n");
    project.assert_whole();
}

#[test]
fn any_newer_file_of_the_folder_counts() {
    let project = Project::new();
    stage(&project, "old", 100);
    project.file(&format!("{STAGING}/old/scripts/run.sh"), "true");
    let report = promote(&project, &["--json"]).json();
    assert_eq!((&report["skills"][0]["early"], &report["skills"][0]["ready"]), (&true.into(), &false.into()));
}

#[test]
fn what_is_there_is_never_replaced() {
    let project = Project::new();
    deploy(&project, "sql", "First.", &[]);
    stage(&project, "sql", 60);
    let before = dump(&project);
    let ran = promote(&project, &[]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stdout.contains("is there already"), "{ran:?}");
    assert_eq!(dump(&project), before);
    assert!(fs::read_to_string(project.path().join(".claude/skills/sql/SKILL.md")).expect("a file").contains("First."));
    // Without that folder, it is a new version of the skill.
    fs::rename(project.path().join(".claude/skills/sql"), project.path().join("away")).expect("renamed");
    promote(&project, &["sql"]).ok();
    assert_eq!(versions(&project, "sql"), "1.0.0 deploy, 1.0.1 promote");
}

#[test]
fn a_run_that_ended_before_the_move_is_completed_by_the_next() {
    let project = Project::new();
    let file = stage(&project, "old", 60);
    project.cfn(["skill", "add", file.to_str().expect("a path")]).ok();
    promote(&project, &[]).ok();
    assert_eq!(versions(&project, "old"), "1.0.0 add");
    assert_eq!(project.sqlite3("SELECT content_path FROM skills"), ".claude/skills/old/SKILL.md");
    assert_eq!(project.cfn(["skill", "verify"]).ok(), "1 skill checked, 0 differences\n");
}

#[test]
fn invalid_skills_and_links_stay_and_the_others_are_promoted() {
    let project = Project::new();
    stage(&project, "good", 60);
    written(&project.file(&format!("{STAGING}/empty/SKILL.md"), ""), 60);
    let elsewhere = Project::empty();
    elsewhere.file("evil/SKILL.md", skill_text("evil", "Evil."));
    symlink(elsewhere.path().join("evil"), project.path().join(STAGING).join("evil")).expect("a link");
    fs::create_dir(project.path().join(STAGING).join("file")).expect("a folder");
    symlink(elsewhere.path().join("evil/SKILL.md"), project.path().join(STAGING).join("file/SKILL.md"))
        .expect("a link");
    let ran = promote(&project, &[]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stdout.starts_with("good 1.0.0: promoted"), "{ran:?}");
    assert_eq!(project.sqlite3("SELECT group_concat(name) FROM skills"), "good");
    let outside = elsewhere.path().join("evil");
    let ran = promote(&project, &[outside.to_str().expect("a path"), "--force"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("outside the project"), "{ran:?}");
    project.fails_as(["skill", "promote", "nothing-like-it"], 2, "file_unreadable");
}

#[test]
fn staged_skills_are_listed_and_stale_ones_reported() {
    let project = Project::empty();
    project.cfn(["init"]).ok();
    assert_eq!(promote(&project, &["--list"]).ok(), "nothing is staged\n");
    stage(&project, "old", 60);
    let list = promote(&project, &["--list"]).ok();
    assert!(list.contains("60.0 h") && list.contains("ready") && !list.contains("stale"), "{list}");
    promote(&project, &["--check-stale"]).ok();
    stage(&project, "older", 73);
    let ran = promote(&project, &["--check-stale"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("ready, stale"), "{ran:?}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
}

#[test]
fn of_two_runs_at_once_each_skill_is_promoted_once() {
    let project = Project::new();
    stage(&project, "old", 60);
    let start = || {
        let mut command = project.command(["skill", "promote", "old"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
    };
    let both = [start(), start()].map(|it| it.wait_with_output().expect("cfn ends").status.code());
    assert!(both.contains(&Some(0)) && both.iter().any(|it| [Some(2), Some(7)].contains(it)), "{both:?}");
    assert_eq!(versions(&project, "old"), "1.0.0 promote");
    assert!(project.path().join(".claude/skills/old/SKILL.md").exists());
    project.assert_whole();
}

#[test]
fn a_skill_that_comes_from_elsewhere_is_not_replaced_from_staging() {
    for (category, text) in [("testing", "Staged."), ("domain", "Staged."), ("testing", "Mine.")] {
        let project = Project::empty();
        project.file("mine/sql/SKILL.md", skill_text("sql", "Mine."));
        project.cfn(["init", "--from", "mine", "--category", category, "--agents", "dev", "--approve-as", "lead"]).ok();
        written(&project.file(&format!("{STAGING}/sql/SKILL.md"), skill_text("sql", text)), 60);
        let before = dump(&project);
        for more in [&[][..], &["--force"], &["sql", "--approve", "--approver", "eve"], &["--dry-run"]] {
            let ran = promote(&project, more);
            assert_eq!(ran.code, Some(7), "{ran:?}");
            let wanted =
                "\"sql\" comes from mine/sql/SKILL.md, and .claude/skills/staging/sql/SKILL.md is another source";
            assert!(ran.stdout.replace('\n', " ").contains(wanted), "{ran:?}");
        }
        assert_eq!(dump(&project), before);
        assert!(project.path().join(STAGING).join("sql").exists(), "it stays");
        assert!(project.cfn(["load", "dev"]).ok().contains("Mine."));
    }
}

#[test]
fn a_staged_folder_bears_the_name_of_its_skill() {
    let project = Project::new();
    deploy(&project, "sql", "Mine.", &["testing", "dev"]);
    fs::rename(project.path().join(".claude/skills/sql"), project.path().join("away")).expect("renamed");
    for (folder, name) in [("other", "sql"), ("other", "new"), ("sql2", "sql")] {
        written(&project.file(&format!("{STAGING}/{folder}/SKILL.md"), skill_text(name, "Evil.")), 60);
        let before = dump(&project);
        let ran = promote(&project, &[folder, "--force", "--json"]);
        assert_eq!(ran.code, Some(7), "{ran:?}");
        assert!(ran.stdout.contains("its folder is not called"), "{ran:?}");
        assert_eq!(dump(&project), before);
    }
    assert!(project.cfn(["load", "dev"]).ok().contains("Mine."));
}

#[test]
fn a_skill_that_was_promoted_is_promoted_again() {
    let project = Project::new();
    for text in ["First.", "Second."] {
        written(&project.file(&format!("{STAGING}/sql/SKILL.md"), skill_text("sql", text)), 60);
        promote(&project, &["sql", "--approve", "--approver", "ann"]).ok();
        fs::rename(project.path().join(".claude/skills/sql"), project.path().join(text)).expect("renamed");
    }
    assert_eq!(versions(&project, "sql"), "1.0.0 promote, 1.0.1 promote");
    // Not by an import that claims to be its source, and whose bytes were rejected.
    project.file("their/sql/SKILL.md", skill_text("sql", "Theirs."));
    project.cfn(["init", "--from", "their", "--update", "--from-any"]).ok();
    project.cfn(["skill", "reject", "sql", "--approver", "ann"]).ok();
    written(&project.file(&format!("{STAGING}/sql/SKILL.md"), skill_text("sql", "Third.")), 60);
    promote(&project, &["sql"]).ok();
    assert_eq!(versions(&project, "sql"), "1.0.0 promote, 1.0.1 promote, 1.0.2 import, 1.0.3 promote");
}

#[test]
fn rejected_bytes_are_not_promoted() {
    let project = Project::new();
    stage(&project, "sql", 60);
    promote(&project, &["sql"]).ok();
    project.cfn(["skill", "reject", "sql", "--approver", "ann"]).ok();
    let there = project.path().join(".claude/skills/sql");
    fs::rename(&there, project.path().join(STAGING).join("sql")).expect("renamed");
    let ran = promote(&project, &["sql"]);
    assert!(ran.code == Some(7) && ran.stdout.contains("rejected"), "{ran:?}");
    assert!(!there.exists());
}
