//! What cfn takes: a workload made up from a seed, whole processes timed in turn, and what the samples say. Nothing here prints,
//! reads the environment or knows SQL.

pub mod compare;
mod error;
pub mod growth;
mod measure;
mod program;
mod random;
mod rows;
pub mod sql;
mod statements;
pub mod statistics;
pub mod stress;
pub mod system;
pub mod workload;
mod zipf;

pub use error::{Error, Result};
pub use measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, Sample, Samples, in_turn};
pub use program::{Program, Ran, together};
pub use random::Random;
pub use zipf::Zipf;
