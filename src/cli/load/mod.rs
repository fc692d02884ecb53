//! `cfn load`.

mod answers;
mod batch;
mod budget_flags;
mod format;
mod request;
mod staleness;
mod usage;

use super::argument::{optional, words};
use super::context::{Access, Context};
use super::delivery;
use super::failure::Failure;
use super::output::Remarks;
use super::plural::counted;
use crate::cache::{Class, Disabled};
use crate::model::{AgentType, Exit, Location, Remark, Visible};
use crate::ops::{self, Cause, Client, Listed, Load, LoadReport, Picked};
use crate::settings::Settings;
use crate::store::disabling_bootstrap;

pub(super) use format::Format;
use format::{Paths, Verify, places};
use usage::usage_of;

/// Load the approved skills of an agent type
///
/// Bootstrap skills come first, then required skills, then the others by priority and name. Content comes from the
/// database, and its hash is checked against the approval. Skills that are left out are listed on stderr, with the
/// reason.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn load backend-developer
  cfn load backend-developer --context auth,database --phase loop3 --max-tokens 8000
  cfn load backend-developer --format xml
  cfn load backend-developer --budget codex --strict
  cfn load backend-developer --agent-id backend-developer-1 --task-id task-100 --json
  echo '{\"agent_type\":\"tester\",\"id\":1}' | cfn load --batch")]
pub(super) struct Args {
    /// Agent type to load skills for
    #[arg(required_unless_present = "batch")]
    agent_type: Option<AgentType>,
    /// Keywords of the task, separated by commas; excludes skills for other tasks
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    context: Vec<String>,
    /// Phase of the task; excludes skills for other phases
    #[arg(long)]
    phase: Option<String>,
    /// Maximum number of skills, excluding bootstrap skills; required skills are always included [default: 20; with
    /// --budget: all]
    #[arg(long, value_name = "N")]
    max_skills: Option<usize>,
    /// Maximum number of tokens, estimated as bytes / 4; required and bootstrap skills are always included
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// Exclude bootstrap skills
    #[arg(long)]
    no_bootstrap: bool,
    /// Output format; --json overrides it
    #[arg(long, default_value = "prompt")]
    format: Format,
    /// Files to hand out, in 'xml' and for skills of several files
    #[arg(long, default_value = "materialized")]
    paths: Paths,
    /// Hashes of materialized files to check
    #[arg(long, default_value = "changed", value_name = "WHICH")]
    verify: Verify,
    /// Log one usage row for each skill, with this agent id
    #[arg(long, value_name = "ID")]
    agent_id: Option<String>,
    /// Task id of the usage rows
    #[arg(long, value_name = "ID", requires = "agent_id")]
    task_id: Option<String>,
    #[command(flatten)]
    budget: budget_flags::BudgetFlags,
    /// Answer requests from stdin, one JSON object per line, with the long options as keys ('_' for '-')
    #[arg(long, conflicts_with_all = ["agent_type", "context", "phase", "max_skills", "max_tokens", "no_bootstrap", "format",
        "paths", "verify", "agent_id", "task_id", "budget", "context_window", "strict"])]
    batch: bool,
}

impl Args {
    /// Whether it answers a stream of requests.
    pub(super) fn is_long_lived(&self) -> bool {
        self.batch
    }

    /// The request; `None` for a batch.
    pub(super) fn request(&self, context: &Context) -> Result<Option<Load>, Failure> {
        let Some(agent_type) = self.agent_type.clone() else { return Ok(None) };
        Ok(Some(Load {
            agent_type,
            context: words(&self.context),
            phase: optional(self.phase.as_deref()).map(str::to_owned),
            max_skills: self.max_skills.unwrap_or(Load::USUAL_SKILLS),
            max_tokens: self.max_tokens,
            bootstrap: !self.no_bootstrap,
            format: if context.output.json { ops::Format::Json } else { self.format.into() },
            places: Some(places(context, self.paths, self.verify)?),
        }))
    }

