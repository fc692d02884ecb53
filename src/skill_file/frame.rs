//! Finds the two `---` lines of the front matter, or the reason why there is none. It does not parse the text between
//! them.

/// The position of the front matter.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    /// Between two `---` lines.
    Found(Ends<'a>),
    /// There is none.
    Absent {
        /// The line that shows it.
        line: usize,
        /// The sentence for the reader.
        why: String,
    },
}

/// Front matter and the lines that bound it.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    /// The text between the two lines.
    pub(super) yaml: &'a str,
    /// The opening `---`.
    pub(super) open_line: usize,
    /// The closing `---`.
    pub(super) close_line: usize,
    /// Byte offset of the body in the file.
    pub(super) body_start: usize,
    /// Whether text follows the closing dashes on the same line; it belongs to the body.
    pub(super) glued: bool,
}

/// The possible ends of the front matter.
#[derive(Debug)]
pub(super) struct Ends<'a> {
    /// The first line that is exactly `---`, or else a `---` line with text after the dashes.
    pub(super) first: Found<'a>,
    /// An earlier `---` line with text after the dashes: the real end, if the YAML up to `first` is invalid.
    pub(super) glued: Option<Found<'a>>,
}

impl<'a> Frame<'a> {
    /// Examines a whole file, without its byte order mark.
    pub(super) fn of(text: &'a str) -> Self {
        let mut start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let bare = line.trim_end();
            if bare == "---" {
                return close(text, start + line.len(), index + 1);
            }
            if !bare.is_empty() {
                return Self::Absent { line: index + 1, why: why_not_opened(text, bare, index + 1) };
            }
            start += line.len();
        }
        Self::Absent { line: 1, why: "the file is blank".to_owned() }
    }
}

fn close(text: &str, yaml_start: usize, open_line: usize) -> Frame<'_> {
    let mut end = yaml_start;
    let mut glued = None;
    let mut indented = None;
    for (index, line) in text[yaml_start..].split_inclusive('\n').enumerate() {
        // Only `---` at the start of a line can end the front matter; within a value, it must not.
        if let Some(rest) = line.strip_prefix("---") {
            let (yaml, close_line) = (&text[yaml_start..end], open_line + 1 + index);
            if rest.trim_end().is_empty() {
                let first = Found { yaml, open_line, close_line, body_start: end + line.len(), glued: false };
                return Frame::Found(Ends { first, glued });
            }
            // A row of dashes is not text.
            let body_start = end + if rest.trim_end().bytes().all(|it| it == b'-') { line.len() } else { 3 };
            glued.get_or_insert(Found { yaml, open_line, close_line, body_start, glued: true });
        } else if indented.is_none() && line.trim() == "---" {
            indented = Some(open_line + 1 + index);
        }
        end += line.len();
    }
    let (line, why) = match (glued, indented) {
        (Some(first), _) => return Frame::Found(Ends { first, glued: None }),
        (None, Some(line)) => {
            (line, "the closing \"---\" is indented, so the front matter never ends and was not read")
        }
        (None, None) => {
            (open_line, "there is no closing \"---\" line, so the front matter never ends and was not read")
        }
    };
    Frame::Absent { line, why: why.to_owned() }
}

/// The reason for a file whose only closing line has text after the dashes, and is too far down.
pub(super) fn never_ends() -> String {
    "text follows the closing \"---\" on the same line, so the front matter never ends and was not read".to_owned()
}

/// Whether a Markdown heading after a blank line comes before `offset`. If the YAML is invalid from there on, the
/// closing line is missing, and the body up to a horizontal rule was taken as front matter.
pub(super) fn heading_before(yaml: &str, offset: usize) -> bool {
    let mut blank = false;
    for line in yaml.get(..offset).unwrap_or(yaml).lines() {
        let hashes = line.bytes().take_while(|&byte| byte == b'#').count();
        if blank && (1..=6).contains(&hashes) && line[hashes..].starts_with(' ') {
            return true;
        }
        blank = line.trim().is_empty();
    }
    false
}

fn why_not_opened(text: &str, first: &str, line: usize) -> String {
    let what = if first.trim_start() == "---" {
        "the opening \"---\" is indented".to_owned()
    } else if first.bytes().all(|byte| byte == b'-') {
        "the file starts with a row of dashes that is not exactly \"---\"".to_owned()
    } else if first.starts_with("---") {
        "the opening \"---\" has text on the same line".to_owned()
    } else if first.starts_with("```") || first.starts_with("~~~") {
        "the file starts with a code fence".to_owned()
    } else if first.starts_with('#') {
        "the file starts with a heading".to_owned()
    } else if first.starts_with("<!--") {
        "the file starts with a comment".to_owned()
    } else if first.starts_with("name:") || first.starts_with("description:") {
        "the file starts with fields, but without the \"---\" line above them".to_owned()
    } else {
        "the file starts with text".to_owned()
    };
    match late(text, line) {
        Some(later) => format!("{what}, so the block on line {later} is not front matter"),
        None => format!("{what}, so it has no front matter"),
    }
}

/// The line of a later `---` that a field follows: probably intended as front matter.
fn late(text: &str, after: usize) -> Option<usize> {
    let mut opened = None;
    for (index, line) in text.lines().enumerate().skip(after) {
        if line.starts_with("---") && line.trim_end() == "---" {
            opened = Some(index + 1);
        } else if opened.is_some() && (line.starts_with("name:") || line.starts_with("description:")) {
            return opened;
        } else if !line.trim().is_empty() {
            opened = None;
        }
    }
    None
}
