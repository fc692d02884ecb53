//! `cfn skill pin` and `unpin`: the version that agents get whatever comes later.

use crate::harness::Project;
use crate::scene::{deploy, dump, names, with_skill};

/// The version of the skill that an agent gets.
fn loaded(project: &Project, agent: &str) -> Option<String> {
    let report = project.cfn(["load", agent, "--json"]).json();
    report["skills"][0]["version"].as_str().map(str::to_owned)
}

fn with_versions() -> Project {
    let project = with_skill("jwt", "domain", "dev,tester");
    for (number, body) in [("1.0.1", "Second."), ("1.0.2", "Third.")] {
        project.skill("jwt", body);
        project.cfn(["update", "jwt", number, ".claude/skills/jwt/SKILL.md"]).ok();
    }
    project
}

#[test]
fn agents_get_the_pinned_version_until_the_pin_ends() {
    let project = with_versions();
    assert_eq!(loaded(&project, "dev").as_deref(), Some("1.0.2"));
    assert_eq!(project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok(), "jwt: pinned to 1.0.0\n");
    assert_eq!(project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok(), "jwt: is already pinned to 1.0.0\n");
    assert_eq!(loaded(&project, "dev").as_deref(), Some("1.0.0"));
    let out = project.cfn(["skill", "pin", "jwt", "1.0.1", "--agent", "tester"]).ok();
    assert_eq!(out, "jwt for tester: pinned to 1.0.1\n");
    assert_eq!([loaded(&project, "dev"), loaded(&project, "tester")], ["1.0.0", "1.0.1"].map(|it| Some(it.to_owned())));
    let ran = project.cfn(["skill", "unpin", "jwt"]);
    assert_eq!(ran.stdout, "jwt: no longer pinned to 1.0.0\n");
    assert!(ran.stderr.contains("tester has a pin of its own, to 1.0.1, which stays"), "{}", ran.stderr);
    assert_eq!([loaded(&project, "dev"), loaded(&project, "tester")], ["1.0.2", "1.0.1"].map(|it| Some(it.to_owned())));
    let report = project.cfn(["skill", "unpin", "jwt", "--agent", "tester,dev", "--json"]).json();
    assert_eq!(
        report["pins"],
        serde_json::json!([
            {"agent_type": "tester", "version": null, "previous_version": "1.0.1"},
            {"agent_type": "dev", "version": null, "previous_version": null},
        ])
    );
    assert_eq!(loaded(&project, "tester").as_deref(), Some("1.0.2"));
    assert_eq!(project.cfn(["skill", "unpin", "jwt"]).ok(), "jwt: was not pinned\n");
}

#[test]
fn a_pin_is_shown_wherever_the_skill_is() {
    let project = with_versions();
    project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok();
    project.cfn(["skill", "pin", "jwt", "1.0.1", "--agent", "tester"]).ok();
    assert!(project.cfn(["skill", "list"]).ok().contains("1.0.2 (1.0.0 pinned)"));
    assert_eq!(project.cfn(["skill", "list", "--json"]).json()["skills"][0]["pinned_version"], "1.0.0");
    let show = project.cfn(["skill", "show", "jwt"]).ok();
    assert!(show.contains("\npinned    1.0.0\n") && show.contains("pinned to 1.0.1"), "{show}");
    let show = project.cfn(["skill", "show", "jwt", "--json"]).json();
    assert_eq!([&show["pinned_version"], &show["mappings"][1]["pinned_version"]], ["1.0.0", "1.0.1"]);
    assert!(project.cfn(["agents", "dev"]).ok().contains("pinned"));
    assert_eq!(project.cfn(["agents", "tester", "--json"]).json()["skills"][0]["pinned"], true);
    assert_eq!(project.cfn(["load", "dev", "--json"]).json()["skills"][0]["pinned"], true);
    project.cfn(["skill", "unpin", "jwt"]).ok();
    let skill = project.cfn(["load", "dev", "--json"]).json();
    assert!(skill["skills"][0].get("pinned").is_none(), "{skill}");
}

