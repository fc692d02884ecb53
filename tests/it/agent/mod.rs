//! `cfn agent`: runs of agents as processes, and a hostile agent that tries to leave something behind.

mod faults;
mod runs;
pub(crate) mod scene;
