//! Measurements as one self-contained HTML page: distributions, comparison with a baseline, growth, and comparison with
//! other programs.

mod compare;
mod distribution;
mod growth;
mod intervals;
mod parts;
mod suite;

pub(super) use compare::page as compare;
pub(super) use growth::page as growth;
pub(super) use suite::page as suite;

#[cfg(test)]
mod tests;
