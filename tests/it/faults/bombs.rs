//! Files that are made to exhaust whoever reads them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::tools::{assert_one_message, assert_presentable, finish, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

/// Address space: what a small file needs, and far less than a bomb would take.
const MEMORY: &str = "--as=805306368";
/// With slack for an unoptimised build on a busy machine.
const FAST: Duration = Duration::from_secs(10);

/// Nine lists of nine of the list before: a billion elements.
fn laughs() -> String {
    let mut text = "---\nname: s\ndescription: d\na: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, now) in "abcdefgh".chars().zip("bcdefghi".chars()) {
        let aliases = vec![format!("*{before}"); 9].join(", ");
        let _ = writeln!(text, "{now}: &{now} [{aliases}]");
    }
    text + "---\nText.\n"
}

fn bombs() -> Vec<(&'static str, String)> {
    let around = |yaml: &str| format!("---\nname: s\ndescription: d\n{yaml}\n---\nText.\n");
    vec![
        ("a billion laughs", laughs()),
        ("ten thousand nested lists", around(&format!("x: {}{}", "[".repeat(10_000), "]".repeat(10_000)))),
        ("ten thousand nested maps", around(&format!("x: {}", "{a: ".repeat(10_000)))),
        (
            "deep block nesting",
            around(&(0..1000).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n")),
        ),
        (
            "a hundred thousand keys",
            around(&(0..60_000).fold(String::new(), |text, key| text + &format!("k{key}: v\n"))),
        ),
        ("an alias of itself", around("x: &x [*x]")),
        ("merges", around("a: &a {b: 1}\nx: {<<: [*a, *a, *a, *a]}")),
        ("a million quotes", around(&format!("x: \"{}", "\\\"".repeat(300_000)))),
        (
            "a million anchors",
            around(&(0..60_000).fold(String::new(), |text, key| text + &format!("k{key}: &k{key} v\n"))),
        ),
    ]
}

#[test]
fn a_bomb_is_one_error_fast_and_in_little_memory_or_a_file_like_any_other() {
    let project = Project::new();
    let mut refused = Vec::new();
    for (what, text) in bombs() {
        project.file("SKILL.md", &text);
        let deploy: &[&str] = &["deploy", "1", "s", "SKILL.md"];
        for args in [
            deploy,
            &["skill", "validate", "SKILL.md"],
            &["skill", "validate", "--strict", "SKILL.md"],
            &["init", "--from", "."],
        ] {
            let since = Instant::now();
            let ran = Ran::from(finish(under(&project, &["prlimit", MEMORY], args)));
            let took = since.elapsed();
            assert!(matches!(ran.code, Some(0 | 1)), "{what} {args:?}: {:?} {:.500}", ran.code, ran.stderr);
            assert!(took < FAST, "{what} {args:?}: {took:?}");
            assert_presentable(&ran.stderr);
            assert_presentable(&ran.stdout);
            if args == deploy && ran.code == Some(1) {
                assert_one_message(&ran);
                refused.push(what);
            }
        }
    }
    assert!(refused.contains(&"a billion laughs"), "{refused:?}");
    assert_clean(&project);
}
