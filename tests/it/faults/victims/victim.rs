//! What is asked of every command that is killed.

use std::process::{Command, Output};

use crate::harness::Project;

/// A command that is going to be killed.
pub(in crate::faults) trait Victim {
    /// What it is called in figures.
    fn name(&self) -> &'static str;
    /// Where it works.
    fn project(&self) -> &Project;
    /// The next one to start.
    fn prepare(&mut self) -> Command;
    /// Looks at what it left.
    fn judge(&mut self, output: &Output);
    /// Looks once more at everything that was ever acknowledged.
    fn judge_all(&mut self) {}
}

/// A complete line on stdout is a promise, even if the process was killed right after it.
pub(super) fn acknowledged(output: &Output) -> bool {
    output.status.success() || output.stdout.ends_with(b"\n")
}

/// Nothing beside the database, and no damage in it.
#[track_caller]
pub(in crate::faults) fn assert_clean(project: &Project) {
    project.assert_whole();
    assert_eq!(project.leftovers(), [] as [&str; 0]);
}
