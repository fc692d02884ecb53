use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};

use super::{Others, Reading, Scope, read_others};
use crate::model::{ContentHash, FileMode, FolderFile, FolderLimits, FolderPath};

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> io::Result<Self> {
        let tree = Self(tempfile::tempdir()?);
        tree.file("SKILL.md", "skill")?;
        Ok(tree)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, path: &str, text: impl AsRef<[u8]>) -> io::Result<()> {
        let path = self.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    }

    fn link(&self, target: &str, path: &str) -> io::Result<()> {
        symlink(target, self.path().join(path))
    }

    /// What is read, or the problem as text.
    fn read(&self, limits: FolderLimits) -> Result<(Others, Vec<u8>), String> {
        read(self.path(), limits, usize::MAX)
    }

    /// The paths, or the problem as text.
    fn paths(&self) -> Result<Vec<String>, String> {
        let (others, _) = self.read(FolderLimits::default())?;
        let skill = skill_file();
        let folder = others.with(skill).map_err(|it| it.to_string())?;
        Ok(folder.files().iter().map(|it| it.path.to_string()).filter(|it| it != "SKILL.md").collect())
    }
}

fn skill_file() -> FolderFile {
    FolderFile { path: FolderPath::skill_file(), mode: FileMode::Plain, hash: ContentHash::of(b"skill"), size: 5 }
}

fn read(path: &Path, limits: FolderLimits, most_kept: usize) -> Result<(Others, Vec<u8>), String> {
    let folder: OwnedFd = fs::File::open(path).map_err(|it| it.to_string())?.into();
    let scope = Scope { path, outer: &[], limits, database: None };
    let mut bytes = Vec::new();
    let reading = Reading { folder: &folder, scope, skill: &skill_file(), most_kept };
    let others = read_others(&reading, &mut bytes).map_err(|it| it.to_string())?;
    Ok((others, bytes))
}

#[test]
fn files_of_any_bytes_and_depth_belong() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("a/b/c/deep", [0, 255, 10])?;
    tree.file(".env", "")?;
    tree.file("run.sh", "#!/bin/sh\n")?;
    fs::set_permissions(tree.path().join("run.sh"), fs::Permissions::from_mode(0o700))?;
    let (others, bytes) = tree.read(FolderLimits::default()).map_err(io::Error::other)?;
    assert_eq!(others.files.len(), 3);
    for it in &others.files {
        let range = it.bytes.clone().ok_or(io::ErrorKind::Other)?;
        assert_eq!(bytes[range.clone()], fs::read(tree.path().join(it.file.path.as_str()))?);
        assert!(it.file.hash.matches(&bytes[range]));
        assert_eq!(it.file.mode == FileMode::Executable, it.file.path.as_str() == "run.sh");
    }
    Ok(())
}

#[test]
fn what_tools_leave_does_not_belong() -> io::Result<()> {
    let tree = Tree::new()?;
    for path in [".git/config", "a/.git", "node_modules/x.js", "a/venv/bin", "target/x", "__pycache__/x.pyc"] {
        tree.file(path, "x")?;
    }
    for path in ["a/b~", ".x.swp", "#x#", ".#x", "a/.DS_Store", "SKILL-1.0.0.md", "cfn-export.lock"] {
        tree.file(path, "x")?;
    }
    tree.file("a/SKILL-1.0.0.md", "x")?;
    tree.file("dist/x", "x")?;
    assert_eq!(tree.paths(), Ok(vec!["a/SKILL-1.0.0.md".to_owned(), "dist/x".to_owned()]));
    Ok(())
}

#[test]
fn a_skill_in_a_skill_has_its_own_files() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("skills/inner/SKILL.md", "x")?;
    tree.file("skills/inner/run.sh", "x")?;
    tree.file("skills/inner/deep/er", "x")?;
    tree.file("skills/shared.txt", "x")?;
    tree.file("references/part/SKILL.md", "x")?;
    tree.file("examples/skills/part/skill.md", "x")?;
    let expected = ["examples/skills/part/skill.md", "references/part/SKILL.md", "skills/shared.txt"];
    assert_eq!(tree.paths(), Ok(expected.map(str::to_owned).to_vec()));
    Ok(())
}

