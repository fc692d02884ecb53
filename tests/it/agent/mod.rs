//! `cfn agent`: runs of agents as processes, and a hostile agent that tries to leave something behind.

mod coordination;
mod costs;
mod disks_and_clocks;
mod faults;
mod inputs;
pub(crate) mod load;
mod on_a_server;
mod outputs;
pub(crate) mod person;
mod runs;
pub(crate) mod scene;
mod snippets;
mod terminal;
mod together;
pub(crate) mod waves;
