//! `cfn deploy` and `cfn update` with folders.

use std::fs;
use std::os::unix::fs::symlink;

use super::{files, make_executable, skill_with_files, unstored};
use crate::harness::Project;
use crate::scene::{dump, skill_text};

const WHOLE: [&str; 3] = ["100644 SKILL.md", "100644 notes.txt", "100755 scripts/run.sh"];

#[test]
fn a_folder_and_its_skill_file_give_the_same_version() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    let first = project.cfn(["deploy", "1", "pdf", "skills/pdf", "--json"]).json();
    assert_eq!((&first["files"], &first["new_version"]), (&3.into(), &true.into()), "{first}");
    assert_eq!(files(&project, "pdf", "1.0.0"), WHOLE);
    assert_eq!(unstored(&project), "0");
    let again = project.cfn(["deploy", "1", "pdf", "skills/pdf/SKILL.md", "--json"]).json();
    assert_eq!((&again["folder_hash"], &again["new_version"]), (&first["folder_hash"], &false.into()), "{again}");
    let path = project.sqlite3("SELECT content_path FROM skills");
    assert_eq!(path, "skills/pdf/SKILL.md");
}

#[test]
fn each_change_of_a_file_beside_it_is_a_new_version() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    let deploy = || project.cfn(["deploy", "1", "pdf", "skills/pdf", "--json"]).json()["version"].clone();
    assert_eq!(deploy(), "1.0.0");
    project.file("skills/pdf/scripts/run.sh", "#!/bin/sh\necho 2\n");
    assert_eq!(deploy(), "1.0.1");
    project.file("skills/pdf/new", "");
    assert_eq!(deploy(), "1.0.2");
    make_executable(&project, "skills/pdf/new");
    assert_eq!(deploy(), "1.0.3");
    fs::remove_file(project.path().join("skills/pdf/new")).expect("removed");
    symlink("notes.txt", project.path().join("skills/pdf/new")).expect("a link");
    assert_eq!(deploy(), "1.0.4");
    fs::remove_file(project.path().join("skills/pdf/new")).expect("removed");
    assert_eq!(deploy(), "1.0.5");
    assert_eq!(deploy(), "1.0.5");
    assert_eq!(unstored(&project), "0");
}

#[test]
fn the_database_and_what_cfn_makes_beside_it_are_never_files_of_a_skill() {
    let project = Project::empty();
    let cfn = |args: &[&str]| {
        let mut command = project.command(args);
        command.env("CFN_SKILLS_DB_PATH", project.path().join("skill/data/skills.db"));
        crate::harness::Ran::from(command.output().expect("cfn runs"))
    };
    project.file("skill/SKILL.md", skill_text("a", "First."));
    project.file("skill/data/table.db", "SQLite format 3");
    cfn(&["init"]).ok();
    cfn(&["metrics", "--enable"]).ok();
    cfn(&["skill", "search", "x"]).ok();
    cfn(&["db", "backup", "--to", "skill/backups"]).ok();
    project.file("skill/data/skills.db.before-restore-20261127T090000Z", "x");
    fs::hard_link(project.path().join("skill/data/skills.db"), project.path().join("skill/other")).expect("a link");
    for (number, place) in ["skill", "skill/SKILL.md", "skill"].into_iter().enumerate() {
        project.file("skill/SKILL.md", skill_text("a", &format!("Body {number}.")));
        let said = cfn(&["deploy", "1", "a", place, "domain", "t", "--json"]).json();
        assert_eq!(said["files"], 2, "{said}");
        assert!(said["warnings"].to_string().contains("cfn's database are left out: "), "{said}");
    }
    let report = cfn(&["skill", "verify", "a", "--json"]).json();
    assert_eq!(report["differences"], serde_json::json!([]), "{report}");
    cfn(&["export", "out", "--agent", "t"]).ok();
    assert!(project.path().join("out/a/data/table.db").exists());
    let data = fs::read_dir(project.path().join("out/a/data")).expect("a folder").count();
    assert_eq!((data, project.path().join("out/a/other").exists()), (1, false));
    let found = cfn(&["init", "--from", ".", "--update", "--json"]).json();
    assert!(found.to_string().contains("cfn's database are left out") || found["unchanged"] == 1, "{found}");
}

#[test]
fn a_link_to_the_database_refuses_the_folder() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    fs::hard_link(project.database(), project.path().join("skills/pdf/data")).expect("a link");
    symlink("data", project.path().join("skills/pdf/link")).expect("a link");
    project.fails_as(["deploy", "1", "pdf", "skills/pdf"], 1, "invalid_content");
}

