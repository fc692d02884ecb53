//! A folder is handed out only as it was approved, whatever happened to it.

mod changes;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Check, MaterializeError, Materialized};
use crate::model::{ContentHash, FileMode, FolderFile, FolderPath, SkillFolder};
use crate::skill_folder::WriteFault;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

impl From<WriteFault> for Failed {
    fn from(error: WriteFault) -> Self {
        Self(error.to_string())
    }
}

impl From<MaterializeError> for Failed {
    fn from(error: MaterializeError) -> Self {
        Self(error.to_string())
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

const FILES: [(&str, &str, FileMode); 4] = [
    ("SKILL.md", "Run scripts/run.sh.\n", FileMode::Plain),
    ("scripts.txt", "", FileMode::Plain),
    ("scripts/deep/data.bin", "\0\u{1}", FileMode::Plain),
    ("scripts/run.sh", "#!/bin/sh\n", FileMode::Executable),
];

fn skill() -> Result<SkillFolder, Box<dyn std::error::Error>> {
    let file = |(path, text, mode): (&str, &str, FileMode)| {
        let path: FolderPath = path.parse()?;
        Ok(FolderFile { path, mode, hash: ContentHash::of(text.as_bytes()), size: text.len() as u64 })
    };
    let files: Result<Vec<_>, Box<dyn std::error::Error>> = FILES.into_iter().map(file).collect();
    Ok(SkillFolder::of(files?)?)
}

fn content(file: &FolderFile) -> Result<Vec<u8>, Failed> {
    let found = FILES.iter().find(|it| it.0 == file.path.as_str());
    found.map(|it| it.1.as_bytes().to_vec()).ok_or_else(|| Failed(file.path.to_string()))
}

/// A folder for materialized skills, in one that is removed when dropped.
struct Place(TempDir);

impl Place {
    fn new() -> io::Result<Self> {
        Ok(Self(TempDir::with_prefix("cfn-test-")?))
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("cache/skills")
    }

    /// The path that is handed out, and the number of files that were read for writing.
    fn hand_out(&self, check: Check) -> Result<(PathBuf, usize), Box<dyn std::error::Error>> {
        let mut read = 0;
        let materialized = Materialized::create(&self.root(), now())?;
        let path = materialized.folder("pdf", &skill()?, check, &mut |file| {
            read += 1;
            content(file)
        })?;
        Ok((path, read))
    }

    /// Makes the manifest vouch for what is there now, as it does two seconds after the last change.
    fn vouch(&self) -> Outcome {
        std::thread::sleep(Duration::from_millis(2100));
        self.hand_out(Check::Changed)?;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Read-only folders would stay.
        if let Ok(Some(materialized)) = Materialized::open(&self.root(), 0) {
            for folder in materialized.folders().unwrap_or_default() {
                let _ = materialized.remove(&folder);
            }
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs().try_into().unwrap_or(i64::MAX)
}

/// Everything below a folder: path, mode, bytes.
fn tree(folder: &Path) -> io::Result<Vec<(PathBuf, u32, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        found.push((next.clone(), fs::symlink_metadata(&next)?.mode() & 0o7777, Vec::new()));
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let (path, mode) = (entry.path(), entry.metadata()?);
            if mode.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), mode.mode() & 0o7777, fs::read(path)?));
            }
        }
    }
    found.sort();
    Ok(found
        .into_iter()
        .map(|it| (it.0.strip_prefix(folder).map(Path::to_owned).unwrap_or_default(), it.1, it.2))
        .collect())
}

fn expected() -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut all: Vec<_> = ["", "scripts", "scripts/deep"].map(|it| (it.into(), 0o555, Vec::new())).into();
    all.extend(FILES.map(|(path, text, mode)| {
        (path.into(), if mode == FileMode::Plain { 0o444 } else { 0o555 }, text.as_bytes().to_vec())
    }));
    all.sort();
    all
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[test]
fn a_folder_is_written_once_read_only_and_handed_out_unchanged() -> Outcome {
    let place = Place::new()?;
    let (path, read) = place.hand_out(Check::Changed)?;
    assert_eq!((path.clone(), read), (place.root().join(skill()?.hash().to_string()).join("pdf"), 4));
    assert_eq!(tree(&path)?, expected());
    assert_eq!(fs::metadata(place.root())?.mode() & 0o7777, 0o700);
    for check in [Check::Changed, Check::Full] {
        assert_eq!(place.hand_out(check)?, (path.clone(), 0));
    }
    Ok(())
}

#[test]
fn a_manifest_that_is_damaged_or_of_another_folder_vouches_for_nothing() -> Outcome {
    let place = Place::new()?;
    let (path, _) = place.hand_out(Check::Changed)?;
    let manifest = path.with_file_name(".pdf.manifest");
    place.vouch()?;
    let good = fs::read(&manifest)?;
    for bad in [&good[..good.len() / 2], b"", b"\xff"] {
        fs::write(&manifest, bad)?;
        assert_eq!(place.hand_out(Check::Changed)?, (path.clone(), 0), "the bytes are the same");
        assert_eq!(fs::read(&manifest)?[..64], good[..64], "it is written again");
    }
    fs::remove_file(&manifest)?;
    set_mode(&path.join("SKILL.md"), 0o600)?;
    assert_eq!(place.hand_out(Check::Changed)?.1, 4);
    Ok(())
}

