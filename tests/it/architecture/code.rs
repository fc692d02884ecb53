//! Reads Rust just well enough to know which paths a file names: comments, strings and character literals are no code,
//! `use` trees are expanded, `self` and `super` are resolved. It knows no rules; those are in the parent module.

use super::text::{is_word, without_text};

/// A path that a file names, such as `crate::store::Store`; a lone name is a path of one segment.
#[derive(Debug, PartialEq)]
pub(super) struct Path {
    /// The line of its first segment, counted from 1.
    pub(super) line: usize,
    /// The segments; `self` and `super` at the start are resolved to `crate::…`.
    pub(super) segments: Vec<String>,
    /// Whether it calls a macro: `println!`.
    pub(super) is_macro: bool,
    /// How a `use` brings it into the file's own module.
    pub(super) import: Option<Import>,
    /// Whether it is named in the file's own `mod tests { … }`.
    pub(super) in_tests: bool,
}

impl Path {
    /// Whether its first segments are these.
    pub(super) fn starts(&self, with: &[&str]) -> bool {
        self.segments.len() >= with.len() && self.segments.iter().zip(with).all(|(segment, name)| segment == name)
    }
}

/// What a `use` makes of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Import {
    /// The name in this module.
    pub(super) name: String,
    /// Whether it is there for others: `pub use`, `pub(super) use`.
    pub(super) exported: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    /// `::`
    Separator,
    Sign(char),
}

/// All paths in `source`, the text of the module `module` (`["store", "sqlite"]` for `src/store/sqlite/mod.rs`).
pub(super) fn paths(module: &[String], source: &str) -> Vec<Path> {
    let mut reader = Reader { tokens: tokens(&without_text(source)), paths: Vec::new(), exported: None };
    let mut inline = InlineModules { names: module.to_vec(), opened_at: Vec::new(), depth: 0 };
    let mut at = 0;
    while at < reader.tokens.len() {
        inline.pass(&reader.tokens, at);
        let first_new = reader.paths.len();
        reader.exported = reader.import(at);
        at += usize::from(reader.exported.is_some());
        at = if reader.starts_path(at) { reader.tree(at, &[]) } else { at + 1 };
        for path in &mut reader.paths[first_new..] {
            resolve(&inline.names, &mut path.segments);
            path.import.take_if(|_| !inline.opened_at.is_empty());
            path.in_tests = inline.names[module.len()..].iter().any(|it| it == "tests");
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
    /// In a `use`: whether it is one for others.
    exported: Option<bool>,
}

impl Reader {
    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(_, token)| token)
    }

    fn is(&self, at: usize, token: &Token) -> bool {
        self.token(at) == Some(token)
    }

    /// A word starts a path unless it goes on with one (`a::b`, `Vec::<u8>::new`), says to whom something is visible, or is a name
    /// that is made here (`mod a`, `fn a`) or belongs to a value (`it.a()`).
    fn starts_path(&self, at: usize) -> bool {
        let word = |back: usize, name: &str| matches!(self.before(at, back), Some(Token::Word(word)) if word == name);
        let sign = |back: usize, sign: char| self.before(at, back) == Some(&Token::Sign(sign));
        let goes_on = self.before(at, 1) == Some(&Token::Separator);
        let visibility = word(1, "in") && sign(2, '(') && word(3, "pub");
        let declaration = word(1, "mod") || word(1, "fn");
        let of_a_value = sign(1, '.') && !sign(2, '.');
        let path = matches!(self.token(at), Some(Token::Word(_)));
        path && !goes_on && !visibility && !declaration && !of_a_value
    }

    fn before(&self, at: usize, back: usize) -> Option<&Token> {
        self.token(at.checked_sub(back)?)
    }

    /// Whether the `use` at `at` is one for others; none where there is no `use`, or the one of `impl Trait + use<'a>`.
    fn import(&self, at: usize) -> Option<bool> {
        let keyword = matches!(self.token(at), Some(Token::Word(word)) if word == "use");
        let exported = match self.before(at, 1) {
            Some(Token::Word(word)) => word == "pub",
            before => before == Some(&Token::Sign(')')),
        };
        (keyword && !self.is(at + 1, &Token::Sign('<'))).then_some(exported)
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
        let import = self.exported.and_then(|exported| Some(Import { name: self.name(at, &segments)?, exported }));
        self.paths.push(Path { line, segments, is_macro, import, in_tests: false });
        at
    }

    /// What a path that ends at `at` is called in a `use`: `a::b`, `a::b as c`, `b::self`.
    fn name(&self, at: usize, segments: &[String]) -> Option<String> {
        match (self.token(at), self.token(at + 1)) {
            (Some(Token::Word(word)), Some(Token::Word(name))) if word == "as" => Some(name.clone()),
            _ => segments.iter().rev().find(|it| *it != "self").cloned(),
        }
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
pub(super) fn tokens(code: &str) -> Vec<(usize, Token)> {
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

mod tests {
    use super::paths;

    fn named(source: &str) -> Vec<String> {
        let module = ["store".to_owned(), "sqlite".to_owned()];
        let long = paths(&module, source).into_iter().filter(|path| path.segments.len() > 1 || path.is_macro);
        long.map(|path| format!("{}:{}{}", path.line, path.segments.join("::"), if path.is_macro { "!" } else { "" }))
            .collect()
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
        assert_eq!(named("pub(in crate::ops) fn f(it: crate::model::Tags)"), ["1:crate::model::Tags"]);
    }
}
