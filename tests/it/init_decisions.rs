//! `cfn init --from`: review levels and decisions.

use serde_json::Value;

use crate::harness::Project;
use crate::init::counts;
use crate::scene::skill_text;

fn import(project: &Project, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", "tree", "--json"];
    args.extend(more);
    project.cfn(args).json()
}

fn with_fields(fields: &str) -> Project {
    let project = Project::empty();
    project.file("tree/x/SKILL.md", format!("---\nname: x\ndescription: d\n{fields}\n---\nBody.\n"));
    project
}

fn category_and_level(project: &Project) -> String {
    project.sqlite3("SELECT category || ' ' || approval_level FROM skills")
}

#[test]
fn a_file_never_gets_a_weaker_review_than_the_category_that_was_given() {
    for (fields, category, wanted) in [
        ("category: foundation", "domain", "foundation human"),
        ("category: testing", "domain", "testing human"),
        ("category: testing", "infrastructure", "testing escalate"),
        ("category: infrastructure", "testing", "infrastructure escalate"),
        ("category: domain", "testing", "domain human"),
        ("approval_level: auto", "domain", "domain human"),
        ("category: testing\napproval_level: auto", "domain", "testing human"),
        ("approval_level: human", "testing", "testing human"),
        ("tags: [a]", "testing", "testing auto"),
    ] {
        let project = with_fields(fields);
        import(&project, &["--category", category, "--agents", "dev"]);
        assert_eq!(category_and_level(&project), wanted, "{fields} {category}");
        let served = project.cfn(["load", "dev", "--format", "names", "--quiet"]).ok();
        assert_eq!(served.is_empty(), !wanted.ends_with("auto"), "{fields} {category}");
    }
    let default = with_fields("category: foundation");
    import(&default, &[]);
    assert_eq!(category_and_level(&default), "foundation human", "the default is domain");
}

#[test]
fn trust_levels_takes_the_word_of_the_file() {
    for (fields, wanted) in [
        ("category: foundation", "foundation auto"),
        ("category: infrastructure", "infrastructure escalate"),
        ("approval_level: auto", "domain auto"),
        ("category: testing\napproval_level: escalate", "testing escalate"),
        ("tags: [a]", "domain human"),
    ] {
        let project = with_fields(fields);
        import(&project, &["--trust-levels"]);
        assert_eq!(category_and_level(&project), wanted, "{fields}");
    }
}

#[test]
fn agents_and_approvals_are_added_to_what_is_unchanged() {
    let project = Project::empty();
    for name in ["a", "b"] {
        project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, "Body."));
    }
    import(&project, &["--agents", "dev"]);
    let report = import(&project, &["--agents", "dev,tester", "--approve-as", "lead"]);
    assert_eq!(counts(&report), [2, 0, 2, 0, 0, 0, 0]);
    assert_eq!((&report["mappings_added"], &report["approvals_recorded"]), (&2.into(), &2.into()), "{report}");
    assert_eq!(project.cfn(["load", "tester", "--format", "names"]).ok(), "a\nb\n");
    let rows = "SELECT approver || ' ' || decision || ' ' || version FROM approval_history";
    assert_eq!(project.sqlite3(rows), "lead approved 1.0.0\nlead approved 1.0.0");
    let again = project.cfn(["init", "--from", "tree", "--agents", "dev,tester", "--approve-as", "lead"]).ok();
    assert!(!again.contains("added"), "all of it is there: {again}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history"), "2");
    project.assert_whole();
}

#[test]
fn rejected_bytes_stay_rejected_unless_that_is_overridden_with_a_reason() {
    let project = with_fields("category: testing");
    import(&project, &["--category", "testing", "--agents", "dev"]);
    project.cfn(["skill", "reject", "x", "--approver", "boss", "--reason", "unsafe"]).ok();
    let report = import(&project, &["--approve-as", "lead", "--agents", "tester"]);
    assert_eq!(counts(&report), [1, 0, 1, 0, 0, 0, 0]);
    assert_eq!((&report["mappings_added"], &report["approvals_recorded"]), (&1.into(), &0.into()), "{report}");
    assert!(report["warnings"][0]["reason"].as_str().is_some_and(|it| it.contains("rejected")), "{report}");
    project.cfn(["init", "--from", "tree", "--override-rejection"]).fails(1);
    let taken = import(&project, &["--approve-as", "lead", "--override-rejection", "--reason", "a mistake"]);
    assert_eq!(taken["approvals_recorded"], 1, "{taken}");
    let last = "SELECT decision || ' ' || reasoning FROM approval_history ORDER BY id DESC LIMIT 1";
    assert_eq!(project.sqlite3(last), "approved a mistake");
    assert_eq!(project.cfn(["load", "dev", "--format", "names"]).ok(), "x\n");
}

#[test]
fn a_refused_file_is_not_repeated() {
    let project = Project::empty();
    project.file("tree/no name/SKILL.md", "---\nname: root:$6$hunter2\ndescription: hunter2\n---\nhunter2\n");
    for args in [&["init", "--from", "tree"][..], &["init", "--from", "tree", "--json", "-v"]] {
        let ran = project.cfn(args);
        assert!(ran.code == Some(0) && !ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran:?}");
    }
    assert_eq!(project.sqlite3("SELECT count(*) FROM skills"), "0");
}

#[test]
fn an_update_back_to_rejected_bytes_is_refused() {
    let project = Project::empty();
    project.file("tree/x/SKILL.md", skill_text("x", "Bad."));
    import(&project, &["--category", "testing", "--agents", "dev"]);
    project.cfn(["skill", "reject", "x", "--approver", "boss", "--reason", "unsafe"]).ok();
    project.file("tree/x/SKILL.md", skill_text("x", "Good."));
    import(&project, &["--category", "testing", "--update", "--approve-as", "lead"]);
    project.file("tree/x/SKILL.md", skill_text("x", "Bad."));
    for more in [&["--update"][..], &["--update", "--approve-as", "lead"]] {
        let ran = project.cfn([&["init", "--from", "tree", "--json"], more].concat());
        let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!((ran.code, counts(&report)), (Some(7), vec![1, 0, 0, 0, 0, 1, 0]), "{report}");
        assert_eq!(report["refused"][0]["kind"], "rejected");
    }
    assert!(project.cfn(["load", "dev"]).ok().contains("Good."));
    let report = import(&project, &["--update", "--override-rejection", "--reason", "safe after all"]);
    assert_eq!(counts(&report)[3], 1, "{report}");
    assert!(project.cfn(["load", "dev"]).ok().contains("Good."), "it waits for a decision");
    project.assert_whole();
}
