//! What somebody does to a materialized folder is seen and undone.

use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Outcome, Place, expected, set_mode, tree};
use crate::skill_folder::Check;

/// Changes something in a read-only folder, and makes it read-only again.
fn in_writable(folder: &Path, change: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    set_mode(folder, 0o755)?;
    change()?;
    set_mode(folder, 0o555)
}

type Change = (&'static str, fn(&Path) -> io::Result<()>);

/// What somebody does to a folder.
const CHANGES: &[Change] = &[
    ("other bytes of the same size, with the times of before", |path| {
        let file = path.join("SKILL.md");
        let times = fs::metadata(&file)?;
        set_mode(&file, 0o644)?;
        fs::write(&file, "Run scripts/bad.sh.\n")?;
        let times = FileTimes::new().set_modified(times.modified()?).set_accessed(times.accessed()?);
        File::options().write(true).open(&file)?.set_times(times)?;
        set_mode(&file, 0o444)
    }),
    ("an added file", |path| in_writable(&path.join("scripts"), || fs::write(path.join("scripts/added"), "x"))),
    ("an added hidden folder", |path| in_writable(path, || fs::create_dir(path.join(".git")))),
    ("a removed file", |path| in_writable(path, || fs::remove_file(path.join("scripts.txt")))),
    ("a removed mode", |path| set_mode(&path.join("scripts/run.sh"), 0o444)),
    ("an added mode", |path| set_mode(&path.join("scripts.txt"), 0o555)),
    ("a writable folder", |path| set_mode(&path.join("scripts"), 0o777)),
    ("a folder that nobody can read", |path| set_mode(&path.join("scripts"), 0)),
    ("a link for a file", |path| {
        let file = path.join("SKILL.md");
        fs::copy(&file, path.join("../copy"))?;
        in_writable(path, || fs::remove_file(&file).and_then(|()| symlink("../copy", &file)))
    }),
    ("a link for a folder", |path| {
        let folder = path.join("scripts/deep");
        in_writable(&path.join("scripts"), || {
            fs::rename(&folder, path.join("../deep"))?;
            symlink("../../deep", &folder)
        })
    }),
    ("a link for the skill", |path| {
        let elsewhere = path.with_file_name("elsewhere");
        fs::rename(path, &elsewhere)?;
        symlink(&elsewhere, path)
    }),
    ("a file for a folder", |path| {
        in_writable(&path.join("scripts"), || {
            set_mode(&path.join("scripts/deep"), 0o755)?;
            fs::remove_dir_all(path.join("scripts/deep"))?;
            fs::write(path.join("scripts/deep"), "x")
        })
    }),
    ("a FIFO for a file", |path| {
        in_writable(path, || {
            fs::remove_file(path.join("scripts.txt"))?;
            let pipe = path.join("scripts.txt");
            Ok(rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o444.into(), 0)?)
        })
    }),
    ("nothing left", |path| fs::rename(path, path.with_file_name("moved"))),
];

#[test]
fn what_somebody_did_to_a_folder_is_seen_and_undone() {
    let undone = |what: &str, change: fn(&Path) -> io::Result<()>| -> Outcome {
        let place = Place::new()?;
        let (path, _) = place.hand_out(Check::Changed)?;
        place.vouch()?;
        change(&path)?;
        assert_eq!(place.hand_out(Check::Changed)?, (path.clone(), 4), "{what}");
        assert_eq!(tree(&path)?, expected(), "{what}");
        Ok(())
    };
    std::thread::scope(|scope| {
        for (what, change) in CHANGES {
            scope.spawn(move || {
                let outcome = undone(what, *change).map_err(|error| error.to_string());
                assert_eq!(outcome, Ok(()), "{what}");
            });
        }
    });
}
