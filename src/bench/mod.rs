//! What cfn takes: a workload made up from a seed, whole processes timed in turn, and what the samples say. Nothing here prints,
//! reads the environment or knows SQL.

mod error;
mod measure;
mod program;
mod random;
pub mod statistics;
pub mod workload;

pub use error::{Error, Result};
pub use measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, Sample, Samples, in_turn};
pub use program::{Program, Ran, together};
pub use random::Random;
