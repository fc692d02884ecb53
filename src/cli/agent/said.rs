//! What is said about runs.

use serde::Serialize;

use crate::agents::{Identity, Plan, Prepared};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::load::note_bootstrap;
use crate::cli::numbers::bytes;
use crate::cli::output::{Output, Page, Report};
use crate::model::{AgentId, AgentRun, Exit, RunReason, Visible};
use crate::ops::Cause;

/// What a run is, as scripts read it.
pub(super) struct Described<'a> {
    pub(super) plan: &'a Plan,
    pub(super) identity: &'a Identity,
    pub(super) process: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spawned<'a> {
    agent_id: &'a AgentId,
    pid: u32,
    status: &'static str,
    timestamp: &'a str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a AgentRun>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    agent_type: &'a str,
    task_id: Option<&'a str>,
    iteration: u32,
    mode: Option<&'a str>,
    provider: Option<&'a str>,
    model: Option<&'a str>,
}

/// The runs that were waited for; the exit code says it all to a person.
#[derive(Default, Serialize)]
pub(super) struct Waited {
    /// Whether the time was over before all had ended.
    pub(super) timeout: bool,
    pub(super) ended: Vec<AgentRun>,
    /// The ids of those that run, or of whose end nothing is known.
    pub(super) others: Vec<String>,
}

impl Report for Waited {
    fn text(&self, _: &mut Page) {}
}

/// The runs that were ended.
#[derive(Serialize)]
pub(super) struct Stopped {
    pub(super) stopped: Vec<String>,
}

impl Report for Stopped {
    fn text(&self, _: &mut Page) {}
}

impl Described<'_> {
    /// Says the id, or the object.
    pub(super) fn say(&self, output: Output, result: Option<&AgentRun>) -> Result<(), Failure> {
        if !output.json() {
            return output.raw(format!("{}\n", self.plan.agent_id).as_bytes());
        }
        output.json_line(&Spawned {
            agent_id: &self.plan.agent_id,
            pid: self.process,
            status: result.map_or("running", |it| it.reason.as_str()),
            timestamp: &self.plan.spawned_at,
            metadata: Metadata {
                agent_type: &self.plan.agent_type,
                task_id: self.plan.task_id.as_deref(),
                iteration: self.identity.iteration.unwrap_or(1),
                mode: self.identity.mode.as_deref(),
                provider: self.identity.provider.as_deref(),
                model: self.identity.model.as_deref(),
            },
            result,
        })
    }
}

/// Says which skills it did not get.
pub(super) fn say_skills(context: &Context, prepared: &Prepared) {
    let Some(report) = &prepared.loaded else { return };
    let output = context.output;
    let mut remarks = output.remarks();
    for it in report.left_out.iter().filter(|it| it.kind != Cause::NoBootstrapBytes) {
        remarks.note(&it.reason, format!("left out {}: {}", Visible(&it.subject), Visible(&it.reason)));
    }
    note_bootstrap(context, report, "", &mut remarks);
    remarks.say();
    if report.unmapped {
        output.note(&format!("no skill is mapped to agent type \"{}\"", report.agent_type));
    }
}

/// What a person must know beyond the exit code. Of several runs, each is named.
pub(super) fn say_end(output: Output, plan: &Plan, run: &AgentRun, is_named: bool) {
    let message = match run.reason {
        RunReason::Timeout => format!("the agent was ended after {} seconds", plan.timeout.as_secs_f64()),
        RunReason::Memory => {
            let most = plan.limits.memory_bytes.map(bytes).unwrap_or_default();
            format!("the agent was ended: it needs more than {most} of memory")
        }
        RunReason::Processes => "the agent was ended: it has more processes than it may".to_owned(),
        RunReason::Exited | RunReason::Stopped | RunReason::Lost => match &run.detail {
            Some(detail) => detail.clone(),
            None => return,
        },
    };
    if is_named { output.note(&format!("{}: {message}", run.agent_id)) } else { output.note(&message) }
}

/// The ends of several runs.
#[derive(Serialize)]
pub(super) struct Ends(pub(super) Vec<AgentRun>);

impl Report for Ends {
    fn text(&self, page: &mut Page) {
        let code = |it: &AgentRun| it.exit_code.map(|it| it.to_string()).unwrap_or_default();
        let row = |it: &AgentRun| vec![it.agent_id.clone(), it.reason.as_str().to_owned(), code(it)];
        page.table(&["agent", "state", "code"], self.0.iter().map(row));
    }
}

/// The exit of one run; that of a lost one is 1.
pub(super) fn exit_of(run: &AgentRun) -> Exit {
    run.exit_code.map_or(Exit::Input, Exit::Command)
}