#[test]
fn ignored_files_do_not_belong() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file(".cfnignore", "*.log\n/data/\n")?;
    tree.file("sub/.cfnignore", "!kept.log\nnone\n")?;
    for path in ["a.log", "data/x", "sub/kept.log", "sub/other.log", "sub/none", "sub/data/x", "none"] {
        tree.file(path, "x")?;
    }
    let expected = ["none", "sub/data/x", "sub/kept.log"];
    assert_eq!(tree.paths(), Ok(expected.map(str::to_owned).to_vec()));
    Ok(())
}

#[test]
fn links_stand_for_files_of_the_same_folder() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("a/one", "1")?;
    tree.file("a/two", "2")?;
    tree.link("SKILL.md", "AGENTS.md")?;
    tree.link("one", "a/same")?;
    tree.link("a", "b")?;
    tree.link("../b", "a/c").err();
    fs::remove_file(tree.path().join("a/c")).ok();
    tree.link("b", "c")?;
    let expected = ["AGENTS.md", "a/one", "a/same", "a/two", "b/one", "b/same", "b/two"];
    assert_eq!(
        tree.paths(),
        Ok([&expected[..], &["c/one", "c/same", "c/two"]].concat().into_iter().map(str::to_owned).collect())
    );
    Ok(())
}

#[test]
fn links_that_leave_the_skill_are_refused_by_their_path() -> io::Result<()> {
    let outside = tempfile::tempdir()?;
    fs::write(outside.path().join("secret"), "x")?;
    let absolute = outside.path().join("secret").to_string_lossy().into_owned();
    let leaves = "it is a link that leaves the skill's folder";
    let foreign = "it is a link to what does not belong to the skill";
    for (target, why) in [
        (absolute.as_str(), leaves),
        ("../..", leaves),
        ("../../../../../../../../etc/passwd", leaves),
        ("nowhere", "it is a dangling link"),
        ("link", "it is a link to itself"),
        ("..", "it is a link to a folder that contains it"),
        (".", "it is a link to a folder that contains it"),
        ("../.git/config", foreign),
        ("../skills/inner/x", foreign),
    ] {
        let tree = Tree::new()?;
        tree.file(".git/config", "x")?;
        tree.file("skills/inner/SKILL.md", "x")?;
        tree.file("skills/inner/x", "x")?;
        fs::create_dir(tree.path().join("sub"))?;
        tree.link(target, "sub/link")?;
        assert_eq!(tree.paths(), Err(format!("sub/link: {why}")), "{target}");
    }
    Ok(())
}

#[test]
fn two_folders_that_lead_to_each_other_are_refused() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("a/x", "x")?;
    tree.file("b/x", "x")?;
    tree.link("../b", "a/b")?;
    tree.link("../a", "b/a")?;
    assert_eq!(tree.paths(), Err("a/b: it is a link to a folder that contains it".to_owned()));
    Ok(())
}

#[test]
fn entries_that_are_no_files_are_refused_without_waiting() -> io::Result<()> {
    let tree = Tree::new()?;
    mknodat(CWD, tree.path().join("pipe"), FileType::Fifo, Mode::RUSR, 0)?;
    assert_eq!(tree.paths(), Err("pipe: it is not a regular file".to_owned()));
    fs::remove_file(tree.path().join("pipe"))?;
    let _socket = std::os::unix::net::UnixListener::bind(tree.path().join("sock"))?;
    assert_eq!(tree.paths(), Err("sock: it is not a regular file".to_owned()));
    Ok(())
}

#[test]
fn names_that_cannot_be_kept_everywhere_are_refused() -> io::Result<()> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let refused = |name: &[u8]| -> io::Result<String> {
        let tree = Tree::new()?;
        tree.file("readme", "x")?;
        fs::write(tree.path().join(OsStr::from_bytes(name)), "x")?;
        Ok(tree.paths().err().unwrap_or_default())
    };
    assert_eq!(refused(b"a\xff")?, "a\u{fffd}: its name is not UTF-8");
    assert!(refused(b"a\nb")?.ends_with("its path has control characters"));
    assert!(refused(b"README")?.contains("cannot both exist"));
    assert!(refused(b"Skill.md")?.contains("two skill files"));
    Ok(())
}

