//! A connection of a program that knows nothing of cfn.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, NoTls};

/// A connection that tests use from any thread.
pub(crate) struct Connection(Mutex<(Runtime, Client)>);

impl Connection {
    #[track_caller]
    pub(crate) fn to(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect(url);
            tokio::spawn(connection);
            client
        });
        Self(Mutex::new((runtime, client)))
    }

    /// Statements without parameters, as one transaction unless they say otherwise.
    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (runtime, client) = &*connection;
        runtime.block_on(client.batch_execute(sql)).map_err(|error| format!("{error:?}")).expect(sql);
    }

    /// The same, undone if one of them fails, as where two programs wait for each other.
    pub(crate) fn try_run(&self, sql: &str) {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (runtime, client) = &*connection;
        if runtime.block_on(client.batch_execute(sql)).is_err() {
            runtime.block_on(client.batch_execute("ROLLBACK")).expect("undone");
        }
    }

    /// The number of rows that a statement changed.
    #[track_caller]
    pub(crate) fn change(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (runtime, client) = &*connection;
        runtime.block_on(client.execute(sql, parameters)).map_err(|error| format!("{error:?}")).expect(sql)
    }

    /// The first value of the one row that a statement returns.
    #[track_caller]
    pub(crate) fn value<T: FromSqlOwned>(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> T {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (runtime, client) = &*connection;
        runtime.block_on(client.query_one(sql, parameters)).map_err(|error| format!("{error:?}")).expect(sql).get(0)
    }
}
