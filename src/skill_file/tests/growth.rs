//! Time grows linearly with the size of a file: at the limit of 64 KiB, quadratic steps took seconds.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Limits, Mode, SkillFile, validate};

/// The maximum size of front matter.
const SIZE: usize = 64 * 1024 - 64;

/// Enough for a debug build on a busy machine; quadratic time would be several times as long.
const SLACK: Duration = Duration::from_millis(1500);

/// Reads and validates front matter that starts with `start` and repeats `unit`, with a number in place of `#`.
fn time(start: &str, unit: &str) -> Duration {
    let mut yaml = start.to_owned();
    for number in 0.. {
        let unit = unit.replace('#', &number.to_string());
        if yaml.len() + unit.len() > SIZE {
            break;
        }
        yaml.push_str(&unit);
    }
    let mut text = String::new();
    let _ = write!(text, "---\n{yaml}\n---\nBody\n");
    let begun = Instant::now();
    if let Ok(file) = SkillFile::read(text.as_bytes(), &Limits::default()) {
        assert!(validate(&file, Some("x"), Mode::Strict).len() < 500, "{start:?} {unit:?}");
    }
    begun.elapsed()
}

/// Beginnings: valid YAML, and text that triggers the repair.
const STARTS: [&str; 2] = ["", "name: q\ndescription: d\nx: *b\n"];

#[test]
fn no_repeated_line_takes_long() {
    for unit in [
        "a: [\n",
        "a#: [\n",
        "a: {\n",
        "a: [{\n",
        "a: {\"b\n",
        "a: \"b\n",
        "a#: \"b\n",
        "a: 'b\n",
        "description: \"x\n",
        "a: |\n",
        "a: >-\n b\n",
        "a: &a b\n",
        "a#: &a# b\n",
        "a#: *a\n",
        "- a\n",
        "- [\n",
        "? a\n",
        "a\n",
        "a:\n",
        "a#: 1\n",
        "a: b: c\n",
        "a: b # c\n",
        "# a\n",
        "\n",
        " \n",
        "%A b\n",
        "...\n",
        "--- a\n",
        "---a\n",
        "\t\n",
        "!a b\n",
        "a: !b c\n",
        "<<<<<<< a\n",
        "a: <<<<<<< b\n>>>>>>> c\n",
        "description\u{ff1a}a\n",
        "a: \"\\u202e\"\n",
        "a#: \"\\u202e\"\n",
        "a: \u{202e}\n",
        "a: \u{e0061}\n",
    ] {
        for start in STARTS {
            let took = time(start, unit);
            assert!(took < SLACK, "{start:?} {unit:?}: {took:?}");
        }
    }
}

#[test]
fn no_long_line_takes_long() {
    for start in ["a: [", "{", "a: \"", "a: '", "metadata: {x: ", "x: *b\na: ", "x: *b\nmetadata: {", "allowed-tools: "]
    {
        for unit in [
            "a",
            " ",
            "a: ",
            "a:b",
            "[",
            "{",
            "]",
            "[a, ",
            "a, ",
            "\"",
            "\"a\" ",
            "'",
            "\\",
            "&a ",
            "*a ",
            "!a ",
            "- ",
            "? ",
            "#",
            " # ",
            "name: 1, ",
            "a#: 1, ",
            "\"a#\": [1], ",
            "(",
            "a(",
            "\t",
            "\r",
            "\u{1f3f4}\u{e0061}",
            "\u{200d}",
        ] {
            let took = time(start, unit);
            assert!(took < SLACK, "{start:?} {unit:?}: {took:?}");
        }
    }
}

#[test]
fn no_staircase_takes_long() {
    for opening in ["a:", "-", "- a:", "? a", "a: [", "a: {b:", "a: |", "a: \""] {
        let mut yaml = String::new();
        for depth in 0.. {
            if yaml.len() + depth + opening.len() + 1 > SIZE {
                break;
            }
            let _ = writeln!(yaml, "{:depth$}{opening}", "");
        }
        for start in STARTS {
            let took = time(&format!("{start}{yaml}"), "a: b\n");
            assert!(took < SLACK, "{start:?} {opening:?}: {took:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_repeated_marks_take_long(start in 0..STARTS.len(), unit in "[ \na:\"'{}\\[\\],#&*!|>?%-]{1,12}") {
        let took = time(STARTS[start], &unit);
        prop_assert!(took < SLACK, "{unit:?}: {took:?}");
    }
}