#[test]
fn a_full_check_does_not_believe_the_manifest() -> Outcome {
    let place = Place::new()?;
    let (path, _) = place.hand_out(Check::Changed)?;
    place.vouch()?;
    // What a disk does, rather than a program: other bytes, and the manifest says that all is well.
    set_mode(&path.join("SKILL.md"), 0o644)?;
    fs::write(path.join("SKILL.md"), "Run scripts/bad.sh.\n")?;
    set_mode(&path.join("SKILL.md"), 0o444)?;
    let manifest = path.with_file_name(".pdf.manifest");
    let found = fs::metadata(path.join("SKILL.md"))?;
    let times = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
    let text = fs::read_to_string(&manifest)?;
    let line = text.lines().find(|it| it.ends_with(" SKILL.md")).unwrap_or_default();
    let mut fields: Vec<_> = line.split(' ').map(str::to_owned).collect();
    for (field, value) in fields[4..8].iter_mut().zip([times.0, times.1, times.2, times.3]) {
        *field = value.to_string();
    }
    let first = text.lines().next().unwrap_or_default();
    let mut later: Vec<_> = first.split(' ').map(str::to_owned).collect();
    later[2] = (now() + 60).to_string();
    fs::write(&manifest, text.replace(line, &fields.join(" ")).replace(first, &later.join(" ")))?;
    assert_eq!(place.hand_out(Check::Changed)?.1, 0, "it is believed");
    assert_eq!(place.hand_out(Check::Full)?.1, 4);
    assert_eq!(tree(&path)?, expected());
    Ok(())
}

#[test]
fn a_folder_that_others_can_enter_is_refused() -> Outcome {
    let place = Place::new()?;
    place.hand_out(Check::Changed)?;
    for mode in [0o755, 0o777, 0o710, 0o701] {
        set_mode(&place.root(), mode)?;
        let refused = place.hand_out(Check::Changed).map_err(|it| it.to_string());
        let root = place.root();
        let named = |it: String| it.contains(&root.display().to_string()) && it.contains(&format!("mode 0{mode:o}"));
        assert!(refused.is_err_and(named), "{mode:o}");
    }
    set_mode(&place.root(), 0o700)?;
    let elsewhere = place.0.path().join("elsewhere");
    fs::rename(place.root(), &elsewhere)?;
    symlink(&elsewhere, place.root())?;
    assert!(place.hand_out(Check::Changed).is_err_and(|it| it.to_string().contains("is a link or a file")));
    fs::remove_file(place.root())?;
    fs::rename(&elsewhere, place.root())?;
    Ok(())
}

#[test]
fn what_cannot_be_a_folder_is_refused() -> Outcome {
    let place = Place::new()?;
    let materialized = Materialized::create(&place.root(), now())?;
    for name in ["", ".", "..", ".x", "a/b", "a\nb", &"x".repeat(300)] {
        assert!(materialized.folder::<Failed>(name, &skill()?, Check::Changed, &mut content).is_err(), "{name}");
    }
    let other = |_: &FolderFile| Ok::<_, Failed>(b"other".to_vec());
    assert!(materialized.folder("pdf", &skill()?, Check::Changed, &mut { other }).is_err());
    assert_eq!(materialized.folders()?, [], "nothing is left");
    Ok(())
}

#[test]
fn many_at_once_all_get_the_whole_folder() -> Outcome {
    let place = Place::new()?;
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        let one = || {
            barrier.wait();
            let (path, _) = place.hand_out(Check::Changed).map_err(|it| it.to_string())?;
            tree(&path).map_err(|it| it.to_string())
        };
        let all: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        for it in all {
            assert_eq!(it.join().unwrap_or_else(|_| Err("panicked".to_owned())), Ok(expected()));
        }
    });
    let home = place.root().join(skill()?.hash().to_string());
    assert_eq!(fs::read_dir(home)?.count(), 2, "nothing is left beside the folder and its manifest");
    Ok(())
}

#[test]
fn what_a_killed_process_left_is_removed() -> Outcome {
    let place = Place::new()?;
    let home = place.root().join(skill()?.hash().to_string());
    let left = home.join(".cfn-tmp-0123456789abcdef");
    Materialized::create(&place.root(), 0)?;
    fs::create_dir_all(left.join("scripts"))?;
    fs::write(left.join("SKILL.md"), "half")?;
    set_mode(&left, 0o555)?;
    place.hand_out(Check::Changed)?;
    assert!(!left.exists());
    fs::write(&left, "half a manifest")?;
    let folders = Materialized::open(&place.root(), 0)?.map(|it| it.folders()).transpose()?.unwrap_or_default();
    assert!(!left.exists() && folders.len() == 1, "{folders:?}");
    let [only] = folders.as_slice() else { return Ok(()) };
    assert!(only.holds(&ContentHash::of(b"#!/bin/sh\n")) && !only.holds(&ContentHash::of(b"x")));
    assert_eq!(only.skill_hash(), Some(ContentHash::of(FILES[0].1.as_bytes())));
    assert!((now() - 60..now() + 60).contains(&only.used));
    Ok(())
}

#[test]
fn a_removed_folder_leaves_nothing() -> Outcome {
    let place = Place::new()?;
    place.hand_out(Check::Changed)?;
    let materialized = Materialized::create(&place.root(), now())?;
    for folder in materialized.folders()? {
        materialized.remove(&folder)?;
    }
    assert_eq!(fs::read_dir(place.root())?.count(), 1, "the tag of a cache");
    Ok(())
}
