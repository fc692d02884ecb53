//! `cfn skill export-yaml`.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueHint;

use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Category, Exit, Status, Visible};
use crate::ops::{self, DocumentError, ExportYaml, ExportYamlReport};
use crate::output_file::OutputFile;
use crate::store::Store;

/// Export skills with their versions and contents as one YAML document
///
/// It has the format of the old scripts, version 2.0, and the contents of all versions. To import it elsewhere with the
/// same rows, include the history.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill export-yaml --output snapshot.yaml --include-history
  cfn skill export-yaml --filter-category testing > testing.yaml
  cfn skill export-yaml --output all.yaml --include-history --include-usage --json")]
pub(super) struct Args {
    /// File to write [default: standard output]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Include the decisions
    #[arg(long)]
    include_history: bool,
    /// Include the usage log
    #[arg(long)]
    include_usage: bool,
    /// Export only skills of this category
    #[arg(long, value_name = "CATEGORY", value_parser = choice::category())]
    filter_category: Option<Category>,
    /// Export only skills of this status
    #[arg(long, value_name = "STATUS", value_parser = choice::status())]
    filter_status: Option<Status>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = ExportYaml {
        history: args.include_history,
        usage: args.include_usage,
        category: args.filter_category,
        status: args.filter_status,
    };
    let mut store = context.open(Access::Read)?;
    let Some(path) = &args.output else { return to_stdout(context, store.as_mut(), &request) };
    let database = context.settings.database()?;
    let begun = match database.file() {
        Some(file) => OutputFile::begin_as_open_as(path, file),
        None => OutputFile::begin(path),
    };
    let mut output = begun.map_err(|why| unwritable(path, &why))?;
    let mut to = BufWriter::new(output.file());
    let report = match ops::export_yaml(store.as_mut(), context.clock, &request, &mut to) {
        Err(ops::Error::Document(DocumentError::Output(why))) => {
            drop(to.into_parts()); // the rest is not tried again
            return Err(unwritable(path, &why));
        }
        exported => exported?,
    };
    to.flush().map_err(|why| unwritable(path, &why))?;
    drop(to);
    output.file().sync_all().and_then(|()| output.publish()).map_err(|why| unwritable(path, &why))?;
    left_out(context, &report);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn to_stdout(context: &Context, store: &mut dyn Store, request: &ExportYaml) -> Result<Exit, Failure> {
    if context.output.json() {
        let hint = "Name the file with --output.";
        return Err(Failure::input("with --json, the document needs a file of its own", hint));
    }
    if context.output.width().is_some() {
        let mut document = Vec::new();
        let report = ops::export_yaml(store, context.clock, request, &mut document)?;
        context.output.texts(&[String::from_utf8_lossy(&document)])?;
        left_out(context, &report);
        return Ok(Exit::Done);
    }
    let mut to = BufWriter::new(context.output.stream());
    match ops::export_yaml(store, context.clock, request, &mut to) {
        Ok(report) => left_out(context, &report),
        Err(ops::Error::Document(DocumentError::Output(why))) => {
            drop(to.into_parts()); // the rest is not tried again
            context.output.ended(Err(why))?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Done)
}

fn left_out(context: &Context, report: &ExportYamlReport) {
    for it in &report.left_out {
        context.output.warn(&format!("{}: {}", Visible(&it.subject), Visible(&it.reason)));
    }
}

fn unwritable(path: &Path, why: &std::io::Error) -> Failure {
    Failure::unwritable(FailureKind::ReportUnwritable, "the document", path, why)
}

impl Report for ExportYamlReport {
    fn text(&self, page: &mut Page) {
        page.line(format!(
            "exported {}, {}, {}, {} and {}",
            counted(self.skills, "skill"),
            counted(self.contents, "content"),
            counted(self.mappings, "mapping"),
            counted(self.approvals, "decision"),
            counted(self.uses, "use"),
        ));
    }
}
