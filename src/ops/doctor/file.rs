//! A database file from outside, also where it is damaged.

use std::path::Path;

use super::diagnosis::{Area, Diagnosis, Fix, megabytes, quoted, several};
use crate::model::Visible;
use crate::store::{FileFacts, LogFacts};

/// From this size on, a write-ahead log is larger than its checkpoints leave it.
const LARGE_LOG: u64 = 20 << 20;

/// How often the database must fit into the free space: VACUUM writes it to a temporary file and to the log.
const COPIES: u64 = 2;

/// Free space that any command needs.
const LITTLE_SPACE: u64 = 16 << 20;

/// At least so many transactions, of less than so many pages each, are single rows.
const MANY_COMMITS: u64 = 500;
const SMALL_COMMIT: u64 = 8;

/// The right of everybody to write.
const OTHERS_WRITE: u32 = 0o002;

/// The right of the owner to write.
const OWNER_WRITES: u32 = 0o200;

/// The release of SQLite that repaired losing a reset of the write-ahead log.
const SAFE_SQLITE: [u32; 3] = [3, 51, 3];

const DB: Area = Area::Database;

/// What the file and the files beside it show.
#[must_use]
pub fn file_lines(path: &Path, facts: &FileFacts) -> Vec<Diagnosis> {
    vec![
        Diagnosis::ok(DB, "file", format!("{}, {}", shown(path), megabytes(facts.size_bytes))),
        file_system(facts),
        space(path, facts),
        rights(facts),
        log(&facts.log),
        transactions(&facts.log),
        open_files(&facts.of_another_file),
    ]
}

fn shown(path: &Path) -> String {
    Visible(path.to_string_lossy()).to_string()
}

fn file_system(facts: &FileFacts) -> Diagnosis {
    match facts.network {
        None => Diagnosis::ok(DB, "file system", "local"),
        Some(name) => Diagnosis::warn(
            DB,
            "file system",
            format!("{name}: write-ahead logging is not safe there, and every access is slower"),
            "copy it to a local disk with 'cfn db backup FILE', and name that with --db",
        ),
    }
}

fn space(path: &Path, facts: &FileFacts) -> Diagnosis {
    let needed = (facts.size_bytes + facts.log.bytes).saturating_mul(COPIES).max(LITTLE_SPACE);
    let Some(free) = facts.free_bytes else { return Diagnosis::not_used(DB, "free space", "unknown") };
    let evidence = format!("{} free, {} needed", megabytes(free), megabytes(needed));
    if free >= needed {
        return Diagnosis::ok(DB, "free space", evidence);
    }
    let folder = path.parent().unwrap_or(path).to_string_lossy().into_owned();
    let mend = format!("free space where the database is: df -h {}", quoted(&folder));
    Diagnosis::warn(DB, "free space", evidence, mend)
}

fn rights(facts: &FileFacts) -> Diagnosis {
    let Some(database) = facts.files.first() else { return Diagnosis::not_used(DB, "rights", "unknown") };
    for file in &facts.files {
        let path = file.path.to_string_lossy();
        if file.mode & OTHERS_WRITE != 0 {
            let evidence = format!("everybody may write to {} (mode {:o})", Visible(&path), file.mode);
            // SQLite gives the files beside the database its rights.
            let mend = format!("chmod o-w {}*", quoted(&database.path.to_string_lossy()));
            return Diagnosis::warn(DB, "rights", evidence, mend).fixed_by(Fix::Protect(database.path.clone()));
        }
        if file.mode & OWNER_WRITES < database.mode & OWNER_WRITES {
            let evidence = format!(
                "its owner may not write to {} (mode {:o}), so nobody can write to the database",
                Visible(&path),
                file.mode
            );
            return Diagnosis::warn(DB, "rights", evidence, format!("chmod u+w {}", quoted(&path)));
        }
        if file.owner != database.owner {
            let owners = format!("belongs to user {}, and the database to user {}", file.owner, database.owner);
            let mend = format!("chown {} {}", database.owner, quoted(&path));
            return Diagnosis::warn(DB, "rights", format!("{} {owners}", Visible(&path)), mend);
        }
    }
    Diagnosis::ok(DB, "rights", format!("mode {:o}, user {}", database.mode, database.owner))
}

fn log(log: &LogFacts) -> Diagnosis {
    let size = megabytes(log.bytes);
    if log.bytes <= LARGE_LOG {
        return Diagnosis::ok(DB, "write-ahead log", size);
    }
    match log.pinned_by.as_slice() {
        [] => {
            let evidence = format!("{size}, and nobody reads an earlier state");
            Diagnosis::warn(DB, "write-ahead log", evidence, "cfn db maintain").fixed_by(Fix::Maintain)
        }
        readers => {
            let readers = numbers(readers);
            let evidence = format!("{size}; an earlier state is still read by process {readers}");
            let mend = format!("end what reads ('ps -p {readers}', 'kill {readers}'), then run 'cfn db maintain'");
            Diagnosis::warn(DB, "write-ahead log", evidence, mend)
        }
    }
}

/// Whether writers put many rows into a transaction.
fn transactions(log: &LogFacts) -> Diagnosis {
    let evidence = format!("{} wrote {}", several(log.commits, "transaction"), several(log.pages, "page"));
    if log.commits >= MANY_COMMITS && log.pages < log.commits * SMALL_COMMIT {
        let evidence = format!("{evidence} in the write-ahead log: a transaction for each row");
        let mend = "write many rows at once, as 'cfn log --batch' does; 'cfn db maintain' begins the log anew";
        return Diagnosis::warn(DB, "transactions", evidence, mend);
    }
    Diagnosis::ok(DB, "transactions", evidence)
}

fn open_files(processes: &[u32]) -> Diagnosis {
    if processes.is_empty() {
        return Diagnosis::ok(DB, "open files", "nobody has a replaced file open");
    }
    let processes = numbers(processes);
    let evidence = format!("the file was replaced, and the old one is still open in process {processes}");
    Diagnosis::warn(DB, "open files", evidence, format!("start what has it open anew: kill {processes}"))
}

fn numbers(processes: &[u32]) -> String {
    processes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The `sqlite3` program on the PATH, which other programs write with; `version` is what it says of itself. An old one is
/// no warning: it is rarely theirs to replace.
#[must_use]
pub fn sqlite_program_line(version: Option<&str>) -> Diagnosis {
    let name = "sqlite3 program";
    let Some(said) = version else { return Diagnosis::not_used(DB, name, "there is none on the PATH") };
    let version = said.split_whitespace().next().unwrap_or_default();
    let parts: Vec<u32> = version.split('.').map_while(|it| it.parse().ok()).collect();
    let old = !parts.is_empty() && parts.as_slice() < SAFE_SQLITE.as_slice();
    let note =
        if old { "; before 3.51.3, a reset of the write-ahead log may lose a commit of another process" } else { "" };
    Diagnosis::ok(DB, name, format!("{}{note}", Visible(version)))
}
