//! Who and what there is in the model, and when.

use cfn::clock::Clock;

/// Agent types of the model.
pub(super) const AGENTS: [&str; 4] = ["dev", "tester", "api-designer", "nobody"];

/// Skills of the model: keys 1, 2 and 3.
pub(super) const SKILLS: [&str; 3] = ["jwt", "sql", "shell"];

/// The day on which everything happens.
pub(super) fn clock() -> Clock {
    Clock::Fixed("2026-03-15T12:00:00Z".parse().expect("a time"))
}
