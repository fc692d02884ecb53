//! What is in the way, where nothing may be written, and links.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{entries, export, tree, with_skills};
use crate::scene::skill_text;

#[test]
fn a_foreign_folder_in_the_way_is_named_and_nothing_is_written() {
    let project = with_skills();
    project.file("out/jwt/SKILL.md", "Mine.");
    project.file("out/jwt/more", "Mine.");
    let before = tree(&project.path().join("out"));
    let ran = export(&project, &["--agent", "dev"]);
    let message = ran.fails(7);
    assert!(message.contains("something that cfn did not write is in the way: jwt"), "{message}");
    assert_eq!(tree(&project.path().join("out")), before);
}

#[test]
fn a_foreign_folder_that_is_the_approved_one_is_taken_over() {
    let project = with_skills();
    let own = project.file("out/pdf/SKILL.md", skill_text("pdf", "Pages."));
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).expect("a mode");
    let report = export(&project, &["--agent", "ops", "--json"]).json();
    assert_eq!((&report["unchanged"], report["written"].as_array().map(Vec::len)), (&1.into(), Some(1)));
    project.cfn(["skill", "archive", "pdf"]).ok();
    export(&project, &["--agent", "ops"]).ok();
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "sql"]);
}

#[test]
fn revoked_skills_leave_even_if_something_is_in_the_way_of_others() {
    let project = with_skills();
    export(&project, &["--agent", "ops"]).ok();
    project.file("out/jwt/SKILL.md", "Mine.");
    project.cfn(["skill", "archive", "sql"]).ok();
    let path = project.skill("pdf", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "pdf", "1.0.1", &path]).ok();
    let ran = export(&project, &["--agent", "dev"]);
    assert!(ran.code == Some(7) && ran.stderr.contains("in the way: jwt"), "{ran:?}");
    assert_eq!(entries(&project.path().join("out")), ["cfn-export.lock", "jwt", "pdf"]);
    assert!(fs::read_to_string(project.path().join("out/pdf/SKILL.md")).expect("a file").contains("Pages."));
    assert_eq!(tree(&project.path().join("out/jwt")), ["SKILL.md 644 Mine."]);
}

#[test]
fn no_link_below_the_folder_is_followed() {
    let project = with_skills();
    let outside = project.path().join("outside");
    project.file("outside/skills/pdf/SKILL.md", "Precious.");
    let before = tree(&outside);
    let out = project.path().join("out");
    fs::create_dir(&out).expect("a folder");
    symlink(&outside, out.join(".claude")).expect("a link");
    let claude = ["export", "out", "--agent", "ops", "--layout", "claude"];
    project.fails_as(claude, 7, "folder_in_the_way");
    fs::remove_file(out.join(".claude")).expect("it goes");
    fs::create_dir(out.join(".claude")).expect("a folder");
    symlink(outside.join("skills"), out.join(".claude/skills")).expect("a link");
    project.fails_as(claude, 7, "folder_in_the_way");
    fs::remove_file(out.join(".claude/skills")).expect("it goes");
    fs::create_dir(out.join(".claude/skills")).expect("a folder");
    symlink(outside.join("skills/pdf"), out.join(".claude/skills/pdf")).expect("a link");
    symlink(&outside, out.join(".claude/skills/.cfn-tmp")).expect("a link");
    let ran = project.cfn(claude);
    assert!(ran.code == Some(7) && ran.stderr.contains(".claude/skills/pdf (it is a link)"), "{ran:?}");
    fs::remove_file(out.join(".claude/skills/pdf")).expect("it goes");
    project.fails_as(claude, 7, "folder_in_the_way");
    fs::remove_file(out.join(".claude/skills/.cfn-tmp")).expect("it goes");
    symlink(outside.join("made"), out.join("cfn-export.lock")).expect("a link");
    project.fails_as(claude, 7, "export_record_refused");
    fs::remove_file(out.join("cfn-export.lock")).expect("it goes");
    project.cfn(claude).ok();
    assert_eq!(tree(&outside), before);
}

#[test]
fn a_folder_that_became_a_link_is_not_followed_and_not_removed() {
    let project = with_skills();
    export(&project, &["--agent", "ops"]).ok();
    let (pdf, moved) = (project.path().join("out/pdf"), project.path().join("moved"));
    fs::rename(&pdf, &moved).expect("it moves");
    symlink(&moved, &pdf).expect("a link");
    project.cfn(["skill", "archive", "pdf"]).ok();
    let ran = export(&project, &["--agent", "ops"]);
    assert!(ran.code == Some(7) && ran.stderr.contains("pdf: it is a link"), "{ran:?}");
    assert!(moved.join("SKILL.md").exists() && fs::symlink_metadata(&pdf).is_ok());
}

#[test]
fn folders_without_rights_are_replaced_and_removed_all_the_same() {
    let project = with_skills();
    export(&project, &["--agent", "dev"]).ok();
    let jwt = project.path().join("out/jwt");
    fs::write(jwt.join("scripts/run.sh"), "changed").expect("a file");
    for folder in [jwt.join("scripts"), jwt.clone()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).expect("a mode");
    }
    export(&project, &["--agent", "dev"]).ok();
    assert_eq!(fs::metadata(jwt.join("scripts")).expect("a folder").permissions().mode() & 0o777, 0o755);
    fs::set_permissions(&jwt, fs::Permissions::from_mode(0o555)).expect("a mode");
    project.cfn(["skill", "archive", "jwt"]).ok();
    export(&project, &["--agent", "dev"]).ok();
    assert!(!jwt.exists());
}

#[test]
fn a_file_or_nothing_writable_in_the_place_of_the_folder_is_an_error() {
    let project = with_skills();
    project.file("out", "a file");
    for args in [&["--all"][..], &["--all", "--check"], &["--all", "--dry-run"]] {
        project.fails_as(["export", "out"].iter().chain(args), 2, "file_failed");
    }
    project.fails_as(["export", "/proc/nothing", "--all"], 2, "file_failed");
}