#[test]
fn a_new_version_says_that_another_one_is_pinned() {
    let project = with_versions();
    project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok();
    project.skill("jwt", "Fourth.");
    let ran = project.cfn(["update", "jwt", "1.0.3", ".claude/skills/jwt/SKILL.md"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1.0.3\n"));
    assert!(ran.stderr.contains("\"jwt\" is pinned, so agents keep getting version 1.0.0"), "{}", ran.stderr);
    assert_eq!(loaded(&project, "dev").as_deref(), Some("1.0.0"));
}

#[test]
fn a_pinned_version_that_is_not_approved_is_left_out_and_a_required_one_fails() {
    let project = with_versions();
    deploy(&project, "other", "Body.", &["testing", "dev"]);
    project.cfn(["skill", "reject", "jwt", "--version", "1.0.0", "--approver", "me"]).ok();
    let ran = project.cfn(["skill", "pin", "jwt", "1.0.0"]);
    assert!(ran.code == Some(0) && ran.stderr.contains("version 1.0.0 of \"jwt\" is not approved"), "{}", ran.stderr);
    let ran = project.cfn(["load", "dev", "--format", "names"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "other\n"));
    assert!(ran.stderr.contains("left out jwt: version 1.0.0 is pinned, and it is not approved"), "{}", ran.stderr);
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1 WHERE agent_type = 'dev' AND skill_id = 1");
    project.cfn(["load", "dev"]).fails(7);
    project.cfn(["skill", "pin", "jwt", "1.0.1", "--agent", "dev"]).ok();
    assert_eq!(names(&project, &["dev"]), ["jwt", "other"]);
    project.cfn(["skill", "revoke", "jwt", "1.0.1", "--reason", "bad", "--approver", "me"]).ok();
    project.cfn(["load", "dev"]).fails(7);
}

#[test]
fn a_pin_that_cannot_be_is_refused_and_changes_nothing() {
    let project = with_versions();
    let before = dump(&project);
    let unknown = project.cfn(["skill", "pin", "jwt", "7.0.0"]);
    assert!(unknown.code == Some(4) && unknown.stderr.contains("It has: 1.0.2, 1.0.1, 1.0.0."), "{}", unknown.stderr);
    let unmapped = project.cfn(["skill", "pin", "jwt", "1.0.0", "--agent", "dev,analyst"]);
    assert!(unmapped.code == Some(7), "{unmapped:?}");
    assert!(unmapped.stderr.contains("'cfn skill assign --agent analyst jwt'"), "{}", unmapped.stderr);
    let misspelt = project.cfn(["skill", "pin", "jwtt", "1.0.0"]);
    assert!(misspelt.code == Some(4) && misspelt.stderr.contains("Did you mean jwt?"), "{}", misspelt.stderr);
    project.cfn(["skill", "pin", "jwt"]).fails(1);
    project.cfn(["skill", "pin", "jwt", "new"]).fails(1);
    project.cfn(["skill", "unpin", "jwt", "--agent", "analyst"]).fails(7);
    let out = project.cfn(["skill", "pin", "jwt", "1.0.0", "--dry-run"]).ok();
    assert_eq!(out, "dry run: jwt: pinned to 1.0.0\n");
    assert_eq!(dump(&project), before);
}

#[test]
fn changing_a_mapping_or_the_skill_keeps_the_pins() {
    let project = with_versions();
    project.cfn(["skill", "pin", "jwt", "1.0.0"]).ok();
    project.cfn(["skill", "pin", "jwt", "1.0.1", "--agent", "tester"]).ok();
    project.cfn(["skill", "assign", "jwt", "--agent", "tester,dev", "--priority", "1"]).ok();
    project.cfn(["skill", "edit", "jwt", "--owner", "ann"]).ok();
    project.cfn(["skill", "archive", "jwt"]).ok();
    project.cfn(["skill", "restore", "jwt"]).ok();
    assert_eq!([loaded(&project, "dev"), loaded(&project, "tester")], ["1.0.0", "1.0.1"].map(|it| Some(it.to_owned())));
}