#[test]
fn limits_hold_and_the_folder_is_only_as_large_as_they_allow() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("a", "12345")?;
    tree.file("b", "12345")?;
    let read = |files, bytes| tree.read(FolderLimits { files, bytes });
    assert!(read(3, 15).is_ok());
    assert_eq!(read(2, 15).err(), Some("the folder has more than 2 files".to_owned()));
    assert_eq!(read(3, 14).err(), Some("the files of the folder have more than 14 bytes together".to_owned()));
    tree.link("a", "c")?;
    assert!(read(4, 20).is_ok() && read(3, 20).is_err() && read(4, 19).is_err());
    Ok(())
}

#[test]
fn a_patterns_file_that_cannot_be_used_is_refused() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file(".cfnignore", "x\n".repeat(20_000))?;
    assert_eq!(tree.paths(), Err(".cfnignore: it has more than 16384 bytes".to_owned()));
    tree.file(".cfnignore", "{a,b}".repeat(3000))?;
    tree.file("a", "x")?;
    let _ = tree.paths(); // in the end
    tree.file(".cfnignore", "[z-a]")?;
    assert!(tree.paths().is_err_and(|it| it.starts_with(".cfnignore: line 1")));
    Ok(())
}

#[test]
fn bytes_beyond_what_is_kept_are_hashed_alike() -> io::Result<()> {
    let tree = Tree::new()?;
    tree.file("a", "12345")?;
    tree.file("b", vec![7; 200_000])?;
    let limits = FolderLimits::default();
    let (all, _) = read(tree.path(), limits, usize::MAX).map_err(io::Error::other)?;
    let (hashed, bytes) = read(tree.path(), limits, 1000).map_err(io::Error::other)?;
    assert!(all.is_kept && !hashed.is_kept && bytes.is_empty());
    let files = |it: &Others| it.files.iter().map(|it| it.file.clone()).collect::<Vec<_>>();
    assert_eq!(files(&all), files(&hashed));
    assert!(hashed.files.iter().all(|it| it.bytes.is_none()));
    Ok(())
}

#[test]
fn a_folder_that_is_exchanged_while_it_is_read_gives_bytes_that_have_their_hashes() -> io::Result<()> {
    let (tree, outside) = (Tree::new()?, tempfile::tempdir()?);
    fs::write(outside.path().join("secret"), "secret")?;
    for side in ["one", "two"] {
        for name in ["a", "b", "c/d"] {
            tree.file(&format!("{side}/{name}"), format!("{side} {name}"))?;
        }
    }
    // Two more racers: a file for a link out, and a folder for a link out.
    symlink(outside.path().join("secret"), outside.path().join("link"))?;
    symlink(outside.path(), outside.path().join("folder"))?;
    let ended = AtomicBool::new(false);
    let (mut seen, mut wrong) = (0, Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let swap = |a: &Path, b: &Path| renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).is_ok();
            while !ended.load(Ordering::Relaxed) {
                swap(&tree.path().join("one"), &tree.path().join("two"));
                swap(&tree.path().join("one/a"), &outside.path().join("link"));
                swap(&tree.path().join("one/c"), &outside.path().join("folder"));
            }
        });
        for _ in 0..3000 {
            let Ok((others, bytes)) = tree.read(FolderLimits::default()) else { continue };
            seen += 1;
            for it in others.files {
                let bytes = it.bytes.map(|it| &bytes[it]).unwrap_or_default();
                if !it.file.hash.matches(bytes) || bytes == b"secret" {
                    wrong.push(it.file.path);
                }
            }
        }
        // Before anything can fail: the other thread would go on for ever.
        ended.store(true, Ordering::Relaxed);
    });
    assert!(seen > 0 && wrong.is_empty(), "{seen} {wrong:?}");
    Ok(())
}
