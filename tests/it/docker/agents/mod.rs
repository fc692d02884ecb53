//! Agents in containers, on a real engine.

mod faults;
mod limits;
mod runs;
mod scene;
mod waves;
