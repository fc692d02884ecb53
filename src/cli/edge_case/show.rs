//! `cfn edge-case show`.

use super::words::{short, time};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{EdgeCaseName, Exit, Visible};
use crate::ops::{self, EdgeCaseReport};

/// Show an edge case, or the last one of a kind, with all its texts
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn edge-case show 7
  cfn edge-case show 3fa9c1d2 --json")]
pub(super) struct Args {
    /// Id, or at least 8 digits of the hash of a kind
    #[arg(value_name = "ID|HASH")]
    edge_case: EdgeCaseName,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let report = ops::show_edge_case(context.open(Access::Read)?.as_mut(), &args.edge_case)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for EdgeCaseReport {
    fn text(&self, page: &mut Page) {
        let (case, all) = (&self.case, &self.all);
        let ids = all.ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let state = match case.resolved_at.as_ref() {
            Some(at) if case.resolved => format!("resolved at {at}"),
            _ if case.resolved => "resolved".to_owned(),
            _ => "open".to_owned(),
        };
        let lines = [
            ("edge case", case.id.to_string()),
            ("skill", case.skill.clone().unwrap_or_else(|| format!("#{} (gone)", case.skill_id.0))),
            ("kind", format!("{}, {} recorded, {} open: {ids}", short(&case.kind), all.count, all.open)),
            ("severity", case.severity.clone().unwrap_or_default()),
            ("recorded", time(case.detected_at.as_ref())),
            ("state", state),
        ];
        for (title, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
            page.line(format!("{title:<10} {}", Visible(value)));
        }
        let texts = [
            ("description", Some(&case.description)),
            ("failure", self.texts.failure_reason.as_ref()),
            ("input", self.texts.input_parameters.as_ref()),
            ("expected output", self.texts.expected_output.as_ref()),
            ("actual output", self.texts.actual_output.as_ref()),
            ("proposed fix", self.texts.proposed_fix.as_ref()),
            ("resolution", self.texts.resolution_notes.as_ref()),
        ];
        for (title, text) in texts.into_iter().filter_map(|(title, text)| Some((title, text?))) {
            page.heading(&format!("\n{title}"));
            for line in text.lines() {
                page.line(Visible(line));
            }
        }
    }
}
