//! A file and a function can be read in one go, or there is a reason why not.

use super::code::{Token, tokens};
use super::source::Source;
use super::text::without_text;

/// The most lines of a file.
const LONGEST_FILE: usize = 300;

/// The most lines of a function.
const LONGEST_FUNCTION: usize = 50;

/// Longer files and functions (`path function`), each with the reason why it is better whole.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("src/cli/failure.rs from", "one table: every error with its kind, hint and exit code"),
    ("src/ops/add.rs add", "one list of what is asked of a new skill, and what is done with it"),
    ("tests/it/store_model/perform.rs perform", "one table: how each step is done"),
    ("tests/it/config.rs", "one file a command, and this one has many settings to say"),
    (
        "tests/it/store_contract/reports.rs decisions_are_reported_with_when_their_version_was_recorded",
        "one story: what each decision looks like depends on those before it",
    ),
    ("tests/it/redis/model/writes.rs one_on", "one list: what may be written to each table"),
];

/// Each exception has a reason, and goes when it is not needed any more.
pub(super) fn lengths(source: &Source, exceptions: &[(&str, &str)]) -> Vec<String> {
    let lines = source.text.lines().count();
    let mut long = Vec::new();
    if lines > LONGEST_FILE {
        long.push((lines, source.name(), format!("{lines} lines, and at most {LONGEST_FILE} are allowed")));
    }
    for Function { name, line, lines } in functions(&source.text).into_iter().filter(|it| it.lines > LONGEST_FUNCTION) {
        let what = format!("`{name}` has {lines} lines, and at most {LONGEST_FUNCTION} are allowed");
        long.push((line, format!("{} {name}", source.name()), what));
    }
    let of_this = |it: &str| it == source.name() || it.starts_with(&format!("{} ", source.name()));
    let reason = |what: &str| exceptions.iter().find(|(it, _)| *it == what).map(|(_, reason)| *reason);
    let wrong = long.iter().filter_map(|(line, name, what)| match reason(name) {
        Some(reason) if reason.trim().is_empty() => Some(source.finding(*line, "is an exception without a reason")),
        Some(_) => None,
        None => Some(source.finding(*line, what)),
    });
    let needless = exceptions.iter().filter(|(it, _)| of_this(it) && !long.iter().any(|(_, name, _)| name == it));
    wrong.chain(needless.map(|(it, _)| source.finding(1, &format!("`{it}` needs no exception any more")))).collect()
}

/// A function with a body.
struct Function {
    name: String,
    line: usize,
    /// From `fn` to the closing brace.
    lines: usize,
}

fn functions(source: &str) -> Vec<Function> {
    let tokens = tokens(&without_text(source));
    let mut functions = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        if let [(line, Token::Word(keyword)), (_, Token::Word(name))] = pair
            && keyword == "fn"
            && let Some(last) = end_of_body(&tokens[at..])
        {
            functions.push(Function { name: name.clone(), line: *line, lines: last + 1 - line });
        }
    }
    functions
}

/// The line of the brace that closes the first body; none where a semicolon comes before it. `[u8; 4]` is no end.
fn end_of_body(tokens: &[(usize, Token)]) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (line, token) in tokens {
        match token {
            Token::Sign('(' | '[') => brackets += 1,
            Token::Sign(')' | ']') => brackets = brackets.saturating_sub(1),
            Token::Sign(';') if braces == 0 && brackets == 0 => return None,
            Token::Sign('{') => braces += 1,
            Token::Sign('}') if braces <= 1 => return Some(*line),
            Token::Sign('}') => braces -= 1,
            _ => {}
        }
    }
    None
}

mod tests {
    use super::{LONGEST_FILE, LONGEST_FUNCTION, lengths};
    use crate::architecture::source::made_up;

    #[test]
    fn long_files_need_a_reason_for_as_long_as_they_are_long() {
        let long = made_up("ops/load.rs", &"\n".repeat(LONGEST_FILE + 1));
        let short = made_up("ops/load.rs", &"\n".repeat(LONGEST_FILE));
        assert_eq!(lengths(&long, &[]), ["src/ops/load.rs:301: 301 lines, and at most 300 are allowed"]);
        assert_eq!(lengths(&long, &[("src/ops/load.rs", " ")]).len(), 1);
        assert_eq!(lengths(&short, &[("src/ops/load.rs", "one table")]).len(), 1);
        assert_eq!(lengths(&long, &[("src/ops/load.rs", "one table")]), [""; 0]);
        assert_eq!(lengths(&short, &[("src/ops/load", "one table")]), [""; 0]);
    }

    #[test]
    fn long_functions_need_a_reason_for_as_long_as_they_are_long() {
        let of = |lines: usize| {
            let body = "    f(\"}\");\n".repeat(lines - 2);
            format!("trait T {{\n    fn g(&self) -> [u8; 4];\n}}\n\nfn f<T: Fn()>(it: [u8; 4])\n{{\n{body}}}\n")
        };
        let (long, short) = (made_up("a.rs", &of(LONGEST_FUNCTION)), made_up("a.rs", &of(LONGEST_FUNCTION - 1)));
        assert_eq!(lengths(&long, &[]), ["src/a.rs:5: `f` has 51 lines, and at most 50 are allowed"]);
        assert_eq!(lengths(&long, &[("src/a.rs f", "")]), ["src/a.rs:5: is an exception without a reason"]);
        assert_eq!(lengths(&long, &[("src/a.rs f", "one table")]), [""; 0]);
        assert_eq!(lengths(&short, &[]), [""; 0]);
        assert_eq!(lengths(&short, &[("src/a.rs f", "one table")]).len(), 1);
    }
}
