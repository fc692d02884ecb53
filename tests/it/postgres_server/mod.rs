//! The one place that starts PostgreSQL and `PgBouncer` for tests: one server for all that do it no harm, with `PgBouncer` in
//! transaction mode in front of it, and a server of its own for each test that harms it.

mod bouncer;
mod connection;
mod counter;
mod database;
mod programs;
mod proxy;
mod server;

mod tests;

pub(crate) use self::bouncer::Bouncer;
pub(crate) use self::connection::Connection;
pub(crate) use self::counter::Counter;
pub(crate) use self::database::{Database, Way, server_of};
pub(crate) use self::programs::{kill, somebody};
pub(crate) use self::proxy::{Cut, Network, Proxy};
pub(crate) use self::server::Server;
