//! `cfn skill add`.

use crate::harness::Project;
use crate::scene::{dump, names, sha256, skill_text};

fn empty() -> Project {
    let project = Project::new();
    project.cfn(["init"]).ok();
    project
}

#[test]
fn a_folder_is_added_under_its_name_and_waits_for_review() {
    let project = empty();
    project.file("skills/jwt/SKILL.md", skill_text("jwt", "By hand."));
    let ran = project.cfn(["skill", "add", "skills/jwt", "--agents", "dev,ops"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "jwt\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("waits for review"), "{}", ran.stderr);
    let row = "SELECT generated_by, phase4_pattern_id IS NULL, is_auto_generated, category, approval_level FROM skills";
    assert_eq!(project.sqlite3(row), "manual|1|0|domain|human");
    assert_eq!(project.sqlite3("SELECT content_hash FROM skills"), sha256(skill_text("jwt", "By hand.")));
    assert!(names(&project, &["dev"]).is_empty());
    project.cfn(["skill", "approve", "jwt", "--approver", "me"]).ok();
    assert_eq!(names(&project, &["ops"]), ["jwt"]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM outbox"), "0", "no pattern has it");
}

#[test]
fn an_approval_at_once_names_its_approver() {
    let project = empty();
    project.file("notes.md", "# Release notes\n\nWrite them.\n");
    let add = ["skill", "add", "notes.md", "--name", "release-notes", "--agents", "dev", "--approve"];
    project.cfn(add.into_iter().chain(["--approver", "ann", "--reason", "read"])).ok();
    assert_eq!(names(&project, &["dev"]), ["release-notes"]);
    assert_eq!(project.sqlite3("SELECT approver, decision, reasoning FROM approval_history"), "ann|approved|read");
    let auto = project.file("auto/SKILL.md", skill_text("auto", "Auto."));
    let json = project.cfn(["skill", "add", auto.to_str().expect("UTF-8"), "--category", "testing", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["approved"], &json["created"]), (&true.into(), &true.into()));
}

#[test]
fn the_same_bytes_again_add_what_is_missing_and_other_bytes_are_refused() {
    let project = empty();
    project.file("skills/jwt/SKILL.md", skill_text("jwt", "By hand."));
    project.cfn(["skill", "add", "skills/jwt"]).ok();
    let json = project.cfn(["skill", "add", "skills/jwt", "--agents", "dev", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["created"], &json["agents_added"]), (&false.into(), &serde_json::json!(["dev"])));
    let before = dump(&project);
    project.file("skills/jwt/SKILL.md", skill_text("jwt", "Other."));
    let message = project.cfn(["skill", "add", "skills/jwt"]).fails(7);
    assert!(message.contains("cfn update"), "{message}");
    project.file("skills/JWT/SKILL.md", skill_text("JWT", "Twin."));
    project.cfn(["skill", "add", "skills/JWT"]).fails(7);
    assert_eq!(dump(&project), before);
}

#[test]
fn what_cannot_be_added_is_refused_with_its_reason() {
    let project = empty();
    let before = dump(&project);
    project.cfn(["skill", "add", "nowhere"]).fails(2);
    project.file("Not a name!/SKILL.md", "# Nothing\n");
    assert!(project.cfn(["skill", "add", "Not a name!"]).fails(1).contains("--name"));
    project.file("skills/jwt/SKILL.md", skill_text("jwt", "By hand."));
    project.cfn(["skill", "add", "skills/jwt", "--approver", "ann"]).fails(1);
    project.cfn(["skill", "add", "skills/jwt", "--agents", "de v"]).fails(1);
    let dry = project.cfn(["skill", "add", "skills/jwt", "--dry-run"]);
    assert!(!dry.stderr.contains("approve"), "there is nothing to approve: {dry:?}");
    assert_eq!(dry.ok(), "dry run: would add jwt 1.0.0\n");
    assert_eq!(dump(&project), before);
}
