//! `cfn skill diff`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, FileMode, FolderPath, SKILL_FILE, SkillName, Version, Visible};
use crate::ops::{self, Diff, DiffReport, FileDiff, FileState, Hunk, LineChange};

/// Show the differences between two versions of a skill
///
/// Compares every file of its folder, with its mode; of binary files, the sizes and hashes. Without versions, compares
/// the version that agents get with the current one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill diff postgresql
  cfn skill diff postgresql 1.0.0
  cfn skill diff postgresql --disk
  cfn skill diff postgresql 1.0.0 --file scripts/run.sh
  cfn skill diff postgresql 1.0.0 1.0.2 --json")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Earlier version [default: the newest approved one with other bytes]
    from: Option<Version>,
    /// Later version [default: the current bytes]
    to: Option<Version>,
    /// Compare the current version, or an earlier one, with the folder on disk
    #[arg(long, conflicts_with = "to")]
    disk: bool,
    /// Compare only this file
    #[arg(long, value_name = "PATH")]
    file: Option<FolderPath>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let disk = if args.disk { Some((context.files()?, context.project()?)) } else { None };
    let request = Diff {
        name: &args.skill_name,
        from: args.from,
        to: args.to,
        disk: disk.as_ref().map(|(files, project)| (files, project)),
        file: args.file.as_ref(),
    };
    let report = ops::diff(context.open_for_few_rows(Access::Read)?.as_mut(), &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for DiffReport {
    fn text(&self, page: &mut Page) {
        page.heading(&heading(self));
        for (mark, text) in lines(self) {
            page.diff_line(mark, &text);
        }
    }
}

/// The versions, and the size of the difference.
pub(super) fn heading(diff: &DiffReport) -> String {
    let (name, to) = (Visible(&diff.name), Visible(&diff.to));
    let from = diff.from.as_deref().map_or_else(|| "nothing".to_owned(), |it| Visible(it).to_string());
    format!("{name}: {from} → {to}, {} added, {} removed", diff.added, diff.removed)
}

/// A line of a diff, with the mark before it.
pub(super) type Marked = (&'static str, String);

/// The lines of all hunks, each with its mark. Where other files differ, each file has a heading as git writes it.
pub(super) fn lines(diff: &DiffReport) -> Vec<Marked> {
    let mut lines = Vec::new();
    let states_its_mode = diff.files.iter().any(|it| it.path.as_str() == SKILL_FILE);
    if !diff.files.is_empty() && !states_its_mode && !diff.hunks.is_empty() {
        lines.push(file_heading(SKILL_FILE));
    }
    if !states_its_mode {
        lines.extend(of_hunks(&diff.hunks));
    }
    for file in &diff.files {
        lines.push(file_heading(file.path.as_str()));
        lines.extend(states(file));
        lines.extend(of_hunks(if file.path.as_str() == SKILL_FILE { &diff.hunks } else { &file.hunks }));
    }
    lines
}

fn file_heading(path: &str) -> Marked {
    let path = Visible(path);
    ("", format!("diff --git a/{path} b/{path}"))
}

/// The modes of a file, and what a binary one was and is.
fn states(file: &FileDiff) -> Vec<Marked> {
    let mode = |it: FileMode| it.as_str();
    let mut lines = match (&file.from, &file.to) {
        (None, Some(to)) => vec![("", format!("new file mode {}", mode(to.mode)))],
        (Some(from), None) => vec![("", format!("deleted file mode {}", mode(from.mode)))],
        (Some(from), Some(to)) if from.mode != to.mode => {
            vec![("", format!("old mode {}", mode(from.mode))), ("", format!("new mode {}", mode(to.mode)))]
        }
        _ => Vec::new(),
    };
    if file.binary {
        let state = |it: &Option<FileState>| {
            it.as_ref().map_or_else(|| "nothing".to_owned(), |it| format!("{} ({})", bytes(it.size), it.hash))
        };
        lines.push(("", format!("Binary file: {} → {}", state(&file.from), state(&file.to))));
    }
    lines
}

fn of_hunks(hunks: &[Hunk]) -> Vec<Marked> {
    let mut lines = Vec::new();
    for hunk in hunks {
        lines.push(("", format!("@@ -{} +{} @@", hunk.from_line, hunk.to_line)));
        lines.extend(hunk.lines.iter().map(|it| {
            let mark = match it.change {
                LineChange::Same => " ",
                LineChange::Added => "+",
                LineChange::Removed => "-",
            };
            (mark, Visible(&it.text).to_string())
        }));
    }
    lines
}
