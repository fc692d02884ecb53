//! Which processes have a file open, by `/proc/PID/fd`.
//!
//! A port: `proc_pidinfo` on macOS, `kinfo_getfile` on the BSDs. Where nothing says it, nobody is named.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What the kernel appends to the name of a file that was removed or replaced.
const REMOVED: &[u8] = b" (deleted)";

/// The processes that have another file open under this name: it was replaced, or removed and made anew. `current` is the
/// device and number of the file that has the name now. Processes of other users are not seen.
#[must_use]
pub fn with_another_file(path: &Path, current: (u64, u64)) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let mut found: Vec<u32> = numbers.filter(|it| has_another(*it, path, current)).collect();
    found.sort_unstable();
    found
}

fn has_another(process: u32, path: &Path, current: (u64, u64)) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    open.flatten().any(|it| {
        let Ok(name) = fs::read_link(it.path()) else { return false };
        let name = name.as_os_str().as_bytes();
        let named = name.strip_suffix(REMOVED).unwrap_or(name) == path.as_os_str().as_bytes();
        // The link leads to the open file itself, whatever has its name.
        named && fs::metadata(it.path()).is_ok_and(|it| (it.dev(), it.ino()) != current)
    })
}
