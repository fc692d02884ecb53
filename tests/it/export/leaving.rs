//! What leaves the client's path, and what stays.

use std::fs;

use super::{FILES, entries, export, tree, with_skills};
use crate::harness::Project;

fn exported() -> Project {
    let project = with_skills();
    for agent in ["dev", "ops"] {
        export(&project, &["--agent", agent, "--layout", "claude"]).ok();
    }
    project
}

fn skills(project: &Project) -> Vec<String> {
    entries(&project.path().join("out/.claude/skills"))
}

#[test]
fn what_is_not_served_any_more_leaves_at_every_export_of_any_selection() {
    for (args, why) in [
        (vec!["skill", "revoke", "jwt", "--approver", "me", "--reason", "bad"], "no version of it is approved"),
        (vec!["skill", "reject", "jwt", "--approver", "me", "--reason", "bad"], "no version of it is approved"),
        (vec!["skill", "archive", "jwt"], "it is archived"),
        (vec!["skill", "delete", "jwt", "--yes", "--approver", "me"], "it was deleted"),
        (vec!["skill", "rename", "jwt", "tokens", "--approver", "me"], "it is called tokens now"),
    ] {
        let project = exported();
        project.cfn(&args).ok();
        let report = export(&project, &["--agent", "ops", "--layout", "agents", "--json"]).json();
        assert_eq!(report["removed"][0]["path"], ".claude/skills/jwt", "{args:?}: {report}");
        assert_eq!(report["removed"][0]["reason"], why);
        assert_eq!(skills(&project), ["pdf", "sql"], "{args:?}");
        let lock = fs::read_to_string(project.path().join("out/cfn-export.lock")).expect("the record");
        assert!(!lock.contains("jwt"));
    }
}

#[test]
fn a_revoked_version_makes_place_for_the_one_that_is_served_now() {
    let project = with_skills();
    let path = project.skill("pdf", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "pdf", "1.0.1", &path]).ok();
    export(&project, &["--agent", "dev"]).ok();
    project.cfn(["skill", "revoke", "pdf", "1.0.1", "--approver", "me", "--reason", "bad"]).ok();
    export(&project, &["--agent", "ops"]).ok();
    let text = fs::read_to_string(project.path().join("out/pdf/SKILL.md"));
    assert!(text.is_ok_and(|it| it.contains("Pages.")));
}

#[test]
fn what_somebody_changed_goes_to_quarantine() {
    let project = exported();
    let skill = project.path().join("out/.claude/skills/jwt");
    fs::write(skill.join("scripts/run.sh"), "changed").expect("a file");
    let ran = export(&project, &["--agent", "ops", "--layout", "claude"]);
    assert!(ran.stderr.contains(".cfn-quarantine/jwt.1"), "{}", ran.stderr);
    assert!(fs::read(skill.join("scripts/run.sh")).expect("a file") == FILES[0].2, "restored by any selection");
    fs::write(skill.join("added"), "more").expect("a file");
    project.cfn(["skill", "archive", "jwt"]).ok();
    export(&project, &["--agent", "dev", "--layout", "claude"]).ok();
    let quarantine = project.path().join("out/.cfn-quarantine");
    assert_eq!(entries(&quarantine), ["jwt.1", "jwt.2"]);
    assert!(tree(&quarantine).contains(&"jwt.1/scripts/run.sh 755 changed".to_owned()), "{:?}", tree(&quarantine));
    assert!(tree(&quarantine).contains(&"jwt.2/added 644 more".to_owned()));
    assert_eq!(skills(&project), ["pdf", "sql"]);
}

#[test]
fn pruning_removes_only_what_this_selection_exported() {
    let project = exported();
    project.cfn(["skill", "unassign", "jwt", "--agent", "dev"]).ok();
    project.cfn(["skill", "unassign", "pdf", "--agent", "dev"]).ok();
    export(&project, &["--agent", "dev", "--layout", "claude"]).ok();
    export(&project, &["--agent", "ops", "--layout", "claude", "--prune"]).ok();
    export(&project, &["--agent", "dev", "--layout", "agents", "--prune"]).ok();
    assert_eq!(skills(&project), ["jwt", "pdf", "sql"], "unmapped, and nobody pruned it");
    let report = export(&project, &["--agent", "dev", "--layout", "claude", "--prune", "--json"]).json();
    assert_eq!(report["removed"][0]["reason"], "no mapping has it any more");
    assert_eq!(skills(&project), ["pdf", "sql"], "another selection's skill stays");
}

#[test]
fn an_export_for_others_neither_updates_nor_removes_what_is_still_approved() {
    let project = exported();
    let path = project.skill("jwt", "Newer.").to_string_lossy().into_owned();
    project.cfn(["update", "jwt", "1.0.1", &path]).ok();
    let before = tree(&project.path().join("out/.claude/skills/jwt"));
    export(&project, &["--agent", "ops", "--layout", "claude"]).ok();
    assert_eq!(tree(&project.path().join("out/.claude/skills/jwt")), before);
}
