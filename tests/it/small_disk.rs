//! A disk of its own that fills up.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::faults::{as_root, must};

/// A file system in memory, mounted at a folder until it is dropped.
pub(crate) struct SmallDisk {
    pub(crate) mounted: PathBuf,
}

impl SmallDisk {
    /// Mounts it at a folder, which that user owns then.
    pub(crate) fn at(folder: &Path, bytes: usize, (user, group): (u32, u32)) -> Self {
        let options = format!("size={bytes},mode=0755,uid={user},gid={group}");
        let words = [as_root("mount"), vec!["-t", "tmpfs", "-o", &options, "tmpfs"]].concat();
        must(&words, &[folder.as_os_str()]);
        Self { mounted: folder.to_owned() }
    }

    /// Takes all the space that is left; gives it back by the path.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.mounted.join("filler");
        let mut file = fs::File::create(&path).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        must(&[as_root("umount"), vec!["-l"]].concat(), &[self.mounted.as_os_str()]);
    }
}
