//! `cfn skill validate`: a file or a folder against the format.

use crate::harness::{Project, repository};
use crate::scene::skill_text;

#[test]
fn a_good_skill_is_good_in_both_modes_and_needs_no_database() {
    let project = Project::empty();
    project.file("pdf/SKILL.md", skill_text("pdf", "Body."));
    for args in [&["pdf/SKILL.md"][..], &["pdf"], &["pdf/SKILL.md", "--strict"], &["pdf", "--strict"]] {
        let ran = project.cfn(["skill", "validate"].iter().chain(args));
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(0), "1 file, 0 with errors\n", ""),
            "{args:?}"
        );
    }
    assert!(!project.path().join(".claude").exists());
}

#[test]
fn lenient_warns_where_strict_refuses() {
    let project = Project::empty();
    project.file("pdf/SKILL.md", "---\nname: Other Name\ndescription: Use when: always\nversion: 1.0\n---\nBody.\n");
    let lenient = project.cfn(["skill", "validate", "pdf/SKILL.md"]);
    assert!(
        lenient.code == Some(0) && lenient.stdout.contains("pdf/SKILL.md:") && lenient.stdout.contains("warning: "),
        "{lenient:?}"
    );
    let strict = project.cfn(["skill", "validate", "pdf/SKILL.md", "--strict"]);
    assert!(strict.code == Some(1) && strict.stdout.contains(": error: "), "{strict:?}");
    assert!(strict.stdout.ends_with("1 file, 1 with errors\n"), "{strict:?}");
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line_in_both_modes() {
    let project = Project::empty();
    project.file("tree/empty/SKILL.md", "");
    project.file("tree/latin/SKILL.md", b"---\nname: latin\n---\n\xff\n");
    project.file("tree/good/SKILL.md", skill_text("good", "Body."));
    let ran = project.cfn(["skill", "validate", "tree"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("tree/empty/SKILL.md: error: line 1: "), "{ran:?}");
    assert!(ran.stdout.contains("tree/latin/SKILL.md: error: line 4: "), "{ran:?}");
    assert!(ran.stdout.ends_with("3 files, 2 with errors\n"), "{ran:?}");
    let json: serde_json::Value =
        serde_json::from_str(&project.cfn(["skill", "validate", "tree", "--json"]).stdout).expect("JSON");
    let valid: Vec<_> = json["files"].as_array().expect("a list").iter().map(|it| it["valid"].clone()).collect();
    assert_eq!((valid, &json["invalid"]), (vec![false.into(), true.into(), false.into()], &2.into()));
}

#[test]
fn a_path_that_names_nothing_is_not_a_finding() {
    let project = Project::empty();
    project.cfn(["skill", "validate", "missing.md"]).fails(2);
    project.cfn(["skill", "validate", "/dev/null"]).fails(2);
    project.cfn(["skill", "validate"]).fails(1);
}

#[test]
fn findings_never_print_control_characters() {
    let project = Project::empty();
    project
        .file("red\u{1b}[31m/SKILL.md", "---\nname: \"a\\u001b[2J\"\ndescription: x\n\u{1b}key: 1\n---\nA\u{202e}B\n");
    let ran = project.cfn(["skill", "validate", ".", "--strict"]);
    let raw = ran.stdout.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}');
    assert!(ran.code == Some(1) && !raw, "{ran:?}");
}

#[test]
fn the_skills_of_the_repository_keep_the_format() {
    let project = Project::empty();
    let path = repository("tests/skills");
    let ran = project.cfn(["skill".as_ref(), "validate".as_ref(), path.as_os_str()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
