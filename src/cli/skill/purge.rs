//! `cfn skill purge`.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::approval::decider;
use crate::cli::argument::optional;
use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{ContentHash, Exit, FolderPath, SkillName, Version, Visible, path_as_text};
use crate::ops::{self, KeptFile, Purge, PurgeReport};
use crate::skill_folder::Materialized;
use crate::store::ScrubReport;

/// Erase the bytes of a version, in every skill that has them
///
/// SKILL.md goes, and the other files of the version that no other version has; with --file, that file alone, wherever
/// it is. For bytes that must go, such as a secret. It erases them from the database, its log, the search index, Redis
/// and this user's materialized folders; the hash, the size, the time, the name and the reason stay, and the bytes are
/// refused from then on. Files that cfn cannot reach are named: backups, copies, exports, the skill file itself. If a
/// reader still needs an earlier state, the exit code is 8; run it again later.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill purge postgresql 1.0.3 --yes --reason 'contains a password'
  cfn skill purge postgresql 1.0.3 --file scripts/run.sh --yes --reason 'contains a token'
  cfn skill purge postgresql 1.0.3 --reason 'contains a password' --dry-run")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Version
    version: Version,
    /// Erase only this file of the version
    #[arg(long, value_name = "PATH")]
    file: Option<FolderPath>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Reason, recorded with the hash
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Name of the approver [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long)]
    approver: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

/// The erased bytes, and where copies may be left.
#[derive(Serialize)]
struct PurgedReport {
    #[serde(flatten)]
    purge: PurgeReport,
    /// Number of cached answers that were removed; none without a Redis server.
    cached_answers: Option<usize>,
    /// Materialized folders with the bytes, which were removed.
    materialized: Vec<PathAsText>,
    /// Existing files that may still have the bytes.
    left: Vec<LeftFile>,
}

/// A path in a list.
#[derive(Serialize)]
struct PathAsText(#[serde(serialize_with = "path_as_text")] PathBuf);

/// A file that may still have the bytes.
#[derive(Serialize)]
struct LeftFile {
    #[serde(serialize_with = "path_as_text")]
    path: PathBuf,
    what: &'static str,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let reason = optional(args.reason.as_deref()).ok_or_else(|| {
        let message = "a purge needs a reason, which stays with the hash";
        Failure::new(FailureKind::PurgeWithoutReason, message, "Give the reason with --reason TEXT.")
    })?;
    let approver = decider(context, args.approver.as_deref())?;
    let request = Purge {
        name: &args.skill_name,
        version: args.version,
        file: args.file.as_ref(),
        approver: &approver,
        reason,
        dry_run: args.dry_run,
    };
    let mut store = context.open(Access::Write)?;
    if !args.yes && !args.dry_run {
        let would = ops::purge(store.as_mut(), context.clock, &Purge { dry_run: true, ..request.clone() })?;
        context.confirm(&format!("this would erase the bytes of {}", versions(&would)))?;
    }
    let purge = ops::purge(store.as_mut(), context.clock, &request)?;
    if args.dry_run {
        let mut left = source_files(context, &purge)?;
        let materialized = remove_materialized(context, &purge, &mut left);
        context.output.answer(&PurgedReport { purge, cached_answers: None, materialized, left })?;
        return Ok(Exit::Done);
    }
    let mut left = Vec::new();
    let materialized = remove_materialized(context, &purge, &mut left);
    let ScrubReport { copies, .. } = store.care().scrub().map_err(|error| erased_first(error.into()))?;
    let cached_answers = clear_cache(context).map_err(erased_first)?;
    left.extend(source_files(context, &purge)?);
    left.extend(copies.into_iter().map(|path| LeftFile { path, what: "a copy of the database" }));
    context.output.answer(&PurgedReport { purge, cached_answers, materialized, left })?;
    Ok(Exit::Done)
}

/// What is left to do after an error: nobody gets the bytes any more, but traces may be left.
fn erased_first(failure: Failure) -> Failure {
    failure.with_hint("The bytes are erased and refused, but traces may be left; run the command again to erase them.")
}

