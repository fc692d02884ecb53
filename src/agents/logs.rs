//! The logs of a run: what a command writes, up to a limit. An agent that writes without end fills no disk.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use super::files;

/// Maximum size of a log. Then it is kept as the one before, whose predecessor goes.
const MOST_BYTES: u64 = 16 << 20;

/// Maximum wait for the end of an output after the end of all that could write it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A thread that writes an output to its log.
pub(super) struct Log {
    ended: Receiver<()>,
}

impl Log {
    /// The log, and where to write to.
    pub(super) fn start(path: PathBuf) -> io::Result<(Self, File)> {
        let (mut reader, writer) = io::pipe()?;
        let mut file = files::create(&path)?;
        let (tell, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            let (mut buffer, mut size) = (vec![0; 64 << 10], 0);
            loop {
                let count = match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                if size > MOST_BYTES {
                    match turned(&path) {
                        Ok(next) => (file, size) = (next, 0),
                        Err(_) => continue, // the command must not wait for a full disk
                    }
                }
                // What a full disk does not take is lost; the command goes on.
                let _ = file.write_all(&buffer[..count]);
                size += count as u64;
            }
            let _ = tell.send(()); // nobody may wait any more
        })?;
        Ok((Self { ended }, File::from(OwnedFd::from(writer))))
    }

    /// Waits until all is written.
    pub(super) fn end(self) {
        let _ = self.ended.recv_timeout(PATIENCE); // somebody else may have got the pipe, and keep it open
    }
}

/// Keeps a log as the one before, and begins anew.
fn turned(path: &Path) -> io::Result<File> {
    fs::rename(path, before(path))?;
    files::create(path)
}

/// The path of the log before.
#[must_use]
pub fn before(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}
