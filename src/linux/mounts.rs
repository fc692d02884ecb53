//! Mounts, by `/proc/PID/mountinfo`: how they tell each other of mounts in them, and which are in memory.
//!
//! A port: there is no propagation elsewhere; all mounts are private there.

use std::fs;
use std::path::Path;

/// Whether the mount on which a path lies tells others of mounts that appear in it, or is told of them.
#[must_use]
pub fn propagates(path: &Path) -> bool {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    propagates_by(&text, &path)
}

/// Whether a folder of a process, by its path there, is the root of a file system in memory.
#[must_use]
pub fn is_in_memory(process: u32, folder: &str) -> bool {
    let text = fs::read_to_string(format!("/proc/{process}/mountinfo")).unwrap_or_default();
    is_in_memory_by(&text, folder)
}

fn is_in_memory_by(mounts: &str, folder: &str) -> bool {
    // A later mount at the same place covers the earlier one.
    let last = mounts.lines().rfind(|it| it.split(' ').nth(4).is_some_and(|it| unescaped(it) == folder));
    last.and_then(|it| it.split_once(" - ")).is_some_and(|(_, kind)| kind.starts_with("tmpfs "))
}

/// The fields of a line are id, parent, device, root, mount point, options, tags such as `shared:1`, `-`, and more.
fn propagates_by(mounts: &str, path: &Path) -> bool {
    let mut found = (0, false);
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(4);
        let Some(point) = fields.next().map(unescaped).filter(|it| path.starts_with(it)) else { continue };
        let depth = Path::new(&point).components().count();
        let mut tags = fields.skip(1).take_while(|it| *it != "-");
        let tells = tags.any(|it| it.starts_with("shared:") || it.starts_with("master:"));
        // A later mount at the same place covers the earlier one.
        if depth >= found.0 {
            found = (depth, tells);
        }
    }
    found.1
}

/// Blanks, tabs, line ends and backslashes are octal.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::{is_in_memory_by, propagates_by};
    use std::path::Path;

    #[test]
    fn the_last_mount_at_a_folder_says_whether_it_is_in_memory() {
        let disk = "27 1 8:1 / /tmp rw - ext4 /dev/sda rw\n";
        let memory = "28 27 0:5 / /tmp rw,relatime shared:3 - tmpfs tmpfs rw\n";
        let is_in_memory = |mounts: &[&str]| is_in_memory_by(&mounts.concat(), "/tmp");
        assert_eq!((is_in_memory(&[disk, memory]), is_in_memory(&[memory, disk])), (true, false));
        assert!(!is_in_memory(&[]) && !is_in_memory_by(memory, "/"));
    }

    #[test]
    fn the_nearest_mount_decides() {
        let mounts = "27 1 8:1 / / rw shared:1 - ext4 /dev/sda rw\n\
                      28 27 0:5 / /data rw,relatime - tmpfs tmpfs rw\n\
                      29 28 0:6 / /data/a\\040b rw master:3 - tmpfs tmpfs rw\n";
        let tells = |path: &str| propagates_by(mounts, Path::new(path));
        assert_eq!(
            (tells("/home/x"), tells("/data/x"), tells("/data/a b/x"), tells("/database")),
            (true, false, true, true)
        );
    }
}
