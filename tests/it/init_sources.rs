//! `cfn init --update`: a skill remembers the file that it came from.

use std::fs;

use serde_json::Value;

use crate::harness::Project;
use crate::init::counts;
use crate::scene::{skill_text, versions};

fn import(project: &Project, from: &str, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", from, "--json", "--category", "testing"];
    args.extend(more);
    project.cfn(args).json()
}

fn body(project: &Project, name: &str) -> String {
    let text = project.cfn(["skill", "show", name, "--content"]).ok();
    text.lines().last().unwrap_or_default().to_owned()
}

/// A project with the skill `plan`, of level `auto`, from `mine/plan`, and other bytes for it at this path.
fn with_other(path: &str) -> Project {
    let project = Project::empty();
    project.file("mine/plan/SKILL.md", skill_text("plan", "Mine."));
    import(&project, "mine", &["--agents", "dev"]);
    project.file(&format!("{path}/SKILL.md"), skill_text("plan", "Theirs."));
    project
}

#[test]
fn an_update_from_another_source_is_refused_and_both_are_named() {
    for path in ["their/zzz", "their/plan", "their/skills/plan", "their/mine/plan", "mine2/plan"] {
        let project = with_other(path);
        let from = path.split('/').next().expect("a folder");
        for more in [&[][..], &["--update"], &["--update", "--approve-as", "lead"]] {
            let report = import(&project, from, more);
            assert_eq!(counts(&report), [1, 0, 0, 0, 0, 1, 0], "{path} {more:?}");
            assert_eq!(report["refused"][0]["kind"], "other_source");
            let reason = report["refused"][0]["reason"].as_str().expect("a reason");
            let wanted = format!("\"plan\" comes from mine/plan/SKILL.md, and {path}/SKILL.md is another source");
            assert_eq!(reason, wanted, "{more:?}");
        }
        assert_eq!(versions(&project, "plan"), "1.0.0 import");
        assert_eq!(project.cfn(["init", "--from", from, "--update", "--strict"]).code, Some(1));
        project.assert_whole();
    }
}

#[test]
fn from_any_records_escalated_and_the_bytes_wait_at_whatever_level() {
    for approve in [&[][..], &["--approve-as", "lead"]] {
        let project = with_other("their/plan");
        let mut more = vec!["--update", "--from-any"];
        more.extend(approve);
        let report = import(&project, "their", &more);
        assert_eq!(counts(&report), [1, 0, 0, 1, 0, 0, 1], "{report}");
        assert_eq!(report["updates"][0]["previous_source"], "mine/plan/SKILL.md");
        let row = "SELECT a.decision, a.content_hash = s.content_hash, s.approval_level, a.reasoning
             FROM approval_history a JOIN skills s ON s.id = a.skill_id";
        let reason = "New source: their/plan/SKILL.md, previously mine/plan/SKILL.md";
        assert_eq!(project.sqlite3(row), format!("escalated|1|auto|{reason}"));
        assert!(project.cfn(["load", "dev"]).ok().contains("Mine."), "they wait for a decision");
        // A skill that needs a decision is not approved in bulk.
        let again = import(&project, "their", &["--approve-as", "lead"]);
        assert_eq!(again["approvals_recorded"], 0, "{again}");
        assert!(again["warnings"][0]["reason"].as_str().is_some_and(|it| it.contains("escalated")), "{again}");
        project.cfn(["skill", "approve", "plan", "--approver", "lead"]).ok();
        assert!(project.cfn(["load", "dev"]).ok().contains("Theirs."));
        // From now on that is the source.
        project.file("their/plan/SKILL.md", skill_text("plan", "Theirs, second."));
        assert_eq!(counts(&import(&project, "their", &["--update"]))[3], 1);
        project.file("mine/plan/SKILL.md", skill_text("plan", "Mine, second."));
        assert_eq!(import(&project, "mine", &["--update"])["refused"][0]["kind"], "other_source");
        project.assert_whole();
    }
}

