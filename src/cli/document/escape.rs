//! Escapes text for HTML: markup is displayed as text, and invisible characters are spelled out.

use std::fmt::{self, Write};

use crate::model::Visible;

/// Displays text as HTML text or a quoted attribute value. Control and invisible characters are escaped as in all
/// output.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Escaped<T>(pub(in crate::cli) T);

impl<T: AsRef<str>> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in Visible(&self.0).to_string().chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Truncates text to a width in columns of Latin letters, with an ellipsis. Call it after making characters visible, so
/// that it measures what is drawn, and before escaping, so that it never splits an entity.
pub(in crate::cli) fn shortened(text: &str, most: usize) -> String {
    // Letters of East Asian scripts and emoji are about twice as wide.
    let columns = |character: char| if character < '\u{1100}' { 1 } else { 2 };
    let text = Visible(text).to_string();
    if text.chars().map(columns).sum::<usize>() <= most {
        return text;
    }
    let mut left = most.saturating_sub(1);
    let kept = text.chars().take_while(|it| {
        let fits = columns(*it) <= left;
        left = left.saturating_sub(columns(*it));
        fits
    });
    kept.collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::{Escaped, shortened};

    #[test]
    fn markup_is_shown_and_hidden_characters_are_spelled_out() {
        let text = Escaped("<script>alert('1')</script>&\"\u{202e}\u{0}").to_string();
        assert_eq!(text, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\\u{202e}\\u{0}");
    }

    #[test]
    fn long_names_are_cut_to_their_width() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abcde…");
        assert_eq!(shortened("日本語日本語", 7), "日本語…");
        assert_eq!(shortened("a\u{7}bcdef", 5), "a\\u{…");
    }
}
