//! The state of the database and its server.

use std::time::Instant;

use super::beginning::Beginning;
use super::schema_number::{CURRENT, name_of};
use super::session::Session;
use super::{Place, PostgresStore};
use crate::store::{Result, ServerStatus, StoreError};

/// Number of rows by table, of all partitions.
const COUNTS: &str = "SELECT 'skills', count(*) FROM skills
     UNION ALL SELECT 'skill_versions', count(*) FROM skill_versions
     UNION ALL SELECT 'skill_contents', count(*) FROM skill_contents
     UNION ALL SELECT 'approval_history', count(*) FROM approval_history
     UNION ALL SELECT 'agent_skill_mappings', count(*) FROM agent_skill_mappings
     UNION ALL SELECT 'skill_usage_log', count(*) FROM skill_usage_log
     UNION ALL SELECT 'bootstrap_skills', count(*) FROM bootstrap_skills
     UNION ALL SELECT 'phase4_skill_generation', count(*) FROM phase4_skill_generation
     UNION ALL SELECT 'edge_case_tracking', count(*) FROM edge_case_tracking";

/// The server's version, the size of the schema, the age of the oldest other transaction of a client,
/// and what ends it. Partitioned tables
/// have no size of their own; their partitions are in the schema.
const SERVER: &str = "SELECT current_setting('server_version'),
       (SELECT coalesce(sum(pg_table_size(oid) + pg_indexes_size(oid)), 0)::bigint FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'm')),
       (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::double precision FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       (SELECT 'SELECT pg_terminate_backend(' || pid || ')' FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
        ORDER BY xact_start LIMIT 1)";

/// Replicas, with the bytes that they have not replayed. Roles that may not see them see NULL.
const REPLICAS: &str = "SELECT coalesce(nullif(application_name, ''), client_addr::text, pid::text),
       coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
         replay_lsn), -1)::bigint
     FROM pg_stat_replication ORDER BY 1";

const SETTINGS: &str = "SELECT name, setting || coalesce(unit, '') FROM pg_settings
     WHERE name IN ('default_transaction_isolation', 'fsync', 'full_page_writes', 'jit', 'lock_timeout', 'max_connections',
       'search_path', 'shared_buffers', 'statement_timeout', 'synchronous_commit', 'TimeZone') ORDER BY name";

/// Connecting that takes so much longer than a query is worth a pooler.
const WORTH_A_POOLER: f64 = 5.0;

pub(super) fn report(store: &mut PostgresStore) -> Result<ServerStatus> {
    let started = Instant::now();
    store.session = Session::open(&store.server, Place::new(&store.server, store.options.lock_timeout))?;
    let connecting_ms = started.elapsed().as_secs_f64() * 1000.0;
    store.session.begin(Beginning::Read);
    let report = read(&store.session, connecting_ms);
    store.session.undo();
    report
}

fn read(session: &Session, connecting_ms: f64) -> Result<ServerStatus> {
    let counts = pairs(session, COUNTS)?;
    let started = Instant::now();
    session.first("SELECT 1", &[])?;
    let query_ms = started.elapsed().as_secs_f64() * 1000.0;
    let row = session.first(SERVER, &[])?.ok_or(StoreError::Defect("a query without FROM has one row"))?;
    let replicas = pairs(session, REPLICAS)?;
    let settings = session.rows(SETTINGS, &[])?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut advice = Vec::new();
    if connecting_ms > WORTH_A_POOLER * query_ms {
        advice.push(
            "connecting takes longer than the query: PgBouncer in transaction mode on this machine makes it cheap"
                .to_owned(),
        );
    }
    Ok(ServerStatus {
        server: session.place().location(),
        server_version: row.get(0),
        size_bytes: u64::try_from(row.get::<_, i64>(1)).unwrap_or(0),
        schema_version: name_of(CURRENT),
        connecting_ms,
        query_ms,
        oldest_transaction_seconds: row.get(2),
        end_oldest_transaction: row.get(3),
        replicas,
        settings,
        counts,
        advice,
    })
}

fn pairs(session: &Session, sql: &str) -> Result<Vec<(String, i64)>> {
    Ok(session.rows(sql, &[])?.iter().map(|row| (row.get(0), row.get(1))).collect())
}
