//! `cfn export`.

mod preflight;
mod text;
mod watch;

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::model::{AgentType, Exit};
use crate::ops::{self, Export, Layout, Selection};

/// Write approved skills to the folders that clients read
///
/// Each skill is exported with all its files, in the version that 'cfn load' would serve. What is no longer served is
/// removed, whichever export wrote it. cfn records its exports in DIR/cfn-export.lock, replaces and removes only what
/// it wrote, and moves what somebody changed to DIR/.cfn-quarantine.
///
/// Layouts: 'plain' is DIR/NAME; 'agents' is DIR/.agents/skills/NAME, for Codex, GitHub Copilot, Gemini CLI and OpenCode;
/// 'claude' is DIR/.claude/skills/NAME, for Claude Code.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn export . --agent backend-developer --layout claude
  cfn export dist/skills --all --prune
  cfn export . --agent backend-developer --layout claude --check
  cfn export /srv/agent --agent tester,reviewer --layout agents --prune --watch
  cfn export . --all --client claude --strict")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Args {
    /// Folder to export to
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
    /// Export the skills of these agent types, whatever their conditions
    #[arg(long, value_delimiter = ',', value_name = "AGENT_TYPE[,AGENT_TYPE]", required_unless_present = "all")]
    agent: Vec<AgentType>,
    /// Export all skills that are served
    #[arg(long, conflicts_with = "agent")]
    all: bool,
    /// Where skills lie below DIR
    #[arg(long, default_value = "plain", value_parser = choice::layout())]
    layout: Layout,
    /// Compare only, and exit 7 on any difference
    #[arg(long, conflicts_with_all = ["watch", "dry_run"])]
    check: bool,
    /// Also remove skills that are no longer mapped, unless another export wrote them
    #[arg(long)]
    prune: bool,
    /// Stay, and apply changes of the database within a second
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Report what would be done, without doing it
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    preflight: preflight::Preflight,
}

impl Args {
    /// Whether it stays.
    pub(super) fn is_long_lived(&self) -> bool {
        self.watch
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = Export {
        is_synced: true,
        folder: context.absolute(&args.folder),
        selection: if args.all { Selection::All } else { Selection::Agents(args.agent.clone()) },
        layout: args.layout,
        prune: args.prune,
        patience: context.settings.busy_timeout()?,
    };
    if let Some(client) = args.preflight.client {
        return args.preflight.run(context, client, &request);
    }
    if args.watch {
        return watch::run(context, &request);
    }
    let mut store = context.open(Access::Read)?;
    if args.check {
        let report = ops::check_export(store.as_mut(), &request)?;
        text::say(context.output, &report.left_out, &report.notes, &report.unmapped);
        context.output.answer(&report)?;
        return Ok(Exit::done_if(report.differences.is_empty(), Exit::Refused));
    }
    let report =
        if args.dry_run { ops::plan_export(store.as_mut(), &request)? } else { ops::export(store.as_mut(), &request)? };
    text::say(context.output, &report.left_out, &report.notes, &report.unmapped);
    text::remarks(context.output, &report);
    if let Some(refusal) = report.refusal() {
        if context.output.json() || report.changes() {
            context.output.answer(&report)?;
        }
        return Err(refusal.into());
    }
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.is_complete(), Exit::Refused))
}
