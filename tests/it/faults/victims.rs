//! The victims of the campaigns: each kind of command that writes, with the conditions that hold whenever it dies.

mod exports;
mod files;
mod steps;
mod victim;
mod writes;

use self::writes::{Import, Loads, Writes};

pub(super) use files::legacy;
pub(super) use victim::{Victim, assert_clean};

/// Exports alone.
pub(super) fn exports() -> Vec<Box<dyn Victim>> {
    vec![Box::new(exports::Exports::new())]
}

/// One of each kind.
pub(super) fn victims() -> Vec<Box<dyn Victim>> {
    let mut all: Vec<Box<dyn Victim>> = vec![
        Box::new(Writes::new(false)),
        Box::new(Writes::new(true)),
        Box::new(Import::new()),
        Box::new(Loads::new()),
        Box::new(files::Backup::new()),
        Box::new(files::Restore::new()),
        Box::new(files::Adoption::new()),
        Box::new(files::Fresh::new()),
        Box::new(steps::Batches::new()),
        Box::new(exports::Exports::new()),
    ];
    all.extend(steps::Steps::all().map(|it| Box::new(it) as Box<dyn Victim>));
    all
}
