//! Parses YAML, within limits, into nodes that keep the spelling of each scalar.
//!
//! It uses the parser's events (granit-parser, re-exported by serde-saphyr) instead of serde-saphyr's deserializer, for
//! three reasons: `1.10` must stay `1.10` and not become a float; findings need the position of every key; and depth,
//! nodes and alias expansion are limited here in one place.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::finding::Notes;
use super::node::{Entry, Kind, Node, kind_of};

/// Maximum number of nodes, including expanded aliases. The largest real front matter we know has a few hundred.
const MOST_NODES: usize = 20_000;

/// Maximum number of bytes that aliases may add.
const MOST_ALIAS_BYTES: usize = 256 * 1024;

const TOO_DEEP: &str = "nested too deeply";
const TOO_MANY: &str = "too complex: it has too many values";
const TOO_MUCH_REPEATED: &str = "too complex: its aliases expand to too much";

/// Why text could not be parsed.
#[derive(Debug)]
pub(super) enum Problem {
    /// It is not YAML, or not a mapping.
    Syntax { at: usize, why: String },
    /// It exceeds a limit; no recovery is tried.
    TooComplex(TooComplex),
}

/// The exceeded limit, and where.
#[derive(Debug)]
pub(super) struct TooComplex {
    pub(super) at: usize,
    pub(super) why: &'static str,
}

/// Parses a mapping. Blanks and comments alone give no entries.
pub(super) fn parse<'a>(yaml: &'a str, nesting: usize, notes: &mut Notes) -> Result<Vec<Entry<'a>>, Problem> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: nesting + 1,
        block_nesting_limit: nesting + 1,
    };
    let parser = Parser::new_from_str_with_options(yaml, options);
    let mut reader = Reader { yaml, parser, nesting, notes, anchors: HashMap::new(), nodes: 0, alias_bytes: 0 };
    reader.document()
}

struct Anchored<'a> {
    node: Node<'a>,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

struct Reader<'a, 'n> {
    yaml: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    nesting: usize,
    notes: &'n mut Notes,
    anchors: HashMap<usize, Anchored<'a>>,
    nodes: usize,
    alias_bytes: usize,
}

