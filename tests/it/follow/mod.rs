//! Databases in files that follow one on a server.

mod between;
mod decisions;
mod faults;
mod fleet;
mod histories;
mod origins;
mod story;
mod together;
mod uses;
mod watching;
