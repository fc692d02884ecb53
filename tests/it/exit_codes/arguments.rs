//! Arguments that a message quotes: everything of them is seen, and none makes a line of its own.

use super::fails;
use crate::harness::Project;

/// What a terminal obeys, what ends a line, and what is not seen.
const HOSTILE: &str = "a\u{1b}[31mb\n\nerror: forged\r\t\u{202e}\u{9b}2J\u{7f}\u{2028}\u{200b}";

const SHOWN: &str = r"a\u{1b}[31mb\n\nerror: forged\r\t\u{202e}\u{9b}2J\u{7f}\u{2028}\u{200b}";

/// Fails unless the error of these arguments has this, in both forms, and no character that is not seen.
#[track_caller]
fn quotes(project: &Project, args: &[&str], shown: &str) {
    fails(project, 1, "invalid_arguments", args);
    let json = project.fails_as(args, 1, "invalid_arguments");
    let said = project.cfn(args).stderr;
    let texts = [json["message"].as_str(), json["hint"].as_str()].map(Option::unwrap_or_default);
    assert!(texts[0].contains(shown), "{args:?}: {json}");
    assert_eq!(said, format!("error: {}\nhint: {}\n", texts[0], texts[1]));
    let hidden = |it: char| it.is_control() || "\u{202e}\u{2028}\u{200b}".contains(it);
    assert!(!texts.concat().contains(hidden), "{args:?}: {json}");
}

#[test]
fn an_argument_is_quoted_with_all_that_it_has() {
    let project = Project::new();
    let (option, with_value) = (format!("--{HOSTILE}"), format!("--format={HOSTILE}"));
    for args in [
        &[HOSTILE][..],
        &["skill", HOSTILE],
        &["skill", "show", "x", HOSTILE],
        &["skill", "show", "x", &option],
        &["agent", "show", "x", HOSTILE],
        &["load", "dev", "--format", HOSTILE],
        &["load", "dev", &with_value],
        &["load", "dev", "--max-skills", HOSTILE],
        &["load", HOSTILE],
        &["--color", HOSTILE, "skill", "list"],
        &["deploy", HOSTILE, "x", "y"],
        &["bench", "--runs", HOSTILE],
        &["completions", HOSTILE],
    ] {
        quotes(&project, args, SHOWN);
    }
    fails(&project, 1, "invalid_arguments", &["skill", "show", HOSTILE, "--bogus"]);
}

/// With its characters written out, this value would be valid.
#[test]
fn a_value_of_blanks_is_quoted_too() {
    let project = Project::new();
    let args = ["edge-case", "record", "jwt", "--description", "\n\n\t"];
    quotes(&project, &args, r"invalid value '\n\n\t' for '--description <TEXT>': the text is empty");
}