#[test]
fn a_skill_file_alone_leaves_no_rows() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    let alone = ["deploy", "1", "pdf", "skills/pdf/SKILL.md", "--only-skill-md", "--json"];
    let report = project.cfn(alone).json();
    assert_eq!((&report["files"], &report["warnings"]), (&1.into(), &serde_json::json!([])), "{report}");
    assert_eq!(project.sqlite3("SELECT count(*), count(v.folder_hash) FROM skill_versions v"), "1|0");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_files"), "0");
}

#[test]
fn a_project_root_and_a_folder_beyond_the_limits_give_the_skill_file_alone_and_say_so() {
    let project = Project::new();
    for mark in ["package.json", "Cargo.toml", "go.mod", ".git/HEAD"] {
        let name = mark.replace(['.', '/'], "-").trim_matches('-').to_lowercase();
        project.file(&format!("{name}/SKILL.md"), skill_text(&name, "Body."));
        project.file(&format!("{name}/{mark}"), "x");
        project.file(&format!("{name}/main.c"), "x");
        let report = project.cfn(["deploy", "1", &name, &format!("{name}/SKILL.md"), "--json"]).json();
        assert_eq!(report["files"], 1, "{report}");
        let mark = mark.split('/').next().unwrap_or_default();
        let warning = format!(
            "only SKILL.md is taken: {mark} marks its folder as a project's root; to take all of it, name the folder"
        );
        assert_eq!(report["warnings"][0]["message"], warning.as_str(), "{report}");
        let whole = project.cfn(["deploy", "1", &name, &name, "--json"]).json();
        assert_eq!(whole["files"], if mark == ".git" { 2 } else { 3 }, "{whole}");
    }
    project.file("large/SKILL.md", skill_text("large", "Body."));
    for number in 0..512 {
        project.file(&format!("large/{number}"), "x");
    }
    let report = project.cfn(["deploy", "1", "large", "large/SKILL.md", "--json"]).json();
    let warning = "only SKILL.md is taken: the folder has more than 512 files";
    assert_eq!((&report["files"], &report["warnings"][0]["message"]), (&1.into(), &warning.into()), "{report}");
    let before = dump(&project);
    let message = project.cfn(["deploy", "1", "large", "large"]).fails(1);
    assert!(message.contains("large: the folder has more than 512 files"), "{message}");
    assert_eq!(dump(&project), before);
    let mut raised = project.command(["deploy", "1", "large", "large", "--json"]);
    let ran: crate::harness::Ran = raised.env("CFN_MAX_FOLDER_FILES", "513").output().expect("cfn runs").into();
    assert_eq!(ran.json()["files"], 513);
    project.file("cfn.toml", "max_folder_files = '513'\nmax_folder_bytes = '100'\n");
    let message = project.cfn(["deploy", "1", "large", "large"]).fails(1);
    assert!(message.contains("more than 100 bytes together"), "{message}");
}

#[test]
fn a_file_of_another_name_replaces_the_skill_file_and_keeps_the_others() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    project.cfn(["deploy", "1", "pdf", "skills/pdf"]).ok();
    project.file("corrected.md", skill_text("pdf", "Corrected."));
    let report = project.cfn(["update", "pdf", "corrected.md", "--patch", "--json"]).json();
    assert_eq!((&report["files"], &report["version"]), (&3.into(), &"1.0.1".into()), "{report}");
    assert_eq!(files(&project, "pdf", "1.0.1"), WHOLE);
    let skill = "SELECT CAST(c.bytes AS TEXT) FROM skill_files f JOIN skill_contents c USING (hash) WHERE path = 'SKILL.md' ORDER BY version_id DESC LIMIT 1";
    assert!(project.sqlite3(skill).contains("Corrected."));
    project.file("fresh/SKILL.md", skill_text("pdf", "Fresh."));
    let report = project.cfn(["update", "pdf", "fresh", "--patch", "--json"]).json();
    assert_eq!(report["files"], 1, "a folder replaces all: {report}");
    project.file("new.md", skill_text("new", "Body."));
    project.file("beside.txt", "x");
    assert_eq!(project.cfn(["deploy", "1", "new", "new.md", "--json"]).json()["files"], 1);
}

