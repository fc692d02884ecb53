//! Finds, reads and parses files ahead of the writer, on all cores, in path order. One thread walks the folder, the
//! others read the files in turns, and the writer takes them in the same turns. Written pieces go back to the readers,
//! so that their memory is reused, and freed by the thread that allocated it: otherwise a multi-threaded allocator is
//! slow.
//!
//! The writer starts when the walk has ended, since only then all candidates for a name are known. Meanwhile the
//! readers read ahead, up to a limited number of pieces.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};

use super::prepare::{Prepared, Reader, Task};
use crate::model::folded;
use crate::ops::content_file::{FileError, Folder};
use crate::ops::error::Result;
use crate::ops::tree::{TreeFile, Walked, folder_name, walk};

/// Files per turn: few enough that the writer starts soon and its data is still in the processor's cache, and enough
/// that threads rarely wait for each other.
const TURN_FILES: usize = 32;

/// Maximum size of a piece, so that large files do not wait for the end of the turn.
pub(super) const PIECE_BYTES: usize = 256 * 1024;

/// Maximum number of pieces read ahead during the walk. The pages of an existing database use most of an import's
/// memory; those of a new one use little.
const PIECES_AHEAD: usize = 6;
const PIECES_AHEAD_OF_A_NEW_DATABASE: usize = 64;

/// Limits of a batch, which is one transaction: large enough for few syncs, small enough to let other writers in
/// between and to fit in memory. The first one is small, so that writing starts soon; each next one is twice as large.
const FIRST_BATCH_FILES: usize = 64;
const BATCH_FILES: usize = 1024;
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Files that were read, at least one.
#[derive(Default)]
pub(super) struct Piece {
    /// The bytes of all of them.
    pub(super) bytes: Vec<u8>,
    pub(super) files: Vec<Prepared>,
    /// Whether it is the last one of a turn.
    last: bool,
}

impl Piece {
    /// One skill, read with all its files.
    pub(super) fn of(reader: &Reader<'_>, task: Task) -> Self {
        let mut piece = Self::default();
        piece.files.push(reader.prepare(task, &mut piece.bytes));
        piece
    }
}

/// Which files to read.
pub(super) enum Files {
    /// All skill files below the folder.
    Below {
        /// Whether to include files inside another skill's folder.
        nested: bool,
    },
    /// These.
    These(Vec<Task>),
}

/// The result of the walk.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) walked: Walked,
    /// Unique names of folders with exactly one skill file.
    pub(super) unique: HashSet<String>,
}

/// The pieces to write.
pub(super) struct Pieces<'a> {
    tree: Receiver<std::result::Result<Tree, FileError>>,
    queues: Vec<Receiver<Piece>>,
    turn: usize,
    next: Option<Piece>,
    used: &'a Mutex<Vec<Piece>>,
    found: &'a AtomicUsize,
    taken: usize,
}

/// Calls `write` with the pieces of a folder while reading continues. `fresh` means a new database.
pub(super) fn read_ahead(
    reader: &Reader<'_>,
    files: Files,
    fresh: bool,
    write: impl FnOnce(&mut Pieces<'_>) -> Result<()>,
) -> Result<()> {
    let ahead = if fresh { PIECES_AHEAD_OF_A_NEW_DATABASE } else { PIECES_AHEAD };
    let (used, found) = (Mutex::default(), AtomicUsize::new(0));
    let folder = reader.folder;
    thread::scope(|scope| {
        let (mut turns, mut queues) = (Vec::new(), Vec::new());
        let readers = thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
        for _ in 0..readers {
            let (turn, mine) = channel();
            let (sender, queue) = sync_channel((ahead / readers).max(1));
            let used = &used;
            start(scope, folder, move || read(reader, &mine, &sender, used))?;
            turns.push(turn);
            queues.push(queue);
        }
        let (ended, tree) = channel();
        let count = &found;
        start(scope, folder, move || {
            let _ = ended.send(hand_out(folder, files, &turns, count)); // nobody waits where writing failed
        })?;
        // Dropping this stops the other threads.
        write(&mut Pieces { tree, queues, turn: 0, next: None, used: &used, found: &found, taken: 0 })
    })
}

/// Starts a thread that helps to read the folder.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    folder: &Folder,
    work: impl FnOnce() + Send + 'scope,
) -> std::result::Result<(), FileError> {
    let unreadable = |source| FileError::Unreadable { path: folder.path().to_owned(), source };
    thread::Builder::new().spawn_scoped(scope, work).map(drop).map_err(unreadable)
}

