//! Agents in containers, on a real engine.

mod bench;
mod doctor;
mod elsewhere;
mod faults;
mod limits;
mod load;
mod pool;
mod runs;
mod scene;
mod terminal;
mod waves;