#[test]
fn what_cannot_be_taken_is_refused_by_its_path_and_nothing_is_stored() {
    let project = Project::new();
    project.file("outside.txt", "secret");
    let before = dump(&project);
    let refused = |why: &str| {
        for args in [["deploy", "1", "pdf", "skills/pdf"], ["deploy", "1", "pdf", "skills/pdf/SKILL.md"]] {
            let message = project.cfn(args).fails(1);
            assert!(message.contains(why), "{message}");
            assert_eq!(message.lines().count(), 2, "{message}");
        }
        assert_eq!(dump(&project), before);
        fs::remove_dir_all(project.path().join("skills")).expect("removed");
        skill_with_files(&project, "pdf");
    };
    skill_with_files(&project, "pdf");
    let at = |path: &str| project.path().join("skills/pdf").join(path);
    symlink("../../outside.txt", at("link")).expect("a link");
    refused("skills/pdf/link: it is a link that leaves the skill's folder");
    symlink("/dev/zero", at("zero")).expect("a link");
    refused("skills/pdf/zero: it is a link that leaves the skill's folder");
    assert!(std::process::Command::new("mkfifo").arg(at("scripts/pipe")).status().is_ok_and(|it| it.success()));
    refused("skills/pdf/scripts/pipe: it is not a regular file");
    project.file("skills/pdf/NOTES.txt", "x");
    refused("cannot both exist on every file system");
    project.file("skills/pdf/a\u{1b}b", "x");
    refused("its path has control characters");
    project.file("skills/pdf/.cfnignore", "x\n".repeat(20_000));
    refused("skills/pdf/.cfnignore: it has more than 16384 bytes");
    project.file("skills/pdf/skill.md", "x");
    refused("two skill files");
    fs::remove_file(at("SKILL.md")).expect("removed");
    let message = project.cfn(["deploy", "1", "pdf", "skills/pdf"]).fails(2);
    assert!(message.contains("skills/pdf is a folder without a SKILL.md"), "{message}");
}

#[test]
fn ignored_files_and_nested_skills_are_not_taken() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    project.file(".cfnignore", "*.log\n");
    project.file("skills/pdf/.cfnignore", "notes.txt\n");
    project.file("skills/pdf/a.log", "x");
    project.file("skills/pdf/node_modules/x.js", "x");
    project.file("skills/pdf/skills/inner/SKILL.md", skill_text("inner", "Body."));
    project.file("skills/pdf/skills/inner/x", "x");
    project.cfn(["deploy", "1", "pdf", "skills/pdf"]).ok();
    assert_eq!(files(&project, "pdf", "1.0.0"), ["100644 SKILL.md", "100755 scripts/run.sh"]);
}

#[test]
fn a_dry_run_says_what_it_would_take_and_stores_nothing() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    let before = dump(&project);
    assert_eq!(project.cfn(["deploy", "1", "pdf", "skills/pdf", "--dry-run", "--json"]).json()["files"], 3);
    assert_eq!(dump(&project), before);
}

#[test]
fn reading_a_changed_skill_file_again_keeps_the_other_files() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    project.cfn(["deploy", "1", "pdf", "skills/pdf"]).ok();
    project.file("skills/pdf/SKILL.md", skill_text("pdf", "Run it twice."));
    project.file("skills/pdf/notes.txt", "changed, and not read again");
    let before = project.sqlite3("SELECT count(*) FROM skill_contents");
    let said = project.cfn(["skill", "update", "--skill", "pdf", "--recalculate-hash"]).ok();
    assert_eq!(said, "pdf 1.0.1: version, content_hash\n");
    assert_eq!(files(&project, "pdf", "1.0.1"), files(&project, "pdf", "1.0.0"));
    assert_eq!(
        project.sqlite3("SELECT count(*) FROM skill_contents"),
        (before.parse::<i64>().expect("a number") + 1).to_string()
    );
    let report = project.cfn(["skill", "show", "pdf", "--json"]).json();
    assert_eq!(report["approved"], false, "it waits for review: {report}");
    project.cfn(["skill", "approve", "pdf", "--approver", "ann"]).ok();
    assert_eq!(unstored(&project), "0");
}

#[test]
fn the_files_that_wait_are_counted() {
    let project = Project::new();
    skill_with_files(&project, "pdf");
    project.file("skills/pdf/tool.py", "print()");
    project.file("skills/plain/SKILL.md", skill_text("plain", "Body."));
    project.cfn(["init", "--from", "skills"]).ok();
    let report = project.cfn(["skill", "pending", "--json"]).json();
    let count = |at: usize| (report["pending"][at]["files"].as_u64(), report["pending"][at]["scripts"].as_u64());
    assert_eq!((count(0), count(1)), ((Some(3), Some(2)), (Some(0), Some(0))), "{report}");
    let text = project.cfn(["skill", "pending"]).ok();
    let head = text.lines().next().unwrap_or_default();
    assert!(head.contains("FILES") && head.contains("SCRIPTS"), "{text}");
}
