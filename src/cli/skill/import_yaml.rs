//! `cfn skill import-yaml`.

use std::path::PathBuf;

use clap::ValueHint;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::approval::decider;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, ImportYaml, ImportYamlMode, ImportYamlReport};

/// Import skills from a YAML document of export-yaml, or of the old scripts
///
/// New skills wait for review, unless --trust-approvals takes the document's decisions. Nothing is imported if the
/// document has an error, or if skills exist with other bytes (exit 7), unless --skip-conflicts or --force says what to
/// do with them. A level is never lowered, and rejected bytes stay rejected. A document without contents names files;
/// those in the project whose hash matches are read.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "\
Examples:
  cfn skill import-yaml snapshot.yaml --mode validate-only
  cfn skill import-yaml snapshot.yaml --dry-run
  cfn skill import-yaml snapshot.yaml --trust-approvals --approver ann@example.com
  cfn skill import-yaml --input snapshot.yaml --mode merge --skip-conflicts")]
pub(super) struct Args {
    /// The document
    #[arg(value_name = "FILE", required_unless_present = "input", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// The document, as in the old tool
    #[arg(long, hide_short_help = true, value_name = "FILE", conflicts_with = "file", value_hint = ValueHint::FilePath)]
    input: Option<PathBuf>,
    /// merge adds and updates skills; replace also deletes the others, and needs --force or --yes; validate-only lists the errors of the document, and exits 1 if it has any
    #[arg(long, default_value = "merge", value_parser = choice::one_of(mode, modes))]
    mode: ImportYamlMode,
    /// Make other bytes of an existing skill its next version
    #[arg(long, conflicts_with = "skip_conflicts")]
    force: bool,
    /// Leave out skills that exist with other bytes
    #[arg(long)]
    skip_conflicts: bool,
    /// Take the document's decisions: for your own documents
    #[arg(long)]
    trust_approvals: bool,
    /// Who trusts them, or deletes skills [env: CFN_APPROVER] [default: git's global user.email, else the system user]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    approver: Option<String>,
    /// Do not ask before skills are deleted
    #[arg(long)]
    yes: bool,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

fn modes() -> Vec<&'static str> {
    ImportYamlMode::ALL.iter().map(|it| it.as_str()).collect()
}

fn mode(text: &str) -> Result<ImportYamlMode, String> {
    let found = ImportYamlMode::ALL.iter().copied().find(|it| it.as_str() == text);
    found.ok_or_else(|| format!("there is no such mode; the modes are {}", modes().join(", ")))
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let nothing = || Failure::input("no document is named", "Name the YAML file.");
    let trusted_by = args.trust_approvals.then(|| decider(context, args.approver.as_deref())).transpose()?;
    let replaces = args.mode == ImportYamlMode::Replace;
    let deleted_by = replaces.then(|| decider(context, args.approver.as_deref())).transpose()?;
    let mut request = ImportYaml {
        document: args.file.as_ref().or(args.input.as_ref()).ok_or_else(nothing)?,
        mode: args.mode,
        force: args.force,
        skip_conflicts: args.skip_conflicts,
        trusted_by: trusted_by.as_deref(),
        deleted_by: deleted_by.as_deref(),
        dry_run: args.dry_run,
    };
    let (files, project) = (context.files()?, context.project()?);
    let mut store = context.open(Access::Write)?;
    if replaces && !(args.force || args.yes || args.dry_run) {
        request.dry_run = true;
        let would = ops::import_yaml(store.as_mut(), &files, &project, context.clock, &request)?;
        if !would.deleted.is_empty() {
            context.confirm(&format!("this would delete {}", context.output.several(&would.deleted)))?;
        }
        request.dry_run = false;
    }
    let report = ops::import_yaml(store.as_mut(), &files, &project, context.clock, &request)?;
    let about = |it: &crate::model::Remark<String>| format!("{}: {}", Visible(&it.subject), Visible(&it.reason));
    for it in &report.refused {
        context.output.warn(&format!("not imported: {}", about(it)));
    }
    for it in &report.warnings {
        context.output.warn(&about(it));
    }
    context.output.answer(&report)?;
    Ok(match (report.findings.is_empty(), report.refused.is_empty()) {
        (false, _) => Exit::Input,
        (true, false) => Exit::Refused,
        (true, true) => Exit::Done,
    })
}

impl Report for ImportYamlReport {
    fn text(&self, page: &mut Page) {
        for it in &self.findings {
            page.line(format!("{}: {}", Visible(&it.subject), Visible(&it.reason)));
        }
        if !self.findings.is_empty() || self.mode == ImportYamlMode::ValidateOnly {
            return page.line(format!("{}, {}", counted(self.skills, "skill"), counted(self.findings.len(), "error")));
        }
        let dry = if self.dry_run { "dry run: " } else { "" };
        page.line(format!(
            "{dry}{} added, {} updated, {} with the same bytes, {} skipped, {} deleted; {} for review",
            self.added,
            self.updated.len(),
            self.unchanged,
            self.skipped.len(),
            self.deleted.len(),
            counted(self.pending, "skill"),
        ));
        page.line(format!(
            "{dry}{} added, {} changed; {} and {} taken",
            counted(self.mappings_added, "mapping"),
            self.mappings_changed,
            counted(self.approvals_taken, "decision"),
            counted(self.uses_added, "use"),
        ));
    }
}