    /// Whether to log the loaded skills.
    pub(super) fn logs_usage(&self) -> bool {
        optional(self.agent_id.as_deref()).is_some()
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let Some(request) = args.request(context)? else { return batch::run(context) };
    if let Some(client) = args.budget.budget {
        return preflight(context, args, client, request);
    }
    let usage = usage_of(&request, args.agent_id.as_deref(), args.task_id.as_deref())?;
    if usage.is_none() && args.agent_id.is_some() {
        context.output.warn("--agent-id is empty: no usage row is logged");
    }
    let cache = if usage.is_some() { Box::new(Disabled) } else { context.cache(Class::Load)? };
    let access = if usage.is_some() { Access::Write } else { Access::Read };
    let mut store = context.open_for_few_rows(access)?;
    staleness::require_fresh(context, store.as_mut())?;
    let report = match &usage {
        Some(usage) => ops::load_and_log(store.as_mut(), context.clock, &request, usage)?,
        None => ops::load(store.as_mut(), cache.as_ref(), &request)?,
    };
    if usage.is_some() {
        delivery::start(context, store.as_mut());
    }
    store.leave();
    say(context, &request, &report);
    match &request.format {
        ops::Format::Json => context.output.json_line(&report)?,
        format => context.output.texts(&format.pieces(&report))?,
    }
    Ok(Exit::Done)
}

/// Prints what a client would cut, of all skills unless their number is limited. Bootstrap skills have no folders that
/// clients read.
fn preflight(context: &Context, args: &Args, client: Client, request: Load) -> Result<Exit, Failure> {
    let max_skills = args.max_skills.unwrap_or(usize::MAX);
    let request = Load { max_skills, bootstrap: false, format: ops::Format::Names, ..request };
    let (loaded, report) = args.budget.listing(context, client, &request)?;
    say(context, &request, &loaded);
    context.output.answer(&report)?;
    Ok(args.budget.exit(&report))
}

/// Prints warnings and notes.
fn say(context: &Context, request: &Load, report: &LoadReport) {
    let output = context.output;
    let mut remarks = output.remarks();
    for Remark { subject, kind, reason, .. } in &report.left_out {
        let line = format!("left out {}: {}", Visible(subject), Visible(reason));
        match kind {
            Cause::Fault => remarks.warn(reason, line),
            Cause::Limit => remarks.note(reason, line),
            Cause::NoBootstrapBytes => {} // they share one line
        }
    }
    note_bootstrap(context, report, "--no-bootstrap asks for none, ", &mut remarks);
    for Picked { name, replaces, .. } in report.skills.iter().map(|it| &it.picked) {
        for old in replaces {
            let line = format!("{} is deprecated: {} is loaded in its place", Visible(old), Visible(name));
            remarks.note("replaced", line);
        }
    }
    for skill in report.skills.iter().filter(|it| it.listed.as_ref().is_some_and(Listed::is_from_body)) {
        let name = Visible(&skill.picked.name);
        remarks.note("description", format!("{name} has no description; using the first sentence of its body"));
    }
    for Picked { name, .. } in report.skills.iter().map(|it| &it.picked).filter(|it| it.partial) {
        let line = format!("the other files of {} were never approved: only its SKILL.md is loaded", Visible(name));
        remarks.note("partial", line);
    }
    remarks.say();
    if report.unmapped {
        let near: Vec<_> = report.did_you_mean.iter().map(|it| Visible(it).to_string()).collect();
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        output.note(&format!("no skill is mapped to agent type \"{}\"{hint}", report.agent_type));
    }
    if request.max_tokens.is_some() {
        output.note(&format!("about {} tokens, estimated as bytes / 4", report.estimated_tokens));
    }
}

/// One note for all bootstrap skills without stored bytes, with the commands that store and that disable them. `otherwise` is how
/// this command does without them.
pub(in crate::cli) fn note_bootstrap(context: &Context, report: &LoadReport, otherwise: &str, remarks: &mut Remarks) {
    let missing = report.left_out.iter().filter(|it| it.kind == Cause::NoBootstrapBytes);
    let names: Vec<_> = missing.map(|it| Visible(&it.subject).to_string()).collect();
    if names.is_empty() {
        return;
    }
    let line = format!(
        "left out {} without stored bytes: {}; 'cfn db capture --bootstrap' stores those whose files are there, {otherwise}and \
         this disables them: {}",
        counted(names.len(), "bootstrap skill"),
        context.output.several(&names),
        disabling(&context.settings)
    );
    remarks.note("bootstrap", line);
}

/// The command that disables them.
fn disabling(settings: &Settings) -> String {
    let (at, server) = (settings.database(), settings.database_server());
    let schema = server.ok().filter(|_| matches!(at, Ok(Location::Server(_)))).map(|it| it.schema);
    let update = disabling_bootstrap(schema.as_deref());
    at.map_or_else(|_| update.clone(), |it| ops::statement(&it, &update))
}
