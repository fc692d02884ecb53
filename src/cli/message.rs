//! Messages, which quote arguments and files of any length and content.

use crate::model::Visible;

/// Maximum length, in characters.
const LONGEST: usize = 2000;

/// A message on one line, in which nothing moves the cursor; cut if it is long.
pub(super) fn one_line(message: &str) -> String {
    let text = Visible(message).to_string();
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_message_is_one_line_and_not_longer_than_a_screen() {
        let forged = one_line("no\u{1b}[2J\nerror: forged\r\u{202e}\u{2028}x");
        assert_eq!(forged, "no\\u{1b}[2J\\nerror: forged\\r\\u{202e}\\u{2028}x");
        assert_eq!(one_line(&forged), forged, "what is escaped already is not escaped again");
        assert_eq!(one_line(&"é".repeat(2000)), "é".repeat(2000));
        assert_eq!(one_line(&"é".repeat(100_000)), "é".repeat(2000) + "… (196000 bytes more)");
    }
}