/// Removes the answers of the Redis server, if there is one.
fn clear_cache(context: &Context) -> Result<Option<usize>, Failure> {
    let Some(settings) = context.settings.optional_cache()?.filter(|it| it.server.is_some()) else { return Ok(None) };
    Ok(Some(ops::clear(Context::connect_cache(&settings)?.as_mut())?.answers))
}

/// Removes the materialized folders with the bytes from this user's folder for them, except in a dry run. Those that
/// stay are named with what is left.
fn remove_materialized(context: &Context, purge: &PurgeReport, left: &mut Vec<LeftFile>) -> Vec<PathAsText> {
    let Some(root) = context.settings.materialize_folder() else { return Vec::new() };
    let found = || -> Result<_, Failure> {
        let Some(materialized) = Materialized::open(&root, context.clock.now().as_second())? else { return Ok(None) };
        let hashes = purge.content_hash.parse().into_iter().chain(purge.files.iter().map(|it| it.hash));
        let folders = ops::materialized_with(&materialized, &hashes.collect::<Vec<ContentHash>>())?;
        Ok(Some((materialized, folders)))
    };
    let (materialized, folders) = match found() {
        Ok(Some(found)) => found,
        Ok(None) => return Vec::new(),
        Err(_) => {
            left.push(LeftFile { path: root, what: "the folder of materialized skills, which cannot be used" });
            return Vec::new();
        }
    };
    let mut removed = Vec::new();
    for folder in folders {
        let path = root.join(&folder.folder_hash).join(&folder.name);
        if purge.dry_run || materialized.remove(&folder).is_ok() {
            removed.push(PathAsText(path));
        } else {
            left.push(LeftFile { path, what: "a materialized folder" });
        }
    }
    removed
}

/// The files that the versions were read from, where they still have the bytes.
fn source_files(context: &Context, purge: &PurgeReport) -> Result<Vec<LeftFile>, Failure> {
    let (files, project) = (context.files()?, context.project()?);
    let mut left: Vec<PathBuf> = Vec::new();
    for (path, hash) in &purge.sources {
        let has_them =
            |it: &PathBuf| files.read(it).is_ok_and(|file| ContentHash::of(&file.bytes).to_string() == *hash);
        left.extend(project.places(path).into_iter().filter(has_them));
    }
    left.sort();
    left.dedup();
    Ok(left.into_iter().map(|path| LeftFile { path, what: "a file of the skill" }).collect())
}

fn versions(purge: &PurgeReport) -> String {
    let versions = purge.purged.iter().map(|it| format!("{} {}", Visible(&it.name), Visible(&it.version)));
    let bootstrap = purge.bootstrap.iter().map(|it| format!("bootstrap skill {}", Visible(it)));
    versions.chain(bootstrap).collect::<Vec<_>>().join(", ")
}

impl Report for PurgedReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.purge.dry_run { "dry run: " } else { "" };
        let hash = self.purge.content_hash.get(..12).unwrap_or(&self.purge.content_hash);
        let size = self.purge.size_bytes.map(|it| format!(" ({})", bytes(it))).unwrap_or_default();
        let what = if self.purge.again { "erased the traces of" } else { "erased" };
        page.line(format!("{dry}{what} the bytes {}{size}: {}", Visible(hash), versions(&self.purge)));
        for it in &self.purge.files {
            page.line(format!("{dry}erased {}", Visible(it.path.as_str())));
        }
        for KeptFile { path, also_in, .. } in &self.purge.kept {
            let others = also_in.iter().map(|it| format!("{} {}", Visible(&it.name), Visible(&it.version)));
            let others: Vec<_> = others.collect();
            page.line(format!("kept {}, which others have: {}", Visible(path.as_str()), others.join(", ")));
        }
        if let Some(answers) = self.cached_answers {
            page.line(format!("removed {} from Redis", counted(answers, "answer")));
        }
        for PathAsText(path) in &self.materialized {
            page.line(format!("removed {}", Visible(path.to_string_lossy())));
        }
        for it in &self.left {
            page.line(format!("not erased: {}, {}", Visible(it.path.to_string_lossy()), it.what));
        }
        page.line(
            "cfn cannot reach backups, exports and clones elsewhere, disk snapshots, and files of a Redis server",
        );
    }
}
