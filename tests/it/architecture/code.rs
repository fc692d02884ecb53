//! Reads Rust just well enough to know which paths a file names: comments, strings and character literals are no code,
//! `use` trees are expanded, `self` and `super` are resolved. It knows no rules; those are in the parent module.

/// A path that a file names, such as `crate::store::Store`; a lone name is a path of one segment.
#[derive(Debug, PartialEq)]
pub(super) struct Path {
    /// The line of its first segment, counted from 1.
    pub(super) line: usize,
    /// The segments; `self` and `super` at the start are resolved to `crate::…`.
    pub(super) segments: Vec<String>,
    /// Whether it calls a macro: `println!`.
    pub(super) is_macro: bool,
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    /// `::`
    Separator,
    Sign(char),
}

/// All paths in `source`, the text of the module `module` (`["store", "sqlite"]` for `src/store/sqlite/mod.rs`).
pub(super) fn paths(module: &[String], source: &str) -> Vec<Path> {
    let mut reader = Reader { tokens: tokens(&without_text(source)), paths: Vec::new() };
    let mut inline = InlineModules { names: module.to_vec(), opened_at: Vec::new(), depth: 0 };
    let mut at = 0;
    while at < reader.tokens.len() {
        inline.pass(&reader.tokens, at);
        let first_new = reader.paths.len();
        at = if reader.starts_path(at) { reader.tree(at, &[]) } else { at + 1 };
        for path in &mut reader.paths[first_new..] {
            resolve(&inline.names, &mut path.segments);
        }
    }
    reader.paths
}

/// Turns a leading `self` or `super` into the path from the crate's root. A lone `self` is a value, not a path.
fn resolve(module: &[String], segments: &mut Vec<String>) {
    let relative = segments.iter().take_while(|segment| *segment == "self" || *segment == "super").count();
    if relative == 0 || segments.len() == 1 {
        return;
    }
    let ups = segments[..relative].iter().filter(|segment| *segment == "super").count();
    let kept = module.len().saturating_sub(ups);
    let root = std::iter::once("crate".to_owned()).chain(module[..kept].iter().cloned());
    segments.splice(..relative, root);
}

/// Knows in which `mod name { … }` of the file a token lies.
struct InlineModules {
    names: Vec<String>,
    opened_at: Vec<usize>,
    depth: usize,
}

impl InlineModules {
    fn pass(&mut self, tokens: &[(usize, Token)], at: usize) {
        match &tokens[at].1 {
            Token::Sign('{') => {
                self.depth += 1;
                if let [(_, Token::Word(keyword)), (_, Token::Word(name))] = &tokens[at.saturating_sub(2)..at]
                    && keyword == "mod"
                {
                    self.names.push(name.clone());
                    self.opened_at.push(self.depth);
                }
            }
            Token::Sign('}') => {
                if self.opened_at.last() == Some(&self.depth) {
                    self.opened_at.pop();
                    self.names.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    paths: Vec<Path>,
}

impl Reader {
    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(_, token)| token)
    }

    fn is(&self, at: usize, token: &Token) -> bool {
        self.token(at) == Some(token)
    }

    /// A word starts a path unless it goes on with one: `a::b`, `Vec::<u8>::new`.
    fn starts_path(&self, at: usize) -> bool {
        matches!(self.token(at), Some(Token::Word(_))) && (at == 0 || !self.is(at - 1, &Token::Separator))
    }

    /// Reads the path or `use` tree at `at`, below `prefix`; returns where it ends.
    fn tree(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let line = self.tokens[at].0;
        let mut segments = prefix.to_vec();
        loop {
            match self.token(at) {
                Some(Token::Word(word)) => segments.push(word.clone()),
                Some(Token::Sign('*')) => segments.push("*".to_owned()),
                Some(Token::Sign('{')) => return self.group(at + 1, &segments),
                _ => break,
            }
            at += 1;
            if !self.is(at, &Token::Separator) {
                break;
            }
            at += 1;
        }
        let is_macro = self.is(at, &Token::Sign('!')) && !self.is(at + 1, &Token::Sign('='));
        self.paths.push(Path { line, segments, is_macro });
        at
    }

    /// Reads `a, b::c, d as e}`; returns what comes after the brace.
    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        while let Some(token) = self.token(at) {
            at = match token {
                Token::Sign('}') => return at + 1,
                Token::Word(word) if word == "as" => at + 2,
                Token::Word(_) | Token::Sign('*' | '{') => self.tree(at, prefix),
                _ => at + 1,
            };
        }
        at
    }
}

/// The tokens with their lines. A `::` that leads a path (`use ::std::io`) says nothing and is left out.
fn tokens(code: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut at = 0;
        while let Some(first) = line[at..].chars().next() {
            let rest = &line[at..];
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let joins = line[..at].ends_with(|c| is_word(c) || c == '>');
            let (token, length) = match first {
                _ if rest.starts_with("::") => (joins.then_some(Token::Separator), 2),
                _ if word > 0 => (Some(Token::Word(rest[..word].to_owned())), word),
                _ => ((!first.is_whitespace()).then_some(Token::Sign(first)), first.len_utf8()),
            };
            tokens.extend(token.map(|token| (number + 1, token)));
            at += length;
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The source with blanks in place of comments, strings and character literals; every line stays where it is.
pub(super) fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        if let Some(end) = end_of_text(&chars, at) {
            let end = end.min(chars.len());
            code.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            let length = chars[at..].iter().take_while(|&&c| is_word(c)).count().max(1);
            code.extend(&chars[at..at + length]);
            at += length;
        }
    }
    code
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
    use super::{paths, without_text};

    fn named(source: &str) -> Vec<String> {
        let module = ["store".to_owned(), "sqlite".to_owned()];
        let long = paths(&module, source).into_iter().filter(|path| path.segments.len() > 1 || path.is_macro);
        long.map(|path| format!("{}:{}{}", path.line, path.segments.join("::"), if path.is_macro { "!" } else { "" }))
            .collect()
    }

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
    fn use_trees_are_expanded() {
        assert_eq!(
            named(
                "use crate::{\n  ops::{self, load::Report as R},\n  model::*, clock\n};\nuse ::std::io;\nfn f() -> ::std::env::Args"
            ),
            [
                "2:crate::ops::self",
                "2:crate::ops::load::Report",
                "3:crate::model::*",
                "3:crate::clock",
                "5:std::io",
                "6:std::env::Args"
            ]
        );
    }

    #[test]
    fn self_and_super_are_resolved_in_inline_modules_too() {
        assert_eq!(named("self::open(); super::Store"), ["1:crate::store::sqlite::open", "1:crate::store::Store"]);
        assert_eq!(
            named("mod tests {\nuse super::super::*;\nfn f() {}\n}\nuse super::super::ops;"),
            ["2:crate::store::*", "5:crate::ops"]
        );
        assert_eq!(named("self.open(self)"), [""; 0]);
    }

    #[test]
    fn macros_and_turbofish_are_told_apart() {
        assert_eq!(named("std::println!(\"\"); a != b; Vec::<u8>::new()"), ["1:std::println!"]);
        assert_eq!(named("x::y::<T>::z(); $crate::ops::run()"), ["1:x::y", "1:crate::ops::run"]);
    }
}
