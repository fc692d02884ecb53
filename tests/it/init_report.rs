//! `cfn init --from`: what it answers.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::harness::Project;
use crate::init::counts;
use crate::scene::skill_text;

/// A tree with 30 files that are refused for two reasons, and 12 skills with a warning.
fn mixed() -> Project {
    let project = Project::empty();
    for number in 0..15 {
        project.file(&format!("tree/bad{number:02}/SKILL.md"), "");
        project.file(&format!("tree/other{number:02}/SKILL.md"), skill_text("x", &number.to_string()));
    }
    for number in 0..12 {
        project.file(&format!("tree/odd{number:02}/SKILL.md"), "# No front matter\n");
    }
    project.file("tree/x/SKILL.md", skill_text("x", "The one."));
    project
}

#[test]
fn the_text_has_totals_by_kind_and_ten_examples_of_each() {
    let project = mixed();
    let text = project.cfn(["init", "--from", "tree"]).ok();
    let starting = |with: &str| text.lines().filter(|it| it.starts_with(with)).count();
    assert_eq!(
        (starting("refused: bad"), starting("refused: other"), starting("warning: odd")),
        (10, 10, 10),
        "{text}"
    );
    assert_eq!(starting("refused: and 5 more; --report FILE lists all"), 2, "{text}");
    assert_eq!(starting("warning: and 2 more; --report FILE lists all"), 1, "{text}");
    assert!(text.contains("43 files found: 13 imported, 0 unchanged, 0 updated, 0 changed, 30 refused\n"), "{text}");
    assert!(text.contains("\nrefused: 15 not usable, 15 same name\n"), "{text}");
}

#[test]
fn every_update_is_named() {
    let project = Project::empty();
    for text in ["First.", "Second."] {
        for number in 0..20 {
            let name = format!("s{number:02}");
            project.file(&format!("tree/{name}/SKILL.md"), skill_text(&name, text));
        }
        let text = project.cfn(["init", "--from", "tree", "--update"]).ok();
        let named = (0..20).filter(|it| {
            text.lines().any(|line| line == format!("updated: s{it:02} 1.0.0 to 1.0.1 (s{it:02}/SKILL.md)"))
        });
        assert_eq!(named.count(), if text.contains(" 20 updated") { 20 } else { 0 }, "{text}");
    }
    let report = project.cfn(["init", "--from", "tree", "--json"]).json();
    assert_eq!(counts(&report), [20, 0, 20, 0, 0, 0, 0]);
}

#[test]
fn a_report_file_has_all_of_it() {
    let project = mixed();
    project.cfn(["init", "--from", "tree", "--report", "report.json"]).ok();
    let read = || -> Value {
        let text = fs::read_to_string(project.path().join("report.json")).expect("a report");
        serde_json::from_str(&text).expect("JSON")
    };
    let report = read();
    assert_eq!(counts(&report), [43, 13, 0, 0, 0, 30, 13]);
    let warned = report["warnings"].as_array().map(Vec::len);
    assert_eq!((warned, &report["refused"][29]["kind"]), (Some(12), &"same_name".into()), "{report}");
    // Again, in place of the old one, and the same as what --json prints.
    let printed = project.cfn(["init", "--from", "tree", "--json", "--report", "report.json"]).json();
    assert_eq!(read(), printed);
    assert_eq!(project.leftovers(), [""; 0]);
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_the_import() {
    let project = mixed();
    fs::create_dir(project.path().join("folder")).expect("a folder");
    for place in ["folder", "missing/report.json", "tree/x/SKILL.md/report.json"] {
        project.fails_as(["init", "--from", "tree", "--report", place], 2, "report_unwritable");
    }
    assert!(!project.path().join(".claude").exists());
    project.cfn(["init", "--report", "report.json"]).fails(1);
}

#[test]
fn a_report_does_not_go_through_a_link() {
    let project = mixed();
    project.file("precious.txt", "mine");
    symlink("precious.txt", project.path().join("report.json")).expect("a link");
    project.cfn(["init", "--from", "tree", "--report", "report.json"]).ok();
    assert_eq!(fs::read_to_string(project.path().join("precious.txt")).expect("a file"), "mine");
    let report = project.path().join("report.json");
    assert!(!fs::symlink_metadata(&report).expect("a file").is_symlink(), "the link was replaced");
}
