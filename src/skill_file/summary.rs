//! Extracts the first sentence of a skill's body, to replace a missing description.

/// Maximum length of a description in the format, in characters.
const LONGEST: usize = 1024;

/// The first sentence of a Markdown text, or its first heading, on one line and without emphasis marks.
#[must_use]
pub fn first_sentence(body: &str) -> Option<String> {
    let mut paragraph = String::new();
    let (mut heading, mut code) = (None, false);
    for line in body.lines().map(str::trim) {
        if line.starts_with("```") || line.starts_with("~~~") {
            code = !code;
        }
        let prose = !code && is_prose(line);
        if prose && paragraph.len() < 4 * LONGEST {
            paragraph.push_str(line.trim_start_matches(['-', '*', '>', ' ']));
            paragraph.push(' ');
        } else if !paragraph.is_empty() {
            break;
        } else if heading.is_none() && !code && line.starts_with('#') {
            heading = Some(line.trim_start_matches('#').to_owned());
        }
    }
    let text = if paragraph.is_empty() { heading? } else { paragraph };
    let end = sentence_end(&text).unwrap_or(text.len());
    let plain = text[..end].chars().filter(|it| !it.is_control() && !matches!(it, '*' | '`'));
    let plain: String = plain.take(LONGEST).collect();
    Some(plain.trim().to_owned()).filter(|it| !it.is_empty())
}

/// Whether a line is prose, and not a heading, rule, table, image, comment or code fence.
fn is_prose(line: &str) -> bool {
    let marks = ["#", "|", "![", "[![", "<!--", "```", "~~~", "==="];
    let rule = line.chars().all(|it| matches!(it, '-' | '*' | '_' | ' '));
    !rule && !marks.iter().any(|mark| line.starts_with(mark))
}

fn sentence_end(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, it)| *it);
        let ends = match character {
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '\u{3002}' | '\u{ff01}' | '\u{ff1f}' => true,
            _ => false,
        };
        if ends {
            return Some(at + character.len_utf8());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn finds_the_first_sentence_of_prose() {
        for (body, expected) in [
            ("\n# Title\n\nReads PDF 1.7 files. Then more.\n", "Reads PDF 1.7 files."),
            ("Reads\nfiles!  More.\n", "Reads files!"),
            ("![logo](a.png)\n\n<!-- no -->\n| a | b |\n---\n> **Reads** `files`\n\nMore.", "Reads files"),
            ("```sh\nrm.\n```\n- Item one\n- two\n", "Item one two"),
            ("\u{8bfb}\u{53d6}\u{3002}\u{5199}\u{3002}", "\u{8bfb}\u{53d6}\u{3002}"),
            ("# Only a title\n", "Only a title"),
        ] {
            assert_eq!(first_sentence(body).as_deref(), Some(expected), "{body:?}");
        }
        assert_eq!(first_sentence("---\n\n```\nx\n```\n"), None);
        assert_eq!(first_sentence(&"word ".repeat(2000)).map(|it| it.len()), Some(1024));
    }
}