#[test]
fn a_skill_stays_where_it_came_from_until_somebody_approves_it_from_elsewhere() {
    let reject: &[&str] = &["skill", "reject", "plan", "--approver", "lead"];
    let human: &[&str] = &["skill", "edit", "plan", "--level", "human"];
    let escalate: &[&str] = &["skill", "escalate", "plan", "--reason", "look", "--approver", "lead"];
    for (before, after) in [
        (&[][..], &[][..]),
        (&[], &[reject][..]),
        (&[], &[reject, escalate]),
        (&[], &[reject, &["skill", "rollback", "plan", "1.0.0"]]),
        (&[], &[&["skill", "revoke", "plan", "--reason", "bad", "--approver", "lead"]]),
        (&[&["skill", "approve", "plan", "--approver", "lead"], human], &[]),
        (&[&["skill", "approve", "plan", "--approver", "lead"], human], &[reject]),
        (&[], &[&["init", "--from", "their", "--update", "--from-any"], reject]),
    ] {
        let project = with_other("their/plan");
        for it in before {
            drop(project.cfn(it.iter()).ok());
        }
        assert_eq!(counts(&import(&project, "their", &["--update", "--from-any"]))[3], 1, "{after:?}");
        for it in after {
            drop(project.cfn(it.iter()).ok());
        }
        for text in ["Theirs.", "Theirs, second."] {
            project.file("their/plan/SKILL.md", skill_text("plan", text));
            let report = import(&project, "their", &["--update"]);
            let refused = report["refused"][0]["reason"].as_str();
            let wanted = "\"plan\" comes from mine/plan/SKILL.md, and their/plan/SKILL.md is another source";
            // The bytes that are the current ones are unchanged, wherever they lie.
            assert!(refused == Some(wanted) || text == "Theirs." && counts(&report)[2] == 1, "{after:?}: {report}");
        }
        assert!(project.cfn(["load", "dev"]).ok().contains("Mine."), "{before:?} {after:?}");
        project.file("mine/plan/SKILL.md", skill_text("plan", "Mine, second."));
        assert_eq!(counts(&import(&project, "mine", &["--update", "--approve-as", "lead"]))[3], 1, "{after:?}");
        assert!(project.cfn(["load", "dev"]).ok().contains("Mine, second."), "{before:?} {after:?}");
        project.assert_whole();
    }
}

#[test]
fn the_unchanged_bytes_of_the_source_replace_refused_ones_from_elsewhere() {
    let project = with_other("their/plan");
    import(&project, "their", &["--update", "--from-any"]);
    project.cfn(["skill", "reject", "plan", "--approver", "lead"]).ok();
    assert_eq!(counts(&import(&project, "mine", &["--update"]))[3], 1);
    assert_eq!(versions(&project, "plan"), "1.0.0 import, 1.0.1 import, 1.0.2 import");
    assert_eq!(body(&project, "plan"), "Mine.");
}

#[test]
fn the_same_bytes_from_another_source_are_unchanged_and_stay_where_they_came_from() {
    let project = with_other("their/plan");
    project.file("their/plan/SKILL.md", skill_text("plan", "Mine."));
    assert_eq!(counts(&import(&project, "their", &["--update"])), [1, 0, 1, 0, 0, 0, 0]);
    project.file("their/plan/SKILL.md", skill_text("plan", "Not any more."));
    assert_eq!(import(&project, "their", &["--update"])["refused"][0]["kind"], "other_source");
}

#[test]
fn the_source_is_the_same_from_whichever_folder_it_is_imported() {
    let project = with_other("their/plan");
    project.file("mine/plan/SKILL.md", skill_text("plan", "Second."));
    assert_eq!(counts(&import(&project, "mine/plan", &["--update"]))[3], 1);
    project.file("mine/plan/SKILL.md", skill_text("plan", "Third."));
    fs::remove_dir_all(project.path().join("their")).expect("removed");
    assert_eq!(counts(&import(&project, ".", &["--update"]))[3], 1);
    let absolute = fs::canonicalize(project.path().join("mine")).expect("a path");
    project.file("mine/plan/SKILL.md", skill_text("plan", "Fourth."));
    assert_eq!(counts(&import(&project, absolute.to_str().expect("UTF-8"), &["--update"]))[3], 1);
    assert_eq!(body(&project, "plan"), "Fourth.");
}

