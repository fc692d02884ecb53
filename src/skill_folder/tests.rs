use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::{Rights, WriteFault, open_below, remove, write};
use crate::model::{ContentHash, FileMode, FolderFile, SkillFolder};

const FILES: [(&str, FileMode); 6] = [
    ("SKILL.md", FileMode::Plain),
    ("a/b.txt", FileMode::Plain),
    ("a/b/c/d", FileMode::Executable),
    ("a/b0", FileMode::Plain),
    ("a-b/x", FileMode::Plain),
    ("a.txt", FileMode::Executable),
];

fn folder() -> SkillFolder {
    let file = |(path, mode): (&str, FileMode)| {
        let hash = ContentHash::of(path.as_bytes());
        Ok(FolderFile { path: path.parse()?, mode, hash, size: path.len() as u64 })
    };
    let files = FILES.into_iter().map(file).collect::<Result<Vec<_>, crate::model::InvalidPath>>();
    files.ok().and_then(|it| SkillFolder::of(it).ok()).unwrap_or_else(|| SkillFolder::alone(ContentHash::of(b""), 0))
}

fn written(parent: &Path, rights: Rights) -> Result<(), WriteFault> {
    let bytes = &mut |file: &FolderFile| Ok::<_, WriteFault>(file.path.as_str().as_bytes().to_vec());
    let opened = File::open(parent).map_err(|source| WriteFault::File { path: String::new(), source })?;
    write(&opened, "skill", &folder(), rights, bytes).map(drop)
}

#[test]
fn a_folder_is_written_with_every_file_and_its_mode() -> io::Result<()> {
    for rights in [Rights::SHARED, Rights::SEALED] {
        let parent = tempfile::tempdir()?;
        written(parent.path(), rights).map_err(io::Error::other)?;
        let mode =
            |path: &str| Ok::<_, io::Error>(fs::metadata(parent.path().join("skill").join(path))?.mode() & 0o777);
        for (path, expected) in FILES {
            assert_eq!(fs::read(parent.path().join("skill").join(path))?, path.as_bytes());
            let expected = if expected == FileMode::Plain { rights.plain } else { rights.executable };
            assert_eq!(mode(path)?, expected, "{path}");
        }
        for path in ["", "a", "a/b", "a/b/c", "a-b"] {
            assert_eq!(mode(path)?, rights.folder, "{path}");
        }
        assert!(written(parent.path(), rights).is_err(), "what is there is never replaced");
        remove(File::open(parent.path())?, "skill")?;
        assert_eq!(fs::read_dir(parent.path())?.count(), 0);
    }
    Ok(())
}

#[test]
fn other_bytes_are_refused_and_nothing_is_left() -> io::Result<()> {
    let parent = tempfile::tempdir()?;
    let bytes = &mut |file: &FolderFile| {
        let path = file.path.as_str();
        Ok::<_, WriteFault>(if path == "a/b0" { b"other".to_vec() } else { path.as_bytes().to_vec() })
    };
    let written = write(File::open(parent.path())?, "skill", &folder(), Rights::SEALED, bytes);
    assert_eq!(
        written.map(drop).map_err(|it| it.to_string()),
        Err("the bytes of a/b0 are not the approved ones".into())
    );
    assert_eq!(fs::read_dir(parent.path())?.count(), 0);
    Ok(())
}

#[test]
fn removal_needs_no_rights_and_follows_no_link() -> io::Result<()> {
    let parent = tempfile::tempdir()?;
    let (skill, outside) = (parent.path().join("skill"), parent.path().join("outside"));
    fs::create_dir_all(skill.join("closed/in it"))?;
    fs::create_dir(&outside)?;
    fs::write(outside.join("precious"), "")?;
    symlink(&outside, skill.join("closed/link"))?;
    fs::set_permissions(skill.join("closed"), Permissions::from_mode(0o000))?;
    fs::set_permissions(&skill, Permissions::from_mode(0o500))?;
    let opened = File::open(parent.path())?;
    assert!(open_below(&opened, "outside").is_ok());
    remove(&opened, "skill")?;
    remove(&opened, "skill")?;
    symlink(&outside, &skill)?;
    assert!(open_below(&opened, "skill").is_err());
    remove(&opened, "skill")?;
    assert!(outside.join("precious").exists() && !fs::exists(&skill)?);
    Ok(())
}
