//! The only module that writes to the terminal: reports go to stdout, everything else to stderr. A closed pipe is not
//! an error.

mod conversation;
mod marked;
mod page;
mod pager;
mod paint;
mod progress;
mod raw;
mod remarks;
mod screen;
mod session;
mod table;

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IoSlice, IsTerminal, Write};
use std::os::fd::AsFd;

use anstyle::Style;
use serde::Serialize;

use super::failure::Failure;
use super::message::one_line;
use crate::model::{VisibleText, json};

pub(super) use conversation::{Conversation, Key, Line};
pub(super) use page::Page;
use paint::{BOLD, RED, YELLOW, painted};
pub(super) use progress::{Live, Progress};
pub(super) use remarks::Remarks;
pub(super) use session::{Begun, Session};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The report of a command: one struct, printed as text or as JSON.
pub(super) trait Report: Serialize {
    /// Renders the report as text.
    fn text(&self, page: &mut Page);
}

/// The output settings of this run.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Output {
    pub(super) json: bool,
    quiet: bool,
    /// Whether to print all remarks, not only the first few of a kind.
    verbose: bool,
    /// Whether tables may exceed the terminal's width.
    wide: bool,
    color_out: bool,
    color_err: bool,
}

/// Default width of a terminal, in columns.
const USUAL_WIDTH: usize = 80;

