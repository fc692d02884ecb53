//! A page that is drawn again and again on the whole terminal, which is as it was when the page ends.

use super::{Output, Page, Report, Terminal};
use crate::cli::failure::Failure;

/// Switches to the other screen of the terminal, without a cursor; and back.
const BEGIN: &[u8] = b"\x1b[?1049h\x1b[?25l";
const END: &[u8] = b"\x1b[?25h\x1b[?1049l";

/// Rows of a terminal of unknown size.
const USUAL_ROWS: usize = 24;

/// The whole terminal.
pub(in crate::cli) struct Screen(Output);

impl Output {
    /// Takes the whole terminal; `None` if stdout is none, and for JSON.
    pub(in crate::cli) fn screen(self) -> Result<Option<Screen>, Failure> {
        if self.json || Terminal::of_stdout().is_none() {
            return Ok(None);
        }
        let screen = Screen(self); // gives the terminal back also if it fails here
        self.raw(BEGIN).map(|()| Some(screen))
    }
}

impl Screen {
    /// Draws a report over the one before, as far as there is room.
    pub(in crate::cli) fn show(&self, report: &impl Report) -> Result<(), Failure> {
        let terminal = Terminal::of_stdout();
        let mut page = Page::new(self.0.color_out, terminal.map(|it| it.columns)).seen(true);
        report.text(&mut page);
        let rows = terminal.and_then(|it| it.rows).unwrap_or(USUAL_ROWS).saturating_sub(1);
        let lines = page.text.lines().take(rows).map(|it| format!("{it}\x1b[K\n"));
        self.0.raw(format!("\x1b[H{}\x1b[J", lines.collect::<String>()).as_bytes())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.raw(END); // there is nowhere left to complain
    }
}
