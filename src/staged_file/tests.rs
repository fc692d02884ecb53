use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::{NamingError, StagedFile, create_folder, sweep_beside};

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<_> =
        fs::read_dir(folder)?.flatten().map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

#[test]
fn what_killed_processes_left_is_swept_and_nothing_else() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    // The number of a process that lives, here or in another container, means nothing.
    for left in ["a.db.cfn-tmp-1", "b.cfn-tmp-00ff-journal", "a.db.cfn-tmp-notes", "a.cfn-tmp-", "a.db"] {
        fs::write(folder.path().join(left), "")?;
    }
    drop(StagedFile::of(&folder.path().join("c")));
    assert_eq!(names(folder.path())?, ["a.cfn-tmp-", "a.db", "a.db.cfn-tmp-notes"]);
    Ok(())
}

#[test]
fn a_staged_file_that_somebody_is_writing_is_not_swept() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("a.db");
    let (first, second) = (StagedFile::of(&place), StagedFile::of(&place));
    assert_ne!(first.path(), second.path());
    fs::write(first.path(), "first")?;
    fs::write(second.path(), "second")?;
    // As in a container that counts its processes from 1: no process here has this number.
    let other = folder.path().join("b.db.cfn-tmp-2147483647");
    fs::write(&other, "")?;
    drop(StagedFile::of(&place));
    assert!(first.path().exists() && second.path().exists() && other.exists());
    assert!(first.publish()?);
    assert!(!second.publish()?, "it has a name already");
    assert_eq!(fs::read_to_string(&place)?, "first");
    drop(StagedFile::of(&place));
    assert_eq!(names(folder.path())?, ["a.db"], "nobody writes any more");
    Ok(())
}

#[test]
fn a_folder_that_somebody_else_keeps_locked_is_written_into_all_the_same() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let held = File::open(folder.path())?;
    held.lock()?;
    let staged = StagedFile::of(&folder.path().join("a"));
    fs::write(staged.path(), "text")?;
    staged.sync()?;
    staged.replace()?;
    assert_eq!(names(folder.path())?, ["a"]);
    Ok(())
}

#[test]
fn a_staged_file_that_is_synced_ahead_is_what_was_written() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let staged = StagedFile::of(&folder.path().join("a"));
    let (mut file, megabyte) = (File::create(staged.path())?, vec![b'x'; 1024 * 1024]);
    let syncing = staged.sync_ahead()?;
    for _ in 0..20 {
        file.write_all(&megabyte)?;
    }
    syncing.end()?;
    staged.sync()?;
    staged.replace()?;
    assert_eq!(fs::metadata(folder.path().join("a"))?.len(), 20 * 1024 * 1024);
    Ok(())
}

#[test]
fn folders_are_created_down_to_the_last() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    create_folder(&folder.path().join("a/b/c"))?;
    assert!(folder.path().join("a/b/c").is_dir());
    create_folder(&folder.path().join("a/b/c"))
}

#[test]
fn a_staged_file_is_as_open_as_what_it_holds_from_the_beginning() -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    fs::write(&source, "")?;
    for mode in [0o600, 0o640, 0o644, 0o660, 0o666, 0o400, 0o444, 0o440, 0o464] {
        fs::set_permissions(&source, fs::Permissions::from_mode(mode))?;
        let copy = folder.path().join("copy");
        let mode_of = |file: &File| Ok::<_, io::Error>(file.metadata()?.permissions().mode() & 0o777);
        for replaces in [true, false] {
            let staged = StagedFile::of(&copy);
            let file = staged.create(Some(&fs::metadata(&source)?))?;
            assert_eq!(mode_of(&file)?, mode | 0o200, "{mode:o}: who makes it can write to it");
            assert!(staged.create(None).is_err(), "it is there already");
            if replaces {
                staged.replace()?;
            } else {
                assert!(staged.publish()?);
            }
            assert_eq!(mode_of(&File::open(&copy)?)?, mode, "{mode:o}");
            fs::remove_file(&copy)?;
        }
    }
    Ok(())
}

#[test]
fn a_staged_file_can_try_names_until_one_is_free() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let names = ["a", "a-2", "a-3"].map(|it| folder.path().join(it));
    fs::write(&names[0], "first")?;
    fs::create_dir(&names[1])?;
    let staged = StagedFile::of(&names[0]);
    fs::write(staged.path(), "third")?;
    let taken = names.iter().map(|it| staged.publish_as(it)).collect::<Result<Vec<bool>, NamingError>>();
    assert_eq!(taken.map_err(io::Error::from)?, [false, false, true]);
    drop(staged);
    assert_eq!((fs::read_to_string(&names[0])?, fs::read_to_string(&names[2])?), ("first".into(), "third".into()));
    Ok(())
}

#[test]
fn a_sweep_removes_staged_files_that_nobody_writes() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (place, left) = (folder.path().join("a"), folder.path().join("b.cfn-tmp-00ff"));
    fs::write(&left, "")?;
    let writing = StagedFile::of(&folder.path().join("c"));
    fs::write(&left, "")?;
    sweep_beside(&place);
    assert!(left.exists(), "somebody may be writing it");
    drop(writing);
    sweep_beside(&place);
    assert!(!left.exists());
    Ok(())
}