impl Output {
    pub(super) fn new(json: bool, quiet: bool, color: Color, no_color: bool) -> Self {
        let on = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        };
        Self {
            json,
            quiet,
            verbose: false,
            wide: false,
            color_out: on(io::stdout().is_terminal()) && !json,
            color_err: on(io::stderr().is_terminal()),
        }
    }

    /// Prints all remarks, if `verbose`.
    pub(super) fn with_verbose(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// Prints all columns of tables, if `wide`.
    pub(super) fn with_wide(self, wide: bool) -> Self {
        Self { wide, ..self }
    }

    /// Whether the answer is JSON.
    pub(super) fn json(self) -> bool {
        self.json
    }

    /// The width for text on a terminal; `None` for JSON, and if stdout is no terminal. With `--wide`, it has no limit.
    pub(super) fn width(self) -> Option<usize> {
        let terminal = Terminal::of_stdout().filter(|_| !self.json)?;
        Some(if self.wide { usize::MAX } else { terminal.columns })
    }

    /// Whether stderr may have colours.
    pub(super) fn colors_stderr(self) -> bool {
        self.color_err
    }

    /// Prints the report.
    pub(super) fn answer(self, report: &impl Report) -> Result<(), Failure> {
        if self.json {
            return self.json_line(report);
        }
        let terminal = Terminal::of_stdout();
        let width = terminal.filter(|_| !self.wide).map(|it| it.columns);
        let mut page = Page::new(self.color_out, width).seen(terminal.is_some());
        report.text(&mut page);
        let is_long = terminal.and_then(|it| it.rows).is_some_and(|rows| page.text.lines().count() > rows);
        if !(is_long && pager::show(page.text.as_bytes())) {
            self.raw(page.text.as_bytes())?;
        }
        if !page.left_out.is_empty() {
            self.note(&format!("columns dropped: {}; --wide shows all", page.left_out.join(", ")));
        }
        Ok(())
    }

    /// Prints one JSON document on one line.
    pub(super) fn json_line(self, report: &impl Serialize) -> Result<(), Failure> {
        let mut line = json::to_vec(report).map_err(|error| Failure::internal(&error.to_string()))?;
        line.push(b'\n');
        self.raw(&line)
    }

    /// Prints bytes unchanged.
    pub(super) fn raw(self, bytes: &[u8]) -> Result<(), Failure> {
        self.pieces(&[bytes])
    }

    /// Prints the text of files, in pieces: their exact bytes, or what can be seen of them on a terminal.
    pub(super) fn texts(self, pieces: &[impl AsRef<str>]) -> Result<(), Failure> {
        if io::stdout().is_terminal() {
            let seen: String = pieces.iter().map(|it| VisibleText(it).to_string()).collect();
            return self.raw(seen.as_bytes());
        }
        self.pieces(&pieces.iter().map(|it| it.as_ref().as_bytes()).collect::<Vec<_>>())
    }

    /// Prints pieces unchanged, one after another, without concatenating them first.
    fn pieces(self, pieces: &[&[u8]]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        self.ended(write_all(&mut out, pieces).and_then(|()| out.flush()))
    }

    /// The end of writing to stdout. A closed pipe is a quiet end.
    #[expect(clippy::unused_self, reason = "writing is done through an Output only")]
    pub(super) fn ended(self, written: io::Result<()>) -> Result<(), Failure> {
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::output(&error)),
            _ => Ok(()),
        }
    }

    /// Stdout, for commands that answer a stream of requests.
    #[expect(clippy::unused_self, reason = "writing is done through an Output only")]
    pub(super) fn stream(self) -> impl Write + AsFd {
        io::stdout().lock()
    }

    /// Prints a warning: a problem that does not fail the command.
    pub(super) fn warn(self, message: &str) {
        self.say("warning", YELLOW, message);
    }

    /// Prints a note: something done besides the report.
    pub(super) fn note(self, message: &str) {
        self.say("note", BOLD, message);
    }

    fn say(self, label: &str, style: Style, message: &str) {
        if !self.quiet {
            let line = format!("{}: {}\n", painted(label, style, self.color_err), one_line(message));
            self.stderr(&line);
        }
    }

    /// Prints why a command failed, and what to do.
    pub(super) fn failure(self, failure: &Failure) {
        let line = if self.json {
            serde_json::to_string(failure).unwrap_or_else(|_| failure.message.clone()) + "\n"
        } else {
            let mut text = format!("{}: {}\n", painted("error", RED, self.color_err), failure.message);
            if !failure.hint.is_empty() {
                let _ = writeln!(text, "{}: {}", painted("hint", BOLD, self.color_err), failure.hint);
            }
            text
        };
        self.stderr(&line);
    }

    /// Prints the help of a command that was called without its subcommand.
    pub(super) fn help(self, text: &str) {
        self.stderr(text);
    }

    /// Prints a report that is no answer.
    pub(super) fn on_stderr(self, report: &impl Report) {
        if !self.quiet {
            let mut page = Page::new(self.color_err, None).seen(io::stderr().is_terminal());
            report.text(&mut page);
            self.stderr(&page.text);
        }
    }

    fn stderr(self, text: &str) {
        self.stderr_bytes(text.as_bytes());
    }

    /// Prints bytes of another program to stderr unchanged.
    #[expect(clippy::unused_self, reason = "writing is done through an Output only")]
    pub(super) fn stderr_bytes(self, bytes: &[u8]) {
        let _ = io::stderr().lock().write_all(bytes); // there is nowhere left to complain
    }

    /// Whether a person can be asked.
    pub(super) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// A status line that is overwritten in place; invisible unless stderr is a terminal.
    pub(super) fn live(self) -> Live {
        let shown = !self.quiet && io::stderr().is_terminal();
        Live::new(shown)
    }

    /// A progress bar for work of more than a second; invisible unless stderr is a terminal.
    pub(super) fn progress(self, what: &'static str) -> Progress {
        let shown = !self.quiet && io::stderr().is_terminal();
        Progress::new(what, shown)
    }
}

fn write_all(out: &mut impl Write, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let mut slices: Vec<_> = pieces.iter().map(|it| IoSlice::new(it.as_ref())).collect();
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0); // leaves empty ones out
    while !rest.is_empty() {
        match out.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A terminal.
#[derive(Debug, Clone, Copy)]
struct Terminal {
    columns: usize,
    /// `None` if unknown.
    rows: Option<usize>,
}

impl Terminal {
    fn of_stdout() -> Option<Self> {
        Self::of(&io::stdout())
    }

    fn of_stderr() -> Option<Self> {
        Self::of(&io::stderr())
    }

    fn of(out: &(impl AsFd + IsTerminal)) -> Option<Self> {
        let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(out).ok())?;
        let known = |count: u16| Some(usize::from(count)).filter(|it| *it > 0);
        let columns = size.and_then(|it| known(it.ws_col)).unwrap_or(USUAL_WIDTH);
        Some(Self { columns, rows: size.and_then(|it| known(it.ws_row)) })
    }
}

/// The writer for diagnostics.
pub(super) fn diagnostics_writer() -> io::Stderr {
    io::stderr()
}
