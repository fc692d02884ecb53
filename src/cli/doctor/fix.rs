//! Mends what can be mended safely: nothing is lost, and nobody's decision is anticipated.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::plural::counted;
use crate::model::{Location, Visible};
use crate::ops::{self, Fix};
use crate::store::Maintenance;

/// The right of everybody to write.
const OTHERS_WRITE: u32 = 0o002;

/// Does all of it; a sentence about each, also where it failed.
pub(super) fn apply(context: &Context, fixes: Vec<Fix>) -> Vec<String> {
    fixes.into_iter().map(|it| done(context, &it).unwrap_or_else(|failure| unfixed(&it, &failure))).collect()
}

fn done(context: &Context, fix: &Fix) -> Result<String, Failure> {
    match fix {
        Fix::Migrate => {
            let (report, _) = context.adopt()?;
            Ok(format!("migrated the database to {}", report.to))
        }
        Fix::Maintain => {
            let report = context.open(Access::Write)?.care().maintain(Maintenance::Thorough)?;
            let done = [(report.vacuumed, "VACUUM"), (report.analyzed, "ANALYZE")];
            let done = done.iter().filter(|it| it.0).map(|it| it.1.to_owned());
            Ok(format!("maintained the database: {}", done.chain(report.notes).collect::<Vec<_>>().join("; ")))
        }
        Fix::Capture => {
            let mut store = context.open(Access::Write)?;
            let report = ops::capture(store.as_mut(), &context.files()?, &context.project()?, false)?;
            let left = report.left.len();
            Ok(format!(
                "stored {}; {left} are in no file with the recorded hash",
                counted(report.captured.len(), "content")
            ))
        }
        Fix::Protect(path) => protect(path),
        Fix::ExpireKeys => {
            let settings = context.require_cache()?;
            let named = context.settings.expiring_keys()?;
            let report = ops::audit(Context::connect_cache(&settings)?.as_mut(), &settings, &named, true)?;
            let keys: u64 = report.prefixes.iter().map(|it| it.fixed).sum();
            Ok(format!("gave {} a time to live", counted(keys, "key")))
        }
    }
}

fn protect(database: &Path) -> Result<String, Failure> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let Some(path) = Location::from(database).beside(suffix) else { continue };
        let changed = fs::metadata(&path).and_then(|it| {
            let mode = it.permissions().mode() & !OTHERS_WRITE;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        });
        match changed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                let name = path.display();
                return Err(Failure::input(
                    format!("{name} could not be protected: {error}"),
                    "Ask its owner to do it.",
                ));
            }
            _ => {}
        }
    }
    Ok(format!("took the right of everybody to write to {}", Visible(database.to_string_lossy())))
}

fn unfixed(fix: &Fix, failure: &Failure) -> String {
    let what = match fix {
        Fix::Migrate => "the database was not migrated",
        Fix::Maintain => "the database was not maintained",
        Fix::Capture => "no contents were stored",
        Fix::Protect(_) => "a file was not protected",
        Fix::ExpireKeys => "no keys were given a time to live",
    };
    format!("{what}: {}", failure.message)
}
