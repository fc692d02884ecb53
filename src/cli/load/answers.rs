//! The answers of a batch: buffered, and sent before the reader could be waiting for one.

use std::io::{BufWriter, ErrorKind, Write};
use std::ops::ControlFlow;

use crate::cli::failure::Failure;
use crate::cli::line_id::LineId;

/// Maximum number of bytes to buffer while more requests are available.
const AT_ONCE: usize = 64 * 1024;

/// Writes answers. Methods return [`ControlFlow::Break`] when the reader is gone.
pub(super) struct Answers<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> Answers<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(AT_ONCE, out) }
    }

    /// Adds an answer, a JSON object with at least one field, and puts the request's `id` before its fields.
    pub(super) fn add(&mut self, id: Option<&LineId>, object: &[u8]) -> Result<ControlFlow<()>, Failure> {
        let written = match id {
            None => self.out.write_all(object),
            Some(id) => id.before(object).iter().try_for_each(|it| self.out.write_all(it)),
        };
        flow(written.and_then(|()| self.out.write_all(b"\n")))
    }

    /// Sends the buffered answers.
    pub(super) fn send(&mut self) -> Result<ControlFlow<()>, Failure> {
        flow(self.out.flush())
    }
}

fn flow(written: std::io::Result<()>) -> Result<ControlFlow<()>, Failure> {
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(Failure::output(&error)),
    }
}
