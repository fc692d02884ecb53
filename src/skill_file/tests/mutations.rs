//! No input may panic, hang or fill the memory.

use std::fmt::Write;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Limits, Mode, SkillFile, Unreadable, validate};
use super::read;

const VALID: &str = "---\nname: pdf-forms\ndescription: >-\n  Fills forms: well.\n  \u{1f600} \"quoted\"\nversion: 1.10\n\
    tags: [a, 'b', \"c\"]\nmetadata: {\"x\": {\"y\": [1, 2]}}\nallowed-tools:\n- Bash(git add:*)\nbase: &b {k: v}\nuse: *b\n\
    # comment\n---\n\n# Body\n\ntext\n";

fn survive(bytes: &[u8]) {
    match SkillFile::read(bytes, &Limits::default()) {
        Ok(file) => {
            let lines = file.text.split(['\n', '\r']).count();
            for mode in [Mode::Lenient, Mode::Strict] {
                for finding in validate(&file, Some("pdf"), mode) {
                    assert!((1..=lines).contains(&finding.line.unwrap_or(0)), "{finding:?}");
                    assert!(!finding.reason.chars().any(char::is_control), "{finding:?}");
                }
            }
        }
        Err(error) => assert!(error.line() > 0),
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&bytes);
    }

    #[test]
    fn any_text_between_the_delimiters(yaml in "([a-z-]{1,4}: ?)?[\\PC\n\t\"'{}\\[\\]:#&*!|>%@`,-]{0,120}") {
        survive(format!("---\n{yaml}\n---\nbody").as_bytes());
    }

    #[test]
    fn any_yaml_marks(marks in "[ \na:\"'{}\\[\\],#&*!|>?%-]{0,80}") {
        survive(format!("---\nname: x\ndescription: {marks}\n---\nbody").as_bytes());
    }

    #[test]
    fn a_valid_file_with_bytes_replaced_removed_or_inserted(
        edits in proptest::collection::vec((0..VALID.len(), 0..3_usize, proptest::sample::select(b"-:\"'{}[]#&*!|>%@\n\r\t \0\xffa".as_slice())), 1..8),
    ) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, what, byte) in edits {
            let at = at.min(bytes.len() - 1);
            match what {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        survive(&bytes);
    }
}

#[test]
fn the_valid_file_is_valid() {
    assert_eq!(read(VALID).map(|file| file.findings), Ok(Vec::new()));
}

/// Anything that grows faster than the text takes minutes; a debug build on a busy machine takes a second.
const SLACK: Duration = Duration::from_secs(10);

#[test]
fn a_bomb_is_one_error_without_delay() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut deep = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        let _ =
            writeln!(laughs, "a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}, *a{below}, *a{below}]");
        let _ = writeln!(deep, "a{level}: &a{level} [*a{below}]");
    }
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(30_000), "*a, ".repeat(5_000));
    let nested = "&a [".repeat(20) + &"x, ".repeat(5_000) + &"]".repeat(20);
    for yaml in [
        laughs,
        deep,
        long,
        format!("a: {nested}"),
        format!("a: {}", "[".repeat(60_000)),
        format!("a: {}", "{a: ".repeat(15_000)),
        format!("a:\n  {}x", "- ".repeat(30_000)),
        format!("a: [{}]", "a, ".repeat(20_000)),
        format!("broken: a: b\nx: {}", "[".repeat(60_000)),
    ] {
        let text = format!("---\n{yaml}\n---\nbody\n");
        let start = Instant::now();
        let read = read(&text);
        assert!(start.elapsed() < SLACK, "{:?} for {yaml:.40}", start.elapsed());
        assert!(matches!(read, Err(Unreadable::TooComplex { .. })), "{yaml:.40}: {read:?}");
    }
}

#[test]
fn large_nonsense_is_read_quickly_with_few_findings() {
    let line = |text: &str, count: usize| format!("x: [\n{}", text.repeat(count));
    for yaml in [
        line("a: {\n", 12_000),
        line("a: \"\n", 12_000),
        line("a: b: c\n", 7_500),
        line("prose\n", 10_000),
        line("a:\n", 20_000),
        "a: b\n".repeat(9_000),
        format!("description: \"{}", "x\" ".repeat(20_000)),
        format!("description: {}", ": ".repeat(30_000)),
        "\u{1}".repeat(60_000),
        "? ".repeat(30_000),
        "'".repeat(60_000),
        "&a ".repeat(20_000),
    ] {
        let text = format!("---\n{yaml}\n---\nbody\n");
        let start = Instant::now();
        survive(text.as_bytes());
        assert!(start.elapsed() < 3 * SLACK, "{:?} for {yaml:.40}", start.elapsed());
        assert!(read(&text).map_or(0, |file| file.findings.len()) < 110);
    }
}
