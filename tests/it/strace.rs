//! The log of strace.

use std::collections::HashMap;

/// The calls in order. One during which another process called has two lines there; here it is one call, where it
/// ended.
pub fn calls(log: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (process, rest) = line.split_once(' ').expect("a process and a call");
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process, start);
        } else if let Some((_, end)) = rest.strip_prefix("<... ").and_then(|it| it.split_once(" resumed>")) {
            calls.push(begun.remove(process).unwrap_or_default().to_owned() + end);
        } else {
            calls.push(rest.to_owned());
        }
    }
    calls
}

#[test]
fn a_call_of_two_lines_is_one() {
    let log =
        "7  execve(\"/a\", [\"a\"] <unfinished ...>\n8 openat(1, \"b\") = 3\n7  <... execve resumed>)        = 0\n";
    assert_eq!(calls(log), ["openat(1, \"b\") = 3", "execve(\"/a\", [\"a\"])        = 0"]);
}
