//! `cfn init`.

mod text;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueHint;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::choice::category;
use super::context::{Access, Context};
use super::failure::{Failure, FailureKind};
use crate::model::{AgentType, Category, Exit, Location, Visible, json};
use crate::ops::{self, Import, ImportReport, RefusalKind};
use crate::output_file::OutputFile;
use crate::settings::{Place, Scope, Settings};
use crate::store::Store;

/// Create the database, and import a folder of skills
///
/// An existing database is kept. With --from, every SKILL.md below the folder is imported with the files of its
/// folder, whatever its letter case; a bad file does not stop the others. A repeated import changes nothing, except that
/// it adds missing agent types and approvals. Skills above level auto wait for review, unless --approve-as names an
/// approver.
///
/// Version control, dependency, build and cache folders are skipped, and everything a .cfnignore file excludes
/// (gitignore syntax). If several files declare one name, the file in the folder of that name wins. A skill remembers
/// its source file: without --from-any, no other file replaces it.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "\
Examples:
  cfn init
  cfn init --bootstrap
  cfn init --from .claude/skills
  cfn init --from skills --category testing --approve-as lead@example.com --agents tester,reviewer
  cfn init --from skills --update --strict
  cfn init --from ~/collections --namespace --report import.json
  cfn init --from moved/skills --update --from-any
  cfn init --from skills --update --override-rejection --reason 'rejected by mistake'")]
pub(super) struct Args {
    /// Import every skill file below this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    from: Option<PathBuf>,
    /// Category of skills whose front matter names none; nothing that is imported gets a weaker review than this
    /// category's [default: domain]
    #[arg(long, requires = "from", value_parser = category())]
    category: Option<Category>,
    /// Trust each file's category and level, even if they weaken its review: for your own files
    #[arg(long, requires = "from")]
    trust_levels: bool,
    /// Import changed files as the next version
    #[arg(long, requires = "from")]
    update: bool,
    /// Also update skills that came from another file; their new content is escalated and waits for review
    #[arg(long, requires = "update")]
    from_any: bool,
    /// If several files declare one name, import each as COLLECTION-NAME
    #[arg(long, requires = "from", conflicts_with = "from_any")]
    namespace: bool,
    /// Also import skill files inside the folder of another skill
    #[arg(long, requires = "from")]
    nested: bool,
    /// Approve each skill, as this approver
    #[arg(long, value_name = "NAME", requires = "from", value_parser = NonEmptyStringValueParser::new())]
    approve_as: Option<String>,
    /// Reason, recorded with the decisions; needs --approve-as or --override-rejection
    #[arg(long, value_name = "TEXT", requires = "from", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
    /// Accept bytes that were rejected; needs --reason
    #[arg(long, requires_all = ["from", "reason"])]
    override_rejection: bool,
    /// Agent types to map the skills to, separated by commas
    #[arg(long, value_name = "A,B", requires = "from")]
    agents: Option<String>,
    /// Write the full report to this file, as JSON
    #[arg(long, value_name = "FILE", requires = "from", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// Create a database in this folder, even if a folder above has one
    #[arg(long, conflicts_with = "db")]
    here: bool,
    /// Add the five bootstrap skills of the old scripts, which name files in .claude/skills/bootstrap
    #[arg(long)]
    bootstrap: bool,
    /// Exit 1 if a file was refused
    #[arg(long, requires = "from")]
    strict: bool,
}

#[derive(Debug, Serialize)]
struct InitReport {
    path: Location,
    created: bool,
    /// Bootstrap skills that were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    bootstrap: Option<Vec<String>>,
    #[serde(flatten)]
    import: Option<ImportReport>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.reason.is_some() && args.approve_as.is_none() && !args.override_rejection {
        let hint = "Name the approver with --approve-as, or leave --reason out.";
        return Err(Failure::new(FailureKind::InvalidArguments, "--reason is about decisions, and none is made", hint));
    }
    let place = place(context, args.here)?;
    let context = place.as_ref().unwrap_or(context);
    let agents = match &args.agents {
        Some(typed) => AgentType::list(typed)?,
        None if args.from.is_some() => context.settings.agents()?,
        None => Vec::new(),
    };
    if let Some(folder) = args.from.as_deref().filter(|it| !it.is_dir()) {
        let message = format!("{} is not a folder", Visible(folder.to_string_lossy()));
        return Err(Failure::new(FailureKind::FileUnreadable, message, "Name the folder that holds the skills."));
    }
    // Fail before the import if the report cannot be written.
    let file = args.report.as_deref().map(ReportFile::begin).transpose()?;
    let mut report = match &args.from {
        None => {
            let created = context.create()?;
            context.open(Access::Write)?; // what is there may have to be adopted, or refused
            InitReport { created, path: context.settings.database()?, bootstrap: None, import: None }
        }
        Some(folder) => fill(context, &request(context, args, folder, &agents)?)?,
    };
    if args.bootstrap {
        report.bootstrap = Some(ops::add_bootstrap(context.open(Access::Write)?.as_mut(), context.clock)?);
    }
    if let Some(file) = file {
        file.write(&report)?;
    }
    context.output.answer(&report)?;
    let refused = report.import.map(|it| it.refused).unwrap_or_default();
    Ok(if refused.iter().any(|it| it.kind == RefusalKind::Rejected) {
        Exit::Refused // as deploy and update do: rejected bytes must not pass unnoticed
    } else if args.strict && !refused.is_empty() {
        Exit::Input
    } else {
        Exit::Done
    })
}