fn hand_out(
    folder: &Folder,
    files: Files,
    readers: &[Sender<Vec<Task>>],
    count: &AtomicUsize,
) -> std::result::Result<Tree, FileError> {
    let mut turn = Vec::new();
    let mut next = readers.iter().cycle();
    let mut send = |turn: &mut Vec<Task>| next.next().is_some_and(|it| it.send(std::mem::take(turn)).is_ok());
    let mut take = |task: Task| {
        count.fetch_add(1, Ordering::Relaxed);
        turn.push(task);
        if turn.len() < TURN_FILES || send(&mut turn) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let tree = match files {
        Files::These(tasks) => {
            let _ = tasks.into_iter().try_for_each(&mut take);
            Tree::default()
        }
        Files::Below { nested } => {
            let mut folders = HashMap::new();
            let walked = walk(folder, nested, &mut |found| {
                count_folder(&mut folders, &found);
                take(Task { found, chosen: None })
            })?;
            folders.retain(|_, unique| *unique);
            Tree { walked, unique: folders.into_keys().collect() }
        }
    };
    if !turn.is_empty() {
        send(&mut turn);
    }
    Ok(tree)
}

fn count_folder(folders: &mut HashMap<String, bool>, found: &TreeFile) {
    let Some(name) = folder_name(found.relative()) else { return };
    match folders.entry(folded(name)) {
        Entry::Vacant(it) => drop(it.insert(true)),
        Entry::Occupied(mut it) => drop(it.insert(false)),
    }
}

fn read(reader: &Reader<'_>, turns: &Receiver<Vec<Task>>, pieces: &SyncSender<Piece>, used: &Mutex<Vec<Piece>>) {
    for turn in turns {
        let mut files = turn.into_iter().peekable();
        while files.peek().is_some() {
            let mut piece = used.lock().ok().and_then(|mut it| it.pop()).unwrap_or_default();
            piece.bytes.clear();
            piece.files.clear();
            while piece.bytes.len() < PIECE_BYTES
                && let Some(task) = files.next()
            {
                piece.files.push(reader.prepare(task, &mut piece.bytes));
            }
            piece.last = files.peek().is_none();
            if pieces.send(piece).is_err() {
                return; // the writer failed
            }
        }
    }
}

impl Pieces<'_> {
    /// Waits for the end of the walk, and returns its result.
    pub(super) fn tree(&self) -> std::result::Result<Tree, FileError> {
        self.tree.recv().unwrap_or_else(|_| Ok(Tree::default())) // it panicked: the scope passes that on
    }

    /// Whether pieces are left; waits until this is known.
    pub(super) fn any_left(&mut self) -> bool {
        self.peek().is_some()
    }

    /// The next piece, if the batch has room for it.
    pub(super) fn next_of(&mut self, batch: &mut Batch) -> Option<Piece> {
        let piece = self.peek()?;
        if !batch.takes(piece.files.len(), piece.bytes.len()) {
            return None;
        }
        let piece = self.next.take()?;
        self.taken += piece.files.len();
        Some(piece)
    }

    /// Returns a written piece for reuse.
    pub(super) fn give_back(&self, piece: Piece) {
        if let Ok(mut used) = self.used.lock() {
            used.push(piece);
        }
    }

    /// Number of files taken so far.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Number of files found so far.
    pub(super) fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    fn peek(&mut self) -> Option<&Piece> {
        if self.next.is_none() {
            let queue = self.queues.get(self.turn % self.queues.len())?;
            let piece = queue.recv().ok()?; // else there is no more, or a thread panicked: the scope passes that on
            self.turn += usize::from(piece.last);
            self.next = Some(piece);
        }
        self.next.as_ref()
    }
}

/// The size of one transaction.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) files: usize,
    bytes: usize,
    most: usize,
}

impl Batch {
    pub(super) fn first() -> Self {
        Self { files: 0, bytes: 0, most: FIRST_BATCH_FILES }
    }

    pub(super) fn following(&self) -> Self {
        Self { files: 0, bytes: 0, most: BATCH_FILES.min(self.most * 2) }
    }

    fn takes(&mut self, files: usize, bytes: usize) -> bool {
        let takes = self.files == 0 || (self.files + files <= self.most && self.bytes + bytes <= BATCH_BYTES);
        if takes {
            self.files += files;
            self.bytes += bytes;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH_BYTES, Batch, TURN_FILES};

    /// The files of each batch that some pieces, each with a number of files and their bytes, make.
    fn batches(pieces: impl IntoIterator<Item = (usize, usize)>) -> Vec<usize> {
        let (mut batch, mut done) = (Batch::first(), Vec::new());
        for (files, bytes) in pieces {
            if !batch.takes(files, bytes) {
                done.push(batch.files);
                batch = batch.following();
                assert!(batch.takes(files, bytes), "an empty batch takes everything");
            }
        }
        done.push(batch.files);
        done
    }

    #[test]
    fn batches_are_bounded_by_count_and_by_bytes() {
        let small = [(TURN_FILES, 10 * TURN_FILES); 3000 / TURN_FILES].into_iter().chain([(3000 % TURN_FILES, 10)]);
        assert_eq!(batches(small), [64, 128, 256, 512, 1024, 1016]);
        assert_eq!(batches([(1, 1024 * 1024); 40]), [16, 16, 8]);
        assert_eq!(batches([(1, 2 * BATCH_BYTES); 2]), [1, 1]);
    }
}
