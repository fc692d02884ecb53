//! Characters that a reviewer does not see: flagged at deploy, shown escaped, never stripped.

use std::fs;

use super::tools::{assert_presentable, run};
use super::victims::assert_clean;
use crate::harness::Project;

/// A hidden character, and how it is shown.
const HIDDEN: [(&str, char, &str); 7] = [
    ("tag", '\u{e0041}', "e0041"),
    ("zero-width space", '\u{200b}', "200b"),
    ("bidirectional override", '\u{202e}', "202e"),
    ("isolate", '\u{2066}', "2066"),
    ("soft hyphen", '\u{ad}', "ad"),
    ("escape", '\u{1b}', "1b"),
    ("byte order mark inside", '\u{feff}', "feff"),
];

#[test]
fn hidden_characters_are_flagged_escaped_and_stored_unaltered() {
    let project = Project::new();
    for (number, (what, character, code)) in HIDDEN.iter().enumerate() {
        let name = format!("s-{number}");
        let text = format!("---\nname: {name}\ndescription: d\n---\n\nIgnore{character}this.\n");
        let path = project.file("SKILL.md", &text);
        let ran =
            run(project.command(["deploy", "1", &name, &path.to_string_lossy(), "domain", &format!("agent-{number}")]));
        assert!(ran.stderr.to_lowercase().contains(code) && ran.stderr.contains('6'), "{what}: {ran:?}");
        assert!(ran.stderr.starts_with("warning: "), "{what}: {ran:?}");
        assert_presentable(&ran.stderr);
        assert!(!ran.stderr.contains(*character), "{what}: shown raw");
        assert_eq!(ran.ok(), format!("{}\n", number + 1), "the id, alone");
        let shown = project.cfn(["skill", "show", &name, "--content"]).ok();
        assert_eq!(shown.as_bytes(), fs::read(&path).expect("the file"), "{what}");
        let loaded = project.cfn(["load", &format!("agent-{number}")]).ok();
        assert!(loaded.contains(&format!("Ignore{character}this.")), "{what}: altered");
    }
    assert_clean(&project);
}

#[test]
fn hidden_characters_in_front_matter_are_flagged_and_shown_escaped() {
    let project = Project::new();
    let text =
        "---\nname: s\ndescription: \"safe\u{202e}evas\"\ntags: [\"a\u{200b}b\"]\nowner: \"me\\e[2J\"\n---\nText.\n";
    project.file("SKILL.md", text);
    let ran = run(project.command(["deploy", "1", "s", "SKILL.md"]));
    assert!(ran.stderr.contains("U+202E, U+200B") && ran.stderr.contains("2 invisible characters"), "{ran:?}");
    assert_presentable(&ran.stderr);
    ran.ok();
    for args in [
        &["skill", "list"][..],
        &["skill", "show", "s"],
        &["skill", "history", "s"],
        &["skill", "validate", "SKILL.md"],
    ] {
        let ran = run(project.command(args));
        assert_presentable(&ran.stdout);
        assert!(!ran.stdout.contains(['\u{202e}', '\u{200b}']), "{args:?}: {ran:?}");
    }
    assert_clean(&project);
}

#[test]
fn ten_thousand_hidden_characters_are_reported_briefly() {
    let project = Project::new();
    project.file("SKILL.md", format!("---\nname: s\ndescription: d\n---\n{}", "a\u{200b}\n".repeat(10_000)));
    let ran = run(project.command(["deploy", "1", "s", "SKILL.md"]));
    assert_presentable(&ran.stderr);
    assert!(ran.stderr.contains("10000 invisible characters: U+200B\n"), "{ran:?}");
    ran.ok();
}
