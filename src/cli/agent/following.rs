//! The output of agents on this command's stderr, while it waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::stream::Stream;
use crate::agents::RunFolder;
use crate::cli::output::Output;

/// Interval for looking for more.
const LOOKS: Duration = Duration::from_millis(50);

/// A thread that shows what an agent writes.
pub(super) struct Following {
    thread: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl Following {
    /// Shows what comes into the logs of a run. With a name, each line begins with it.
    pub(super) fn start(folder: &RunFolder, name: Option<String>, output: Output) -> std::io::Result<Self> {
        let streams = ["stdout", "stderr"].map(|it| Shown { stream: Stream::of(folder, it), begun: Vec::new() });
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = thread::Builder::new().spawn(move || show(streams, name.as_deref(), output, &told))?;
        Ok(Self { thread, is_over })
    }

    /// Shows the rest; the agent has ended.
    pub(super) fn end(self) {
        self.is_over.store(true, Ordering::Release);
        let _ = self.thread.join(); // it does not panic
    }
}

struct Shown {
    stream: Stream,
    /// A line whose end did not come yet.
    begun: Vec<u8>,
}

fn show(mut streams: [Shown; 2], name: Option<&str>, output: Output, told: &AtomicBool) {
    loop {
        // Before reading: what is written before the end is read then.
        let is_over = told.load(Ordering::Acquire);
        let mut some = false;
        for it in &mut streams {
            let bytes = it.stream.next().unwrap_or_default();
            some |= !bytes.is_empty();
            match name {
                None => output.stderr_bytes(&bytes),
                Some(name) => output.stderr_bytes(&named(name, &mut it.begun, &bytes, is_over)),
            }
        }
        if !some {
            if is_over {
                return;
            }
            thread::sleep(LOOKS);
        }
    }
}

/// The whole lines, each with the name before it. At the end, the last one may lack its end.
fn named(name: &str, begun: &mut Vec<u8>, bytes: &[u8], is_over: bool) -> Vec<u8> {
    begun.extend(bytes);
    let ended = begun.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
    let mut lines: Vec<u8> = begun.drain(..ended).collect();
    if is_over && bytes.is_empty() && !begun.is_empty() {
        lines.append(begun);
        lines.push(b'\n');
    }
    lines.split_inclusive(|it| *it == b'\n').flat_map(|line| [name.as_bytes(), b": ", line].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn lines_come_whole_and_with_a_name() {
        let mut begun = Vec::new();
        assert_eq!(named("a", &mut begun, b"one\ntw", false), b"a: one\n");
        assert_eq!(named("a", &mut begun, b"o\n\nthr", false), b"a: two\na: \n");
        assert_eq!(named("a", &mut begun, b"ee", true), b"");
        assert_eq!(named("a", &mut begun, b"", true), b"a: three\n");
        assert_eq!(named("a", &mut begun, b"", true), b"");
    }
}
