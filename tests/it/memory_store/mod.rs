//! A second implementation of the store's contract: in memory, without files and without locks. Writers do not wait for each other;
//! who commits second runs its work again. It can be told to find conflicts where there are none.

mod catalogue;
mod catalogue_writes;
mod criteria;
mod database;
mod edge_cases;
mod errors;
mod judging;
mod lifecycle;
mod mappings;
mod other_program;
mod outbox;
mod reports;
mod search_index;
mod search_tables;
mod searching;
mod serving;
mod store;
mod tables;
mod transaction;
mod usage;
mod whole_rows;

pub(crate) use self::database::{Conflicts, MemoryDatabase};
