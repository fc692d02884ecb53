//! A disk, with what is on it and what is only on its way.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::trace::Call;
use crate::faults::tools::Random;

/// Disks write whole sectors.
const SECTOR: usize = 512;

/// A change of a file that was not synced.
enum Change {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
    /// As processes see it.
    length: usize,
}

/// A change of a folder that was not synced.
enum Naming {
    Gives(PathBuf, usize),
    Takes(PathBuf),
}

/// Files by number, and their names: on the disk, and as processes see them.
#[derive(Default)]
pub(super) struct Disk {
    files: Vec<File>,
    durable: HashMap<PathBuf, usize>,
    pending: Vec<Naming>,
    seen: HashMap<PathBuf, usize>,
    folders: Vec<PathBuf>,
}

impl Disk {
    /// All that is in a folder, synced.
    pub(super) fn of(folder: &Path) -> Self {
        let mut disk = Self::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let bytes = fs::read(entry.path()).expect("a file");
                let path = entry.path().strip_prefix(folder).expect("below").to_owned();
                disk.durable.insert(path, disk.files.len());
                disk.files.push(File { length: bytes.len(), durable: bytes, pending: Vec::new() });
            }
        }
        disk.seen.clone_from(&disk.durable);
        disk
    }

    pub(super) fn apply(&mut self, call: &Call) {
        match call {
            Call::Create(path) => {
                if !self.seen.contains_key(path) {
                    self.files.push(File::default());
                    self.name(path, self.files.len() - 1);
                }
            }
            Call::Write(path, at, bytes) => {
                let Some(file) = self.file(path) else { return };
                let at = at.unwrap_or(file.length);
                file.length = file.length.max(at + bytes.len());
                file.pending.push(Change::Bytes(at, bytes.clone()));
            }
            Call::Truncate(path, length) => {
                let Some(file) = self.file(path) else { return };
                file.length = *length;
                file.pending.push(Change::Length(*length));
            }
            Call::Sync(path) => self.sync(path),
            Call::Rename(from, to) => {
                let Some(number) = self.seen.remove(from) else { return };
                self.pending.push(Naming::Takes(from.clone()));
                self.name(to, number);
            }
            Call::Unlink(path) => {
                if self.seen.remove(path).is_some() {
                    self.pending.push(Naming::Takes(path.clone()));
                }
            }
            Call::Folder(path) => self.folders.push(path.clone()),
        }
    }

    fn name(&mut self, path: &Path, number: usize) {
        self.seen.insert(path.to_owned(), number);
        self.pending.push(Naming::Gives(path.to_owned(), number));
    }

    fn file(&mut self, path: &Path) -> Option<&mut File> {
        self.files.get_mut(*self.seen.get(path)?)
    }

    /// A file's bytes become durable; of a folder, the names in it.
    fn sync(&mut self, path: &Path) {
        if let Some(file) = self.file(path) {
            for change in &std::mem::take(&mut file.pending) {
                file.settle(change);
            }
            return;
        }
        for naming in std::mem::take(&mut self.pending) {
            let (Naming::Gives(name, _) | Naming::Takes(name)) = &naming;
            if name.parent() == Some(path) {
                self.settle(&naming);
            } else {
                self.pending.push(naming);
            }
        }
    }

    fn settle(&mut self, naming: &Naming) {
        match naming {
            Naming::Gives(path, number) => drop(self.durable.insert(path.clone(), *number)),
            Naming::Takes(path) => drop(self.durable.remove(path)),
        }
    }

    /// The power goes. Names change in order, as journals of file systems keep them, up to some moment; of what was written, each
    /// write is there, or not, or its first or last sectors are. How much was lost.
    pub(super) fn cut(&mut self, random: &mut Random) -> usize {
        let mut lost = 0;
        let pending = std::mem::take(&mut self.pending);
        let kept = usize::try_from(random.below(pending.len() as u64 + 1)).expect("a number");
        lost += pending.len() - kept;
        // A rename is one change.
        let halves = |at: usize| matches!(pending.get(at), Some(Naming::Gives(..)));
        let renamed = kept > 0 && halves(kept) && matches!(pending.get(kept - 1), Some(Naming::Takes(_)));
        pending.iter().take(if renamed { kept + 1 } else { kept }).for_each(|it| self.settle(it));
        for file in &mut self.files {
            for change in std::mem::take(&mut file.pending) {
                let change = match (random.below(4), change) {
                    (0, _) => None,
                    (1, Change::Bytes(at, bytes)) if bytes.len() > SECTOR => {
                        let sectors = (bytes.len() / SECTOR) as u64;
                        let torn = SECTOR * usize::try_from(random.below(sectors)).expect("a number");
                        lost += 1;
                        Some(if random.below(2) == 0 {
                            Change::Bytes(at, bytes[..torn].to_vec())
                        } else {
                            Change::Bytes(at + torn, bytes[torn..].to_vec())
                        })
                    }
                    (_, change) => Some(change),
                };
                lost += usize::from(change.is_none());
                if let Some(change) = &change {
                    file.settle(change);
                }
            }
        }
        lost
    }

    /// Replaces the content of a folder by that of the disk.
    pub(super) fn write_to(&self, folder: &Path) {
        for path in &self.folders {
            fs::create_dir_all(folder.join(path)).expect("a folder");
        }
        let before = Self::of(folder);
        for path in before.durable.keys() {
            fs::remove_file(folder.join(path)).expect("it goes");
        }
        for (path, number) in &self.durable {
            fs::write(folder.join(path), &self.files[*number].durable).expect("a file");
        }
    }
}

impl File {
    fn settle(&mut self, change: &Change) {
        match change {
            Change::Bytes(at, bytes) => {
                let end = at + bytes.len();
                self.durable.resize(self.durable.len().max(end), 0);
                self.durable[*at..end].copy_from_slice(bytes);
            }
            Change::Length(length) => self.durable.resize(*length, 0),
        }
    }
}
