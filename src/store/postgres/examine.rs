//! A quick look at a database on a server: triggers, orphaned rows, partitions, indexes, statistics and round trips.

use std::time::{Duration, Instant};

use super::beginning::Beginning;
use super::session::Session;
use super::{PostgresStore, check, maintain};
use crate::store::{Examination, Result};

/// Tables with many changes since they were last analyzed: more than a fifth of their rows, as autovacuum counts them.
const WITHOUT_STATISTICS: &str = "SELECT relname::text FROM pg_stat_user_tables WHERE schemaname = current_schema()
     AND n_mod_since_analyze > 10000 + n_live_tup / 5 ORDER BY 1";

/// Number of round trips, and the most time for all of them.
const ROUND_TRIPS: usize = 30;
const MOST_TIME: Duration = Duration::from_millis(500);

pub(super) fn run(store: &mut PostgresStore) -> Result<Examination> {
    store.connected()?;
    store.session.begin(Beginning::Read);
    let found = examine(&store.session);
    store.session.undo();
    found
}

fn examine(session: &Session) -> Result<Examination> {
    let names = |sql| -> Result<Vec<String>> { Ok(session.rows(sql, &[])?.iter().map(|row| row.get(0)).collect()) };
    let mut found = Examination {
        damage: check::faults_of_definitions(session)?,
        missing_partitions: names(maintain::MONTHS)?.iter().map(|it| it.chars().take(7).collect()).collect(),
        without_statistics: names(WITHOUT_STATISTICS)?,
        round_trips: round_trips(session)?,
        ..Examination::default()
    };
    check::quick(session, &mut found)?;
    Ok(found)
}

fn round_trips(session: &Session) -> Result<Vec<Duration>> {
    let (began, mut found) = (Instant::now(), Vec::new());
    while found.len() < ROUND_TRIPS && began.elapsed() < MOST_TIME {
        let since = Instant::now();
        session.first("SELECT 1", &[])?;
        found.push(since.elapsed());
    }
    Ok(found)
}
