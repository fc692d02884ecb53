//! `cfn agents`.

use super::context::{Access, Context};
use super::failure::Failure;
use super::numbers::{bytes, integer};
use super::output::{Page, Report};
use crate::model::{AgentType, Exit, Visible};
use crate::ops::{self, AgentReport, AgentSkill, AgentsReport};

/// List agent types, or the skills that one of them would get
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agents
  cfn agents backend-developer
  cfn agents backend-developer --json")]
pub(super) struct Args {
    /// Agent type [default: all]
    agent_type: Option<AgentType>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Read)?;
    match &args.agent_type {
        None => context.output.answer(&ops::agents(store.as_mut())?)?,
        Some(agent_type) => {
            let report = ops::agent(store.as_mut(), agent_type)?;
            if let Some(near) = report.did_you_mean.first() {
                let (agent_type, near) = (Visible(agent_type.as_str()), Visible(near));
                context
                    .output
                    .note(&format!("no skill is mapped to agent type \"{agent_type}\"; did you mean {near}?"));
            }
            context.output.answer(&report)?;
        }
    }
    Ok(Exit::Done)
}

impl Report for AgentsReport {
    fn text(&self, page: &mut Page) {
        if self.agents.is_empty() {
            return page.line("no agent type has skills: 'cfn skill assign SKILL --agent AGENT_TYPE' gives it one");
        }
        let rows = self
            .agents
            .iter()
            .map(|it| vec![it.agent_type.clone(), integer(it.skills), integer(it.pending), integer(it.uses)]);
        page.table(&["agent type", "skills", "pending", "uses"], rows);
    }
}

impl Report for AgentReport {
    fn text(&self, page: &mut Page) {
        let rows = self.skills.iter().map(|it| {
            vec![
                it.name.clone(),
                it.version.clone(),
                it.priority.to_string(),
                if it.required { "required" } else { "" }.to_owned(),
                bytes(it.bytes as u64),
                it.conditions.as_ref().map(ToString::to_string).unwrap_or_default(),
                notes(it),
            ]
        });
        page.table(&["skill", "version", "priority", "", "size", "conditions", ""], rows);
        if !self.left_out.is_empty() {
            page.heading("\nnot loaded");
            for it in &self.left_out {
                page.line(format!("{}: {}", Visible(&it.subject), Visible(&it.reason)));
            }
        }
    }
}

/// A pin, and replaced skills.
fn notes(skill: &AgentSkill) -> String {
    let pinned = skill.pinned.then(|| "pinned".to_owned());
    let replaces = skill.replaces.iter().map(|it| format!("in place of {it}"));
    pinned.into_iter().chain(replaces).collect::<Vec<_>>().join(", ")
}
