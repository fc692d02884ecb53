//! Finds the two `---` lines, and says why there is no front matter where there is none. What stands between them is for
//! others to read.

use super::finding::quoted;

/// Where the front matter is.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    /// Between two `---` lines.
    Found(Found<'a>),
    /// Nowhere.
    Absent {
        /// The line that shows it.
        line: usize,
        /// The sentence for the reader.
        why: String,
    },
}

/// Front matter and the lines that bound it.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// What stands between the two lines.
    pub(super) yaml: &'a str,
    /// The opening `---`.
    pub(super) open_line: usize,
    /// The closing `---`.
    pub(super) close_line: usize,
    /// What follows the closing line.
    pub(super) body: &'a str,
    /// The first line that looks like a closing one with text glued to it: the real end, if the YAML makes no sense.
    pub(super) glued: Option<usize>,
}

impl<'a> Frame<'a> {
    /// Looks at a whole file, without its byte order mark.
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
        // Only lines with `---` are worth a closer look, and only at their start can they end the front matter: the same
        // three characters within a value must not cut it.
        if let Some(rest) = line.strip_prefix("---") {
            if rest.trim_end().is_empty() {
                return Frame::Found(Found {
                    yaml: &text[yaml_start..end],
                    open_line,
                    close_line: open_line + 1 + index,
                    body: &text[end + line.len()..],
                    glued,
                });
            }
            glued = glued.or(Some(open_line + 1 + index));
        } else if indented.is_none() && line.trim() == "---" {
            indented = Some(open_line + 1 + index);
        }
        end += line.len();
    }
    let why = match (glued, indented) {
        (Some(line), _) => return Frame::Absent { line, why: glued_close() },
        (None, Some(line)) => {
            let why = "the closing \"---\" is indented, so the front matter never ends and was not read".to_owned();
            return Frame::Absent { line, why };
        }
        (None, None) => "there is no closing \"---\" line, so the front matter never ends and was not read",
    };
    Frame::Absent { line: open_line, why: why.to_owned() }
}

/// The sentence for a closing line with text behind the dashes.
pub(super) fn glued_close() -> String {
    "text follows the closing \"---\" on the same line, so the front matter never ends and was not read".to_owned()
}

/// The line of the first Markdown heading after a blank line: where YAML makes no sense from there on, it is the body that
/// was read, up to some horizontal rule, because the closing line is missing.
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
        format!("the opening \"---\" has text on the same line ({})", quoted(first))
    } else if first.starts_with("```") || first.starts_with("~~~") {
        "the file starts with a code fence".to_owned()
    } else if first.starts_with('#') {
        "the file starts with a heading".to_owned()
    } else if first.starts_with("<!--") {
        "the file starts with a comment".to_owned()
    } else if first.starts_with("name:") || first.starts_with("description:") {
        "the file starts with fields, but without the \"---\" line above them".to_owned()
    } else {
        format!("the file starts with text ({})", quoted(first))
    };
    match late(text, line) {
        Some(later) => format!("{what}, so the block that begins on line {later} does not count as front matter"),
        None => format!("{what}, so it has no front matter"),
    }
}

/// The line of a `---` further down that a field follows: somebody meant it as front matter.
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