/// The file of the full report.
struct ReportFile<'a> {
    path: &'a Path,
    output: OutputFile,
}

impl<'a> ReportFile<'a> {
    fn begin(path: &'a Path) -> Result<Self, Failure> {
        let output = OutputFile::begin(path).map_err(|why| Self::unwritable("the report", path, &why))?;
        Ok(Self { path, output })
    }

    /// Writes it, after the import.
    fn write(mut self, report: &InitReport) -> Result<(), Failure> {
        let text = json::to_vec(report).map_err(|error| Failure::internal(&error.to_string()))?;
        let file = self.output.file();
        let written = file.write_all(&text).and_then(|()| file.sync_all()).and_then(|()| self.output.publish());
        written.map(|_| ()).map_err(|why| Self::unwritable("the import is done, but its report", self.path, &why))
    }

    fn unwritable(what: &str, path: &Path, why: &io::Error) -> Failure {
        Failure::unwritable(FailureKind::ReportUnwritable, what, path, why)
    }
}

/// The context for a database in this folder, if discovery found another one: in a folder above (with `--here`), or of
/// another user.
fn place(context: &Context, here: bool) -> Result<Option<Context>, Failure> {
    let ours = || Ok(Some(context.with_project_here()));
    match &context.settings.search {
        Some(Ok(found)) if found.place == Place::Here => Ok(None),
        _ if here => ours(),
        Some(Ok(found)) if found.place == Place::Above => {
            let path = Visible(found.path().to_string_lossy()).to_string();
            let message = match found.named_by() {
                Some(file) => format!("{} names the database of this folder: {path}", Visible(file.to_string_lossy())),
                None => format!("there is a database in a folder above already: {path}"),
            };
            Err(Failure::input(message, "Name it with --db, or create another one here with --here."))
        }
        Some(Err(foreign)) if !foreign.path.starts_with(&context.settings.current_folder) => ours(),
        _ => Ok(None),
    }
}

/// Options that are not given come from the settings files.
fn request<'a>(
    context: &Context,
    args: &'a Args,
    folder: &'a Path,
    agents: &'a [AgentType],
) -> Result<Import<'a>, Failure> {
    args.approve_as.as_deref().map(|it| Settings::person("--approve-as", it)).transpose()?;
    let of_files = if args.category.is_none() { context.settings.category()? } else { None };
    let of = |wanted| of_files.filter(|(_, scope)| *scope == wanted).map(|(category, _)| category);
    Ok(Import {
        folder,
        category: args.category.or(of(Scope::User)),
        project_category: of(Scope::Project),
        trust_levels: args.trust_levels,
        update: args.update,
        from_any: args.from_any,
        namespace: args.namespace,
        nested: args.nested,
        approve_as: args.approve_as.as_deref(),
        reason: args.reason.as_deref(),
        override_rejection: args.override_rejection,
        agents,
        fresh: false,
    })
}

/// Imports into a new database before it becomes visible, or into the existing one.
fn fill(context: &Context, request: &Import<'_>) -> Result<InitReport, Failure> {
    let path = context.settings.database()?;
    let fresh = Import { fresh: true, ..request.clone() };
    if let Some(report) = context.create_filled(|store| import(context, store, &fresh))? {
        return Ok(InitReport { path, created: true, bootstrap: None, import: Some(report) });
    }
    let mut store = context.open_for_all_rows(Access::Write)?;
    Ok(InitReport { path, created: false, bootstrap: None, import: Some(import(context, store.as_mut(), request)?) })
}

fn import(context: &Context, store: &mut dyn Store, request: &Import<'_>) -> Result<ImportReport, Failure> {
    let mut progress = context.output.progress("importing");
    let mut at = |event: ops::ImportEvent| progress.at(event.done, event.total);
    Ok(ops::import(store, &context.files()?, &context.project()?, context.clock, request, &mut at)?)
}
