//! `cfn agent`: runs of agents as processes, and a hostile agent that tries to leave something behind.

mod coordination;
mod disks_and_clocks;
mod faults;
mod on_a_server;
mod runs;
pub(crate) mod scene;
mod snippets;
mod together;
pub(crate) mod waves;
