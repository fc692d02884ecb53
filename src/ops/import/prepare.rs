//! Reading, hashing and understanding files ahead of the writer, on the other cores, in the order of their paths.

use std::sync::mpsc::sync_channel;
use std::thread;

use crate::ops::content_file::{ContentFile, FileError, Files};
use crate::ops::error::Result;
use crate::ops::rules::{Described, describe};
use crate::ops::tree::Found;

/// A batch is one transaction: large enough for few fsyncs, small enough to let other writers in between and to fit in memory.
/// The first is small, so that writing begins soon, and each is twice as large as the one before.
const FIRST_BATCH_FILES: usize = 64;
const BATCH_FILES: usize = 1024;
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// A file that was read, or why not.
pub(super) struct Prepared<'a> {
    pub(super) found: &'a Found,
    pub(super) outcome: std::result::Result<(ContentFile, Described), Unusable>,
}

/// Why a file cannot be imported.
pub(super) struct Unusable {
    pub(super) line: Option<usize>,
    pub(super) reason: String,
}

/// Calls `write` with each batch in order, while the next ones are read.
pub(super) fn in_batches<'a>(
    files: &Files,
    found: &'a [Found],
    mut write: impl FnMut(Vec<Prepared<'a>>) -> Result<()>,
) -> Result<()> {
    let batches = split(found);
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 8));
    thread::scope(|scope| {
        // Worker w reads batches w, w + workers, …: taking turns keeps the order without a buffer.
        let queues: Vec<_> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(1);
                let mine: Vec<&'a [Found]> = batches.iter().copied().skip(worker).step_by(workers).collect();
                scope.spawn(move || {
                    for batch in mine {
                        let prepared: Vec<_> = batch.iter().map(|it| prepare(files, it)).collect();
                        if sender.send(prepared).is_err() {
                            return; // the writer failed
                        }
                    }
                });
                receiver
            })
            .collect();
        for turn in 0..batches.len() {
            match queues[turn % workers].recv() {
                Ok(batch) => write(batch)?,
                Err(_) => break, // the worker is gone; the scope passes its panic on
            }
        }
        Ok(())
    })
}

fn split(found: &[Found]) -> Vec<&[Found]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes, mut most) = (0, 0, FIRST_BATCH_FILES);
    for (index, file) in found.iter().enumerate() {
        if index > start && (index - start == most || bytes + file.size > BATCH_BYTES) {
            batches.push(&found[start..index]);
            (start, bytes, most) = (index, 0, BATCH_FILES.min(most * 2));
        }
        bytes += file.size;
    }
    if start < found.len() {
        batches.push(&found[start..]);
    }
    batches
}

fn prepare<'a>(files: &Files, found: &'a Found) -> Prepared<'a> {
    let outcome = files.read(&found.path).map_err(unusable).and_then(|file| {
        describe(&file.bytes, files.most_bytes)
            .map(|described| (file, described))
            .map_err(|error| Unusable { line: Some(error.line()), reason: error.to_string() })
    });
    Prepared { found, outcome }
}

fn unusable(error: FileError) -> Unusable {
    let reason = match error {
        FileError::Content { problem, .. } => problem,
        FileError::Unreadable { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    Unusable { line: None, reason }
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::ops::tree::Found;

    #[test]
    fn batches_are_bounded_by_count_and_by_bytes() {
        let found = |size: u64| Found { path: "x".into(), relative: "x".into(), size };
        let small: Vec<_> = (0..3000).map(|_| found(10)).collect();
        assert_eq!(split(&small).iter().map(|it| it.len()).collect::<Vec<_>>(), [64, 128, 256, 512, 1024, 1016]);
        let large: Vec<_> = (0..40).map(|_| found(1024 * 1024)).collect();
        assert_eq!(split(&large).iter().map(|it| it.len()).collect::<Vec<_>>(), [16, 16, 8]);
        assert!(split(&[]).is_empty());
    }
}
