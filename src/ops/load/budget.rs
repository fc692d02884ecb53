//! What a load writes, in tokens, and what it leaves out for that.

use super::picked::Cause;
use super::report::{LoadReport, LoadedSkill};
use super::request::Load;
use crate::model::Remark;

/// Estimates the tokens. If they exceed the limit, since the text also lists what is left out, the last optional skills
/// are removed.
pub(super) fn settle(request: &Load, report: &mut LoadReport) {
    let mut bytes = request.format.size(report);
    while let Some(most) = request.max_tokens.filter(|most| tokens(bytes) > *most) {
        let may_go = |it: &LoadedSkill| !it.picked.required && it.picked.origin.is_some();
        let Some(last) = report.skills.iter().rposition(may_go) else { break };
        let skill = report.skills.remove(last);
        let left_out = Remark::new(skill.picked.name.clone(), Cause::Limit, over_budget(most));
        bytes = bytes.saturating_sub(request.format.size_of(&skill)) + request.format.size_of_left_out(&left_out);
        report.left_out.push(left_out);
    }
    report.estimated_tokens = tokens(bytes);
}

pub(super) fn over_budget(most: u64) -> String {
    format!("over the budget of {most} tokens (estimated)")
}

pub(super) fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}
