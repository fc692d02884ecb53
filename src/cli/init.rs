//! `cfn init`.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use super::choice::category;
use super::context::{Access, Context, Database};
use super::failure::Failure;
use super::output::{Page, Report};
use super::{Verdict, counted};
use crate::model::{AgentType, Category, Visible, path_as_text};
use crate::ops::{self, Import, ImportReport, Refusal};

/// Create the database, and import a folder of skills
///
/// A database that exists is left as it is. With --from, every SKILL.md below the folder is imported, whatever its spelling; one bad
/// file never stops the rest. Importing again changes nothing. What is not of level auto waits for review, unless --approve-as names
/// who approves.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn init
  cfn init --from .claude/skills
  cfn init --from skills --category testing --approve-as lead@example.com --agents tester,reviewer
  cfn init --from skills --update --strict")]
pub(super) struct Args {
    /// Import every skill file below this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    from: Option<PathBuf>,
    /// The category of skills whose front matter names none of the five
    #[arg(long, default_value = "domain", requires = "from", value_parser = category())]
    category: Category,
    /// Import files that changed since as the next patch version
    #[arg(long, requires = "from")]
    update: bool,
    /// Record an approval of each import, by this approver
    #[arg(long, value_name = "NAME", requires = "from", value_parser = NonEmptyStringValueParser::new())]
    approve_as: Option<String>,
    /// Agent types that get the new skills, separated by commas
    #[arg(long, value_name = "A,B", requires = "from")]
    agents: Option<String>,
    /// Exit 1 if a file was refused
    #[arg(long, requires = "from")]
    strict: bool,
}

/// What `init` did.
#[derive(Debug, Serialize)]
struct InitReport {
    #[serde(serialize_with = "path_as_text")]
    path: PathBuf,
    created: bool,
    #[serde(flatten)]
    import: Option<ImportReport>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let agents = AgentType::list(args.agents.as_deref().unwrap_or_default())?;
    if let Some(folder) = args.from.as_deref().filter(|it| !it.is_dir()) {
        let message = format!("{} is not a folder", Visible(folder.to_string_lossy()));
        return Err(Failure::new(2, "file_unreadable", message, "Name the folder that holds the skills."));
    }
    let report = match &args.from {
        None => {
            let created = context.create()?;
            context.open(Access::Write)?; // what is there may have to be adopted, or refused
            InitReport { created, path: context.settings.database.clone(), import: None }
        }
        Some(folder) => fill(context, &request(args, folder, &agents))?,
    };
    context.output.answer(&report)?;
    let refused = report.import.as_ref().is_some_and(|it| !it.refused.is_empty());
    Ok(if args.strict && refused { Verdict::Found(1) } else { Verdict::Done })
}

fn request<'a>(args: &'a Args, folder: &'a Path, agents: &'a [AgentType]) -> Import<'a> {
    Import {
        folder,
        category: args.category,
        update: args.update,
        approve_as: args.approve_as.as_deref(),
        agents,
        fresh: false,
    }
}

/// Imports into a database that nobody has seen yet, or else into the one that is there.
fn fill(context: &Context, request: &Import<'_>) -> Result<InitReport, Failure> {
    let path = context.settings.database.clone();
    if let Some(mut draft) = context.draft()? {
        let store = draft.fill()?;
        store.warning().inspect(|it| context.output.warn(it));
        let import = Some(import(context, store, &Import { fresh: true, ..request.clone() })?);
        if draft.publish()? {
            return Ok(InitReport { path, created: true, import });
        } // else another process was faster
    }
    let mut store = context.open(Access::Write)?;
    Ok(InitReport { path, created: false, import: Some(import(context, &mut store, request)?) })
}

fn import(context: &Context, store: &mut Database, request: &Import<'_>) -> Result<ImportReport, Failure> {
    let mut progress = context.output.progress("importing");
    let mut at = |event: ops::ImportEvent| progress.at(event.done, event.total);
    Ok(ops::import(store, &context.files(), &context.project(), context.clock, request, &mut at)?)
}

impl Report for InitReport {
    fn text(&self, page: &mut Page) {
        let path = Visible(self.path.to_string_lossy());
        page.line(if self.created { format!("created {path}") } else { format!("{path} exists already") });
        let Some(import) = &self.import else { return };
        let lists = [("changed", &import.changed), ("refused", &import.refused), ("warning", &import.warnings)];
        for (label, entries) in lists {
            for Refusal { path, line, reason } in entries {
                let line = line.map_or_else(String::new, |it| format!(":{it}"));
                page.line(format!("{label}: {}{line}: {}", Visible(path), Visible(reason)));
            }
        }
        page.line(format!(
            "{} found: {} imported, {} unchanged, {} updated, {} changed, {} refused",
            counted(import.found, "file"),
            import.imported,
            import.unchanged,
            import.updated,
            import.changed.len(),
            import.refused.len()
        ));
        if import.pending > 0 {
            page.line(format!("{} wait for review: 'cfn skill list --pending'", import.pending));
        }
    }
}
