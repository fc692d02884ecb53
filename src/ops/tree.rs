//! The skill files below a folder: every spelling of `SKILL.md`, in path order, links followed only inside.

use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::{fs, vec};

use rustix::fs::{AtFlags, FileType, RawDir};

use super::content_file::{FileError, Folder};

/// What is below a folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Skill files, in the order of their paths.
    pub(super) files: Vec<Found>,
    /// What looked like one and cannot be read, and why.
    pub(super) refused: Refused,
}

/// Paths from the folder that was searched, each with a reason.
pub(super) type Refused = Vec<(PathBuf, String)>;

/// A skill file.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where it is: no part of the path was a link when it was found, but the file itself may be one.
    pub(super) path: PathBuf,
    /// How much of the path is the folder that was searched.
    below: usize,
}

impl Found {
    /// The path from the folder that was searched.
    pub(super) fn relative(&self) -> &Path {
        let bytes = self.path.as_os_str().as_bytes();
        Path::new(OsStr::from_bytes(bytes.get(self.below..).unwrap_or(bytes)))
    }
}

/// All skill files below a folder.
pub(super) fn skill_files(folder: &Path) -> Result<Tree, FileError> {
    let folder = Folder::open(folder)?;
    let mut files = Vec::new();
    let refused = walk(&folder, &mut |found| {
        files.push(found);
        ControlFlow::Continue(())
    });
    Ok(Tree { files, refused })
}

/// Looks through a folder, and hands over each skill file as soon as it is found, in the order of their paths; answers what was
/// refused. Links are resolved here and never walked into: what is inside is found under its own path, and what is outside is not
/// part of the folder.
pub(super) fn walk(folder: &Folder, take: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Refused {
    let mut walk =
        Walk { folder, path: below(folder.path()), refused: Refused::new(), buffer: Vec::with_capacity(BUFFER) };
    let start = walk.path.len();
    let mut levels = vec![(start, walk.entries())];
    while let Some((length, entries)) = levels.last_mut() {
        walk.path.truncate(*length);
        match entries.next() {
            None => drop(levels.pop()),
            Some(Entry { name, kind }) => {
                walk.path.extend_from_slice(&name);
                match kind {
                    FileType::Directory => levels.push((walk.path.len(), walk.entries())),
                    FileType::Symlink if !walk.leads_to_skill_file() => {}
                    _ => {
                        let found = Found { path: OsString::from_vec(walk.path.clone()).into(), below: start };
                        if take(found).is_break() {
                            break;
                        }
                    }
                }
            }
        }
    }
    walk.refused.sort_by(|(a, _), (b, _)| a.cmp(b));
    walk.refused
}

/// What a folder's own path is in the paths of what is below it.
fn below(folder: &Path) -> Vec<u8> {
    let mut path = folder.as_os_str().as_bytes().to_vec();
    if path != b"/" {
        path.push(b'/');
    }
    path
}

/// How much of a folder the system lists at once.
const BUFFER: usize = 32 * 1024;

struct Walk<'a> {
    folder: &'a Folder,
    /// Of what is being looked at; with a slash at its end where that is a folder.
    path: Vec<u8>,
    refused: Refused,
    buffer: Vec<u8>,
}

/// Something in a folder that may matter: a folder, a link, or a regular file with the name of a skill file.
struct Entry {
    /// A folder's has a slash at its end: so has the path of all that is in it, and that is what decides the order.
    name: Vec<u8>,
    kind: FileType,
}

