//! Progress on the terminal, erased when the work is done.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less is not shown.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// A status line.
#[derive(Debug)]
pub(in crate::cli) struct Live {
    bar: Option<ProgressBar>,
}

impl Live {
    pub(super) fn new(shown: bool) -> Self {
        Self { bar: shown.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())) }
    }

    /// Replaces the line.
    pub(in crate::cli) fn say(&self, line: impl Into<String>) {
        let Some(bar) = &self.bar else { return };
        bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(line.into());
    }

    /// Prints a permanent line above it.
    pub(in crate::cli) fn keep(&self, line: &str) {
        let Some(bar) = &self.bar else { return };
        bar.println(line);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A progress bar.
#[derive(Debug)]
pub(in crate::cli) struct Progress {
    what: &'static str,
    since: Instant,
    shown: bool,
    with_rate: bool,
    bar: Option<ProgressBar>,
    /// Until there is a bar.
    patience: Option<Patience>,
}

/// Says who is waited for, once nothing was heard for a second.
#[derive(Debug)]
struct Patience(Sender<()>);

impl Patience {
    fn start(say: impl FnOnce() + Send + 'static) -> Option<Self> {
        let (heard, signs) = channel();
        let wait = move || {
            loop {
                match signs.recv_timeout(SHOWN_AFTER) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => return say(),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        thread::Builder::new().spawn(wait).ok().map(|_| Self(heard))
    }
}

impl Progress {
    pub(super) fn new(what: &'static str, shown: bool) -> Self {
        Self { what, since: Instant::now(), shown, with_rate: false, bar: None, patience: None }
    }

    /// Shows how many are done a second.
    pub(in crate::cli) fn with_rate(mut self) -> Self {
        self.with_rate = true;
        self
    }

    /// Says who is waited for, once that takes a second.
    pub(in crate::cli) fn waiting(mut self, say: impl FnOnce() + Send + 'static) -> Self {
        self.patience = if self.shown { Patience::start(say) } else { None };
        self
    }

    /// Names what is done now.
    pub(in crate::cli) fn now(&mut self, what: &'static str) {
        self.what = what;
        self.bar.iter().for_each(|it| it.set_message(what));
    }

    pub(in crate::cli) fn at(&mut self, done: usize, total: usize) {
        if !self.shown || (self.bar.is_none() && self.since.elapsed() < SHOWN_AFTER) {
            let _ = self.patience.as_ref().map(|it| it.0.send(())); // it may have spoken already
            return;
        }
        self.patience = None;
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            let rate = if self.with_rate { "{per_sec}, " } else { "" };
            let style =
                ProgressStyle::with_template(&format!("{{msg}} {{bar:40}} {{pos}}/{{len}} ({rate}{{eta}} left)"));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(self.what)
        });
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
