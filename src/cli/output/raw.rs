//! A terminal as programs want it that read single keys.

use std::io;
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// A terminal that gives every key at once, and shows none; as it was before, when dropped.
#[derive(Debug)]
pub(super) struct Raw<F: AsFd> {
    terminal: F,
    before: Termios,
    within: Termios,
}

impl<F: AsFd> Raw<F> {
    /// For a question: lines that cfn writes end as before.
    pub(super) fn of_keys(terminal: F) -> io::Result<Self> {
        Self::begin(terminal, |raw| {
            raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        })
    }

    /// For another program, which has a terminal of its own: nothing is changed on the way, in both directions.
    pub(super) fn of_all(terminal: F) -> io::Result<Self> {
        Self::begin(terminal, Termios::make_raw)
    }

    fn begin(terminal: F, change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        change(&mut raw);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let begun = Self { terminal, before, within: raw };
        begun.resume().map(|()| begun)
    }

    /// As it was before, for a while.
    pub(super) fn pause(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before); // one that has hung up is nobody's
    }

    /// The end of a pause.
    pub(super) fn resume(&self) -> io::Result<()> {
        Ok(tcsetattr(&self.terminal, OptionalActions::Now, &self.within)?)
    }
}

impl<F: AsFd> Drop for Raw<F> {
    fn drop(&mut self) {
        self.pause();
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use rustix::pty::{OpenptFlags, openpt};
    use rustix::termios::{LocalModes, OutputModes, Termios, tcgetattr};

    use super::Raw;

    /// Whether it shows what is typed, and whether it changes what is written.
    fn is_cooked(terminal: &impl rustix::fd::AsFd) -> (bool, bool) {
        let Termios { local_modes, output_modes, .. } = tcgetattr(terminal).expect("its settings");
        (local_modes.contains(LocalModes::ECHO), output_modes.contains(OutputModes::OPOST))
    }

    #[test]
    fn a_terminal_is_as_before_when_it_ends_also_by_a_panic() {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        assert_eq!(is_cooked(&terminal), (true, true));
        let keys = Raw::of_keys(&terminal).expect("keys");
        assert_eq!(is_cooked(&terminal), (false, true));
        drop(keys);
        assert_eq!(is_cooked(&terminal), (true, true));
        let panics = AssertUnwindSafe(|| {
            let all = Raw::of_all(&terminal).expect("all");
            assert_eq!(is_cooked(&terminal), (false, false));
            all.pause();
            assert_eq!(is_cooked(&terminal), (true, true));
            all.resume().expect("raw again");
            assert_eq!(is_cooked(&terminal), (false, false));
            std::panic::resume_unwind(Box::new("a panic"));
        });
        catch_unwind(panics).expect_err("it panics");
        assert_eq!(is_cooked(&terminal), (true, true));
    }
}