impl<'a> Reader<'a, '_> {
    fn document(&mut self) -> Result<Vec<Entry<'a>>, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => return Err(syntax(&span, "a second YAML document begins".to_owned())),
                event => root = Some((self.node(event, &span, 0)?, span.start.byte_offset().unwrap_or(0))),
            }
        }
        match root {
            Some((Node::Map(entries), _)) => Ok(entries),
            None | Some((Node::Scalar { kind: Kind::Null, .. }, _)) => Ok(Vec::new()),
            Some((_, at)) => Err(Problem::Syntax { at, why: "it has no \"field: value\" lines".to_owned() }),
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(error)) => Err(problem(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node<'a>, Problem> {
        self.spend(1, span)?;
        let before = self.nodes;
        match event {
            Event::Alias(id) => self.alias(id, span, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.kind(&text, style, tag.as_deref(), span, depth)?;
                let node = Node::Scalar { text, kind };
                self.remember(anchor, &node, before, span, depth)?;
                Ok(node)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection(tag.as_deref(), span, depth)?;
                let node = self.list(depth)?;
                self.remember(anchor, &node, before, span, depth)?;
                Ok(node)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection(tag.as_deref(), span, depth)?;
                let node = self.map(depth)?;
                self.remember(anchor, &node, before, span, depth)?;
                Ok(node)
            }
            _ => Err(syntax(span, "a value is missing".to_owned())),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node<'a>, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Node::List(items));
            }
            items.push(self.node(event, &span, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node<'a>, Problem> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Node::Map(entries)),
                Event::Scalar(text, ..) if !text.is_empty() => text,
                _ => return Err(syntax(&span, "a field's name is not plain text".to_owned())),
            };
            let at = span.start.byte_offset().unwrap_or(0);
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            if depth == 0 {
                self.remark_on_cut(&key, &value, &span);
            }
            if key == "<<" && !matches!(value, Node::Scalar { .. }) {
                let message = "a YAML merge key (<<) is not followed: its fields were ignored".to_owned();
                self.notes.repair(at, message);
            }
            entries.push(Entry { at, key, value });
        }
    }

    /// Warns of ` #` in a plain value: YAML takes the rest as a comment, but in prose the author rarely meant one.
    fn remark_on_cut(&mut self, key: &str, value: &Node<'_>, span: &Span) {
        let (Node::Scalar { .. }, Some(end)) = (value, span.end.byte_offset()) else { return };
        let rest = self.yaml.get(end..).unwrap_or_default();
        if matches!(key, "name" | "description") && rest.trim_start_matches([' ', '\t']).starts_with('#') {
            let message = format!("YAML reads the text from \"#\" on as a comment, not as part of \"{key}\"");
            self.notes.remark(end, message);
        }
    }

    fn alias(&mut self, id: usize, span: &Span, depth: usize) -> Result<Node<'a>, Problem> {
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(syntax(span, "an alias refers to itself".to_owned()));
        };
        if depth + anchored.depth > self.nesting {
            return Err(too_complex(span, TOO_DEEP));
        }
        let (nodes, bytes) = (anchored.nodes, anchored.bytes);
        self.alias_bytes += bytes;
        if self.alias_bytes > MOST_ALIAS_BYTES {
            return Err(too_complex(span, TOO_MUCH_REPEATED));
        }
        self.spend(nodes, span)?;
        match self.anchors.get(&id) {
            Some(anchored) => Ok(anchored.node.clone()),
            None => Err(syntax(span, "an alias refers to an unknown anchor".to_owned())),
        }
    }

    fn remember(
        &mut self,
        id: usize,
        node: &Node<'a>,
        before: usize,
        span: &Span,
        depth: usize,
    ) -> Result<(), Problem> {
        if id == 0 {
            return Ok(());
        }
        if depth == 1 && matches!(node, Node::Scalar { .. }) {
            let message = "YAML reads the word after \"&\" as an anchor, not as part of the value".to_owned();
            self.notes.repair(span.start.byte_offset().unwrap_or(0), message);
        }
        let nodes = self.nodes - before;
        // The copy counts like an alias: nested anchors are copied once per level.
        self.spend(nodes, span)?;
        let (bytes, depth) = node.measure();
        self.anchors.insert(id, Anchored { node: node.clone(), nodes, bytes, depth });
        Ok(())
    }

    fn spend(&mut self, nodes: usize, span: &Span) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES { Err(too_complex(span, TOO_MANY)) } else { Ok(()) }
    }

    fn check_collection(&mut self, tag: Option<&Tag>, span: &Span, depth: usize) -> Result<(), Problem> {
        if depth >= self.nesting {
            return Err(too_complex(span, TOO_DEEP));
        }
        match tag {
            Some(tag) if tag.core_suffix().is_none() => self.foreign_tag(span, depth),
            _ => Ok(()),
        }
    }

    fn kind(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
        depth: usize,
    ) -> Result<Kind, Problem> {
        match tag.map(|tag| (tag, tag.core_suffix())) {
            Some((_, Some("str"))) => Ok(Kind::Text),
            Some((_, Some(_))) => Ok(kind_of(text)),
            Some((tag, None)) if tag.original() != "!" => {
                self.foreign_tag(span, depth)?;
                Ok(Kind::Text)
            }
            None if style == ScalarStyle::Plain => Ok(kind_of(text)),
            _ => Ok(Kind::Text),
        }
    }

    /// Handles an unknown tag. At the top level, a word with `!` is prose and left to `salvage`; below, the value is
    /// kept without its tag.
    fn foreign_tag(&mut self, span: &Span, depth: usize) -> Result<(), Problem> {
        if depth <= 1 {
            return Err(syntax(span, "a word after \"!\" is an unknown tag".to_owned()));
        }
        let message = "an unknown YAML tag was ignored".to_owned();
        self.notes.repair(span.start.byte_offset().unwrap_or(0), message);
        Ok(())
    }
}

fn problem(error: &ScanError) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(0);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => Problem::TooComplex(TooComplex { at, why: TOO_DEEP }),
        // The other messages quote nothing from the file, which may be confidential.
        ErrorKind::UnexpectedCharacter { .. } => Problem::Syntax { at, why: "unexpected character".to_owned() },
        kind => Problem::Syntax { at, why: kind.to_string() },
    }
}

fn syntax(span: &Span, why: String) -> Problem {
    Problem::Syntax { at: span.start.byte_offset().unwrap_or(0), why }
}

fn too_complex(span: &Span, why: &'static str) -> Problem {
    Problem::TooComplex(TooComplex { at: span.start.byte_offset().unwrap_or(0), why })
}