#[test]
fn a_collection_that_was_moved_as_a_whole_stays_the_source() {
    let project = Project::empty();
    project.file("clones/acme/skills/plan/SKILL.md", skill_text("plan", "First."));
    project.file("clones/acme/skills/SKILLS.md", "");
    for from in ["clones/acme", "clones/acme/skills"] {
        let other = Project::empty();
        for (place, text) in [("clones/acme", "First."), ("vendor/acme", "Second.")] {
            other.file(&format!("{place}/skills/plan/SKILL.md"), skill_text("plan", text));
        }
        import(&other, from, &[]);
        let to = from.replace("clones", "vendor");
        let both = import(&other, &to, &["--update"]);
        assert_eq!(both["refused"][0]["kind"], "other_source", "two that are there are two: {both}");
        fs::remove_dir_all(other.path().join("clones")).expect("removed");
        assert_eq!(counts(&import(&other, &to, &["--update"]))[3], 1, "{from}");
        assert_eq!(body(&other, "plan"), "Second.");
    }
}

#[test]
fn a_folder_that_is_only_called_the_same_is_another_source() {
    let project = Project::empty();
    project.file("acme/skills/plan/SKILL.md", skill_text("plan", "Mine."));
    import(&project, "acme/skills", &[]);
    fs::remove_dir_all(project.path().join("acme")).expect("removed");
    project.file("other/skills/plan/SKILL.md", skill_text("plan", "Theirs."));
    assert_eq!(import(&project, "other/skills", &["--update"])["refused"][0]["kind"], "other_source");
}

#[test]
fn deploy_and_update_take_any_file_and_the_source_of_imports_stays() {
    let project = with_other("their/plan");
    project.file("fix.md", skill_text("plan", "Fixed."));
    project.cfn(["update", "plan", "1.0.1", "fix.md"]).ok();
    assert_eq!(import(&project, "their", &["--update"])["refused"][0]["kind"], "other_source");
    project.file("mine/plan/SKILL.md", skill_text("plan", "Mine, second."));
    assert_eq!(counts(&import(&project, "mine", &["--update"]))[3], 1);
    assert_eq!(body(&project, "plan"), "Mine, second.");
}

#[test]
fn a_skill_that_was_deployed_comes_from_the_file_that_was_deployed() {
    let project = Project::new();
    project.file("generated/plan.md", skill_text("plan", "Generated."));
    project.cfn(["deploy", "7", "plan", "generated/plan.md", "testing"]).ok();
    project.file("tree/plan/SKILL.md", skill_text("plan", "From a tree."));
    let report = import(&project, "tree", &["--update"]);
    assert_eq!(report["refused"][0]["kind"], "other_source", "{report}");
    assert!(report["refused"][0]["reason"].as_str().is_some_and(|it| it.contains("generated/plan.md")), "{report}");
}

#[test]
fn an_update_takes_fields_and_version_of_the_new_file() {
    let project = Project::empty();
    let text = |category: &str, tag: &str, owner: &str, version: &str| {
        format!(
            "---\nname: x\ndescription: d\ncategory: {category}\ntags: [{tag}]\nowner: {owner}\nmetadata:\n  version: {version}\n---\n{tag}\n"
        )
    };
    let row = || project.sqlite3("SELECT version, category, tags, owner, approval_level FROM skills");
    for (file, wanted) in [
        (text("testing", "a", "one", "1.2.0"), "1.2.0|testing|[\"a\"]|one|auto"),
        (text("infrastructure", "b", "two", "2.0.0"), "2.0.0|infrastructure|[\"b\"]|two|escalate"),
        (text("infrastructure", "c", "two", "1.9.0"), "2.0.1|infrastructure|[\"c\"]|two|escalate"),
        (text("domain", "d", "three", "2.1.0"), "2.1.0|domain|[\"d\"]|three|human"),
    ] {
        project.file("tree/x/SKILL.md", file);
        let report = import(&project, "tree", &["--update"]);
        assert_eq!(row(), wanted, "{report}");
    }
    project.file("tree/x/SKILL.md", text("testing", "e", "three", "2.2.0"));
    let report = import(&project, "tree", &["--update"]);
    assert_eq!(report["refused"][0]["kind"], "lowers_level", "{report}");
}
