//! Sends output that is longer than the terminal through the user's pager.

use std::env;
use std::ffi::{OsStr, OsString};

use crate::process::run_in_foreground;

/// The default: quits if the output fits, passes colours on, does not clear the screen.
const USUAL: &str = "less -FRX";

/// Exit codes of a shell that could not start the program.
const NOT_RUN: [i32; 2] = [126, 127];

/// Runs the pager. Returns whether it ran.
pub(super) fn show(text: &[u8]) -> bool {
    let Some(pager) = pager(env::var_os("PAGER"), env::var_os("TERM").as_deref()) else { return false };
    // Ctrl-C belongs to the pager: cfn must not end before it.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default());
    let ended = run_in_foreground(OsStr::new("sh"), [OsStr::new("-c"), &pager], text);
    ended.is_ok_and(|it| it.code().is_none_or(|code| !NOT_RUN.contains(&code)))
}

/// The pager's command line; `None` if the user disabled it, or for a dumb terminal.
fn pager(named: Option<OsString>, terminal: Option<&OsStr>) -> Option<OsString> {
    let is_able = terminal.is_some_and(|it| !it.is_empty() && it != "dumb");
    let pager = named.unwrap_or_else(|| USUAL.into());
    let is_one = !pager.is_empty() && pager != "cat";
    (is_able && is_one).then_some(pager)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::pager;

    #[test]
    fn the_user_chooses_the_pager_or_none() {
        let asked = |named: Option<&str>, terminal: &str| {
            pager(named.map(Into::into), Some(OsStr::new(terminal))).map(|it| it.to_string_lossy().into_owned())
        };
        assert_eq!(asked(None, "xterm").as_deref(), Some("less -FRX"));
        assert_eq!(asked(Some("more -s"), "xterm").as_deref(), Some("more -s"));
        assert_eq!((asked(Some(""), "xterm"), asked(Some("cat"), "xterm"), asked(None, "dumb")), (None, None, None));
        assert_eq!(pager(None, None), None);
    }
}
