//! Benchmarks: a workload generated from a seed, whole processes measured in turn, and statistics. Nothing here prints,
//! reads the environment or contains SQL of the store.

mod batch;
pub mod compare;
mod error;
pub mod growth;
mod measure;
mod random;
mod rows;
pub mod sql;
pub mod statements;
pub mod statistics;
pub mod stress;
pub mod suite;
pub mod system;
mod together;
pub mod workload;
mod zipf;

pub use error::{Error, Result};
pub use measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, Sample, Samples, in_turn};
pub use random::Random;
pub use together::together;
pub use zipf::Zipf;
