//! Tells Rust's code from the text in it: comments, strings and character literals.

/// The source with blanks in place of comments, strings and character literals; every line stays where it is.
pub(super) fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    for piece in pieces(&chars) {
        match piece {
            Piece::Code(code_of) => code.extend(code_of),
            Piece::Text(text) => code.extend(text.iter().map(|&c| if c == '\n' { '\n' } else { ' ' })),
        }
    }
    code
}

/// The strings of a source, as they are written between their quotes, each with the line on which it begins, counted from 1.
pub(super) fn strings(source: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = source.chars().collect();
    let (mut strings, mut line) = (Vec::new(), 1);
    for piece in pieces(&chars) {
        let (Piece::Code(all) | Piece::Text(all)) = piece;
        if let Piece::Text(text @ ['"' | 'r' | 'b' | 'c', ..]) = piece {
            let written: String = text.iter().skip_while(|c| **c != '"').collect();
            strings.push((line, written.trim_matches(['"', '#']).to_owned()));
        }
        line += all.iter().filter(|c| **c == '\n').count();
    }
    strings
}

#[derive(Clone, Copy)]
enum Piece<'a> {
    Code(&'a [char]),
    Text(&'a [char]),
}

/// All of a source, in order. A piece of code is a word or a sign.
fn pieces(chars: &[char]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = chars.get(at..).filter(|it| !it.is_empty())?;
        let from = at;
        Some(if let Some(end) = end_of_text(chars, at) {
            at = end.min(chars.len());
            Piece::Text(&chars[from..at])
        } else {
            at += rest.iter().take_while(|&&c| is_word(c)).count().max(1);
            Piece::Code(&chars[from..at])
        })
    })
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the comment, string or character literal that starts at `at` ends, if one starts there.
fn end_of_text(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    match rest {
        ['/', '/', ..] => Some(at + rest.iter().take_while(|&&c| c != '\n').count()),
        ['/', '*', ..] => Some(at + block_comment(rest)),
        ['"', ..] => Some(at + quoted(rest, '"')),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => Some(at + quoted(rest, '\'')),
        ['r', after @ ..] | ['b' | 'c', 'r', after @ ..] => {
            let hashes = after.iter().take_while(|&&c| c == '#').count();
            let opening = rest.len() - after.len() + hashes + 1;
            (after.get(hashes) == Some(&'"')).then(|| at + opening + raw(&rest[opening..], hashes))
        }
        _ => None,
    }
}

/// The length of a block comment; they nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a literal between two `quote`s, where a backslash escapes.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of a raw string's body with its end: a quote and as many hashes as at its start.
fn raw(body: &[char], hashes: usize) -> usize {
    let closes = |at: &usize| body[*at] == '"' && body[at + 1..].iter().take_while(|&&c| c == '#').count() >= hashes;
    (0..body.len()).find(closes).map_or(body.len(), |at| at + 1 + hashes)
}

mod tests {
    use super::{strings, without_text};

    #[test]
    fn text_is_no_code_and_lines_stay() {
        let blanked = [
            ("a // b::c\nd", "a        \nd"),
            ("a/*b/*c*/d\n*/e", "a         \n  e"),
            (r#"f("a\"b", 'c')"#, "f(      ,    )"),
            (r##"r#"a"b"# c"##, "         c"),
            ("br\"a\\\" c", "       c"),
            (r"'\'' '\u{1b}' x", "              x"),
            ("&'a str", "&'a str"),
            ("for_r\"\"", "for_r  "),
            ("\"never closed", "             "),
        ];
        for (source, code) in blanked {
            assert_eq!(without_text(source), code, "{source}");
        }
    }

    #[test]
    fn strings_are_found_with_their_lines() {
        let found =
            |source| strings(source).into_iter().map(|(line, text)| format!("{line}:{text}")).collect::<Vec<_>>();
        assert_eq!(found("f(\"a\");\n// \"no\"\ng('x', \"b\nc\", \"d\")"), ["1:a", "3:b\nc", "4:d"]);
        assert_eq!(found("(r#\"a \"b\"\"#, br\"c\", b'x', \"\")"), ["1:a \"b", "1:c", "1:"]);
    }
}
