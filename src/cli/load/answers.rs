//! The answers of a batch: put together line by line, and sent before anybody could be waiting for one.

use std::io::{BufWriter, ErrorKind, Write};
use std::ops::ControlFlow;

use serde_json::Value;

use crate::cli::failure::Failure;

/// What is sent at once, at most, while more requests are there already.
const AT_ONCE: usize = 64 * 1024;

/// Where answers go; [`ControlFlow::Break`] where nobody reads them any more.
pub(super) struct Answers<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> Answers<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(AT_ONCE, out) }
    }

    /// Adds an answer, a JSON object with at least one field, with the request's own `id` as its first field.
    pub(super) fn add(&mut self, id: Option<&Value>, object: &[u8]) -> Result<ControlFlow<()>, Failure> {
        let written = match id {
            None => self.out.write_all(object),
            Some(id) => {
                let fields = object.strip_prefix(b"{").unwrap_or(object);
                write!(self.out, "{{\"id\":{id},").and_then(|()| self.out.write_all(fields))
            }
        };
        flow(written.and_then(|()| self.out.write_all(b"\n")))
    }

    /// Sends what is not sent yet.
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