impl Walk<'_> {
    /// What is in the folder at `path`, in the order of paths.
    fn entries(&mut self) -> vec::IntoIter<Entry> {
        let mut entries = Vec::new();
        let mut buffer = std::mem::take(&mut self.buffer);
        if let Err(error) = self.list(buffer.spare_capacity_mut(), &mut entries) {
            self.refuse(self.own_path().to_vec(), error.to_string());
        }
        self.buffer = buffer;
        entries.sort_unstable_by(|a: &Entry, b| a.name.cmp(&b.name));
        entries.into_iter()
    }

    /// The path of a folder without the slash: with it, a link that has taken the folder's place would be followed.
    fn own_path(&self) -> &[u8] {
        self.path.strip_suffix(b"/").filter(|it| !it.is_empty()).unwrap_or(&self.path)
    }

    fn list(&mut self, buffer: &mut [MaybeUninit<u8>], entries: &mut Vec<Entry>) -> io::Result<()> {
        let listed = self.folder.list(Path::new(OsStr::from_bytes(self.own_path())))?;
        let mut raw = RawDir::new(&listed, buffer);
        while let Some(entry) = raw.next() {
            let entry = entry?;
            let name = entry.file_name();
            let kind = match entry.file_type() {
                // Some file systems do not say.
                FileType::Unknown => match rustix::fs::statat(&listed, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(found) => FileType::from_raw_mode(found.st_mode),
                    Err(error) => {
                        self.refuse([&self.path, name.to_bytes()].concat(), io::Error::from(error).to_string());
                        continue;
                    }
                },
                known => known,
            };
            entries.extend(considered(name.to_bytes(), kind));
        }
        Ok(())
    }

    /// Whether the link at `path` is to count as a skill file.
    fn leads_to_skill_file(&mut self) -> bool {
        let path = Path::new(OsStr::from_bytes(&self.path));
        let named = is_skill_file(path);
        let root = self.folder.path();
        let why = match fs::canonicalize(path) {
            Err(_) if named => "it is a link to nothing",
            // A link to any other file is no business of ours.
            Ok(target) if !target.starts_with(root) && (named || target.is_dir()) => {
                "it is a link that leads outside the folder"
            }
            // A target that is a skill file itself is found under its own path.
            Ok(target) => return named && target.is_file() && !is_skill_file(&target),
            Err(_) => return false,
        };
        self.refuse(self.path.clone(), why.to_owned());
        false
    }

    fn refuse(&mut self, path: Vec<u8>, why: String) {
        let path = PathBuf::from(OsString::from_vec(path));
        let relative = path.strip_prefix(self.folder.path()).unwrap_or(&path).to_owned();
        self.refused.push((relative, why));
    }
}

fn considered(name: &[u8], kind: FileType) -> Option<Entry> {
    let matters = match kind {
        FileType::Directory => name != b"." && name != b"..",
        FileType::Symlink => true,
        FileType::RegularFile => is_skill_file(Path::new(OsStr::from_bytes(name))),
        _ => false,
    };
    let slash: &[u8] = if kind == FileType::Directory { b"/" } else { b"" };
    matters.then(|| Entry { name: [name, slash].concat(), kind })
}

fn is_skill_file(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.eq_ignore_ascii_case("SKILL.md"))
}

/// The name of the folder that a file is in.
pub(super) fn folder_name(path: &Path) -> Option<&str> {
    path.parent().and_then(Path::file_name).and_then(|name| name.to_str())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::skill_files;

    #[test]
    fn files_come_in_the_order_of_their_whole_paths_and_what_is_refused_folder_by_folder() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let names = ["a", "a-b", "a.b", "a b", "a0", "SKILL.md.d", "T", "skill.md/deep", ".h"];
        for name in names.into_iter().flat_map(|it| [it.to_owned(), format!("a/{it}")]) {
            let inner = folder.path().join(&name);
            fs::create_dir_all(&inner)?;
            fs::write(inner.join("SKILL.md"), name)?;
            symlink("nowhere", inner.join("Skill.md"))?;
        }
        let tree = skill_files(folder.path()).map_err(std::io::Error::other)?;
        let found: Vec<_> = tree.files.iter().map(|it| it.relative().as_os_str()).collect();
        assert!(found.is_sorted() && found.len() == 2 * names.len(), "{found:?}");
        let refused: Vec<_> = tree.refused.iter().map(|(path, _)| path).collect();
        assert!(refused.is_sorted() && refused.len() == found.len(), "{refused:?}");
        assert!(tree.files.iter().all(|it| it.path.is_file()));
        Ok(())
    }
}
