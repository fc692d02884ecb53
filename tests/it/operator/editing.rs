//! `cfn skill edit`.

use crate::harness::Project;
use crate::scene::{dump, names, skill_text, tokens, with_skill};

#[test]
fn the_fields_that_are_named_change_and_no_others() {
    let project = with_skill("jwt", "testing", "dev");
    let out = project.cfn(["skill", "edit", "jwt", "--tags", "auth, api", "--owner", "ann", "--team", "core"]).ok();
    assert_eq!(out, "jwt: team, tags, owner\n");
    let row = "SELECT category, tags, owner, team, approval_level, version FROM skills";
    assert_eq!(project.sqlite3(row), r#"testing|["auth","api"]|ann|core|auto|1.0.0"#);
    project.cfn(["skill", "edit", "jwt", "--owner", "", "--tags", ""]).ok();
    assert_eq!(project.sqlite3(row), "testing|[]||core|auto|1.0.0", "an empty text removes");
    let token = tokens(&project);
    assert_eq!(project.cfn(["skill", "edit", "jwt", "--team", "core"]).ok(), "jwt: unchanged\n");
    assert_eq!(tokens(&project), token, "nothing was written");
}

#[test]
fn a_category_raises_the_level_and_never_lowers_it() {
    let project = with_skill("jwt", "testing", "dev");
    assert_eq!(project.cfn(["skill", "edit", "jwt", "--category", "domain"]).ok(), "jwt: category, approval_level\n");
    assert_eq!(project.sqlite3("SELECT category, approval_level FROM skills"), "domain|human");
    assert_eq!(project.cfn(["skill", "edit", "jwt", "--category", "testing"]).ok(), "jwt: category\n");
    assert_eq!(project.sqlite3("SELECT category, approval_level FROM skills"), "testing|human");
}

#[test]
fn a_lower_level_takes_a_reason_and_is_recorded() {
    let project = with_skill("jwt", "domain", "dev");
    let before = dump(&project);
    let lower = ["skill", "edit", "jwt", "--level", "escalate"];
    assert!(project.cfn(lower).fails(7).contains("human"));
    project.cfn(lower.into_iter().chain(["--lower-level"])).fails(1);
    assert_eq!(dump(&project), before);
    project.cfn(lower.into_iter().chain(["--lower-level", "--reason", "trusted", "--approver", "ann"])).ok();
    let last = "SELECT approval_level, approver, decision, reasoning, approval_criteria_check FROM approval_history
        ORDER BY id DESC LIMIT 1";
    let expected = r#"escalate|ann|approved|trusted|{"lowers_level":{"from":"human","to":"escalate"}}"#;
    assert_eq!(project.sqlite3(last), expected);
    assert_eq!(names(&project, &["dev"]), ["jwt"], "what was approved stays approved");
}

#[test]
fn lowering_a_level_approves_nothing_that_waits_for_a_person() {
    let project = Project::new();
    project.file("tree/jwt/SKILL.md", skill_text("jwt", "Waits."));
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    let lower = ["skill", "edit", "jwt", "--level", "escalate", "--lower-level", "--reason", "r", "--approver", "ann"];
    project.cfn(lower).ok();
    assert!(names(&project, &["dev"]).is_empty());
    assert!(project.cfn(["skill", "pending"]).ok().contains("jwt"));
    project.cfn(["skill", "reject", "jwt", "--approver", "ann"]).ok();
    let auto = ["skill", "edit", "jwt", "--level", "auto", "--lower-level", "--reason", "r", "--approver", "ann"];
    project.cfn(auto).ok();
    assert!(names(&project, &["dev"]).is_empty(), "rejected bytes stay rejected");
}

#[test]
fn nothing_to_change_and_an_unknown_skill_are_errors() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["skill", "edit", "jwt"]).fails(1);
    project.cfn(["skill", "edit", "jwt", "--category", "nonsense"]).fails(1);
    let message = project.cfn(["skill", "edit", "jvt", "--owner", "ann"]).fails(4);
    assert!(message.contains("jwt"), "{message}");
}
