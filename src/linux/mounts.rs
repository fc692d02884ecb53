//! How mounts tell each other of mounts in them, by `/proc/self/mountinfo`.
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
    use super::propagates_by;
    use std::path::Path;

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
