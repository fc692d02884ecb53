//! The rules of the format, strictly and leniently.

use super::super::{Mode, Severity, validate};
use super::read;

/// The findings of strict validation. Also checks that lenient validation finds no more, and no errors.
fn strict(text: &str, folder: Option<&str>) -> Vec<(usize, Severity, String)> {
    let Ok(file) = read(text) else { return Vec::new() };
    let lenient = validate(&file, folder, Mode::Lenient);
    assert!(lenient.iter().all(|finding| finding.kind == Severity::Warning));
    let strict = validate(&file, folder, Mode::Strict);
    assert!(lenient.len() <= strict.len());
    strict.into_iter().map(|finding| (finding.line.unwrap_or(0), finding.kind, finding.reason)).collect()
}

fn file(yaml: &str) -> String {
    format!("---\n{yaml}\n---\nBody\n")
}

#[test]
fn accepts_the_six_fields() {
    let text = file(
        "name: pdf-2-text\ndescription: Reads PDF.\nlicense: MIT\ncompatibility: Needs git\nmetadata:\n  version: \"1.0\"\nallowed-tools: Read Bash(git:*)",
    );
    assert_eq!(strict(&text, Some("pdf-2-text")), []);
    assert_eq!(strict(&text, None), []);
}

#[test]
fn reports_each_violation_with_its_line() {
    let long = "x".repeat(1025);
    let cases = [
        ("name: Pdf\ndescription: b".to_owned(), 2, "may contain only lower-case"),
        ("name: a--b\ndescription: b".to_owned(), 2, "may contain only lower-case"),
        (format!("name: {}\ndescription: b", "x".repeat(65)), 2, "65 characters, and at most 64"),
        (format!("name: a\ndescription: {long}"), 3, "1025 characters, and at most 1024"),
        (format!("name: a\ndescription: b\ncompatibility: {}", "x".repeat(501)), 4, "501 characters, and at most 500"),
        ("name: a\ndescription: b\ncompatibility:".to_owned(), 4, "compatibility is empty"),
        ("name: a\ndescription: b\nversion: 1.0".to_owned(), 4, "\"version\" is not a field of the format"),
        ("name: a\ndescription: b\nallowed-tools: Read, Grep".to_owned(), 4, "separated by blanks, not commas"),
        ("name: a\ndescription: b\nallowed-tools: [Read]".to_owned(), 4, "not a list"),
        ("name: a\ndescription: b\nmetadata:\n  x: [1]".to_owned(), 4, "\"x\" in \"metadata\" must be text"),
        ("name: a\ndescription: b\nlicense: [x]".to_owned(), 4, "\"license\" was ignored: it is a list"),
        ("name: a\ndescription: b: c".to_owned(), 3, "not valid YAML"),
        ("name: a\nname: a\ndescription: b".to_owned(), 3, "is repeated"),
        ("name: a".to_owned(), 2, "no \"description\""),
    ];
    for (yaml, line, message) in cases {
        let found = strict(&file(&yaml), None);
        assert_eq!(found.len(), 1, "{yaml}: {found:?}");
        assert!(
            found[0].0 == line && found[0].1 == Severity::Error && found[0].2.contains(message),
            "{yaml}: {found:?}"
        );
    }
}

#[test]
fn the_length_of_a_description_is_in_characters() {
    assert_eq!(strict(&file(&format!("name: a\ndescription: {}", "é".repeat(1024))), None), []);
}

#[test]
fn the_name_must_be_that_of_the_folder() {
    let found = strict(&file("name: a\ndescription: b"), Some("c\u{1b}"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].2, "the name \"a\" is not the name of its folder, \"c\\u{1b}\"");
}

#[test]
fn deviations_are_strict_errors_but_oddities_are_not() {
    let bom = format!("\u{feff}{}", file("name: a\ndescription: b"));
    assert_eq!(strict(&bom, None).first().map(|finding| finding.1), Some(Severity::Error));
    assert_eq!(strict("# Title\n", None).first().map(|finding| finding.1), Some(Severity::Error));
    let unquoted = strict(&file("name: a\ndescription: b\nmetadata:\n  version: 1.0"), None);
    assert_eq!(unquoted.iter().map(|finding| finding.1).collect::<Vec<_>>(), [Severity::Warning]);
    let hidden = strict(&format!("{}\u{200b}x", file("name: a\ndescription: b")), None);
    assert_eq!(hidden.iter().map(|finding| finding.1).collect::<Vec<_>>(), [Severity::Warning]);
}
