//! A file for node_exporter's textfile collector.

use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::interruption::Interruption;
use crate::output_file::OutputFile;

/// Pause between looks for a signal.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the file; readers see the old one or the new one.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = OutputFile::begin(path).and_then(|mut file| {
        file.file().write_all(text.as_bytes())?;
        file.publish()
    });
    written.map(|_| ()).map_err(|why| Failure::unwritable(FailureKind::FileFailed, "the metrics", path, &why))
}

/// Writes it again and again until a signal, which is a good end. Only the first failure ends it.
pub(super) fn keep(
    context: &Context,
    path: &Path,
    every: Duration,
    text: &dyn Fn() -> Result<String, Failure>,
) -> Result<(), Failure> {
    let interruption = Interruption::listen()?;
    write(path, &text()?)?;
    let mut last = Instant::now();
    while !interruption.stopped() {
        if last.elapsed() < every {
            thread::sleep(PAUSE.min(every));
            continue;
        }
        last = Instant::now();
        if let Err(failure) = text().and_then(|it| write(path, &it)) {
            context.output.warn(&failure.message);
        }
    }
    Ok(())
}
