//! Progress on the terminal, erased when the work is done.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
}

impl Progress {
    pub(super) fn new(what: &'static str, shown: bool) -> Self {
        Self { what, since: Instant::now(), shown, with_rate: false, bar: None }
    }

    /// Shows how many are done a second.
    pub(in crate::cli) fn with_rate(mut self) -> Self {
        self.with_rate = true;
        self
    }

    /// Names what is done now.
    pub(in crate::cli) fn now(&mut self, what: &'static str) {
        self.what = what;
        self.bar.iter().for_each(|it| it.set_message(what));
    }

    pub(in crate::cli) fn at(&mut self, done: usize, total: usize) {
        if !self.shown || (self.bar.is_none() && self.since.elapsed() < Duration::from_secs(1)) {
            return;
        }
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
