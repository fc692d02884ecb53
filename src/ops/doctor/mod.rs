//! `doctor`: what is well and what is wrong, one line each, with the evidence and the command that mends it. Nothing here
//! changes anything.
//!
//! | file | what it looks at |
//! |---|---|
//! | `diagnosis` | the types of a line and of the report |
//! | `file` | a database file from outside: rights, space, log, open files |
//! | `database` | plans, schema, pragmas, free pages, statistics, rows |
//! | `approvals` | pending and overdue reviews, files that differ, exports |
//! | `delivery` | the outbox, and what a follower lacks |
//! | `postgres` | the server of a database, and the workflow database |
//! | `redis`, `keys` | the server of the query cache, and the keys of the fleet |
//! | `network` | round trips and throughput |
//! | `fleet` | containers |

mod approvals;
mod database;
mod delivery;
mod diagnosis;
mod file;
mod keys;
mod network;
mod postgres;
mod redis;

pub use self::approvals::{Depth, approval_lines};
pub use self::database::{damage_line, database_lines, integrity_line, statement};
pub use self::delivery::delivery_lines;
pub use self::diagnosis::{Area, Diagnosis, DoctorReport, Fix, Health};
pub use self::file::{file_lines, sqlite_program_line};
pub use self::network::network_lines;
pub use self::postgres::{server_lines, workflow_line};
pub use self::redis::{ServerLook, cache_lines, look_at_server, redis_lines};
