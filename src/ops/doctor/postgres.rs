//! A database on a server, and the workflow database.

use std::time::Duration;

use super::database::{MAINTAIN, repairable, statement};
use super::diagnosis::{Area, Diagnosis};
use crate::model::{Location, Visible};
use crate::store::{Examination, ServerStatus};

const PG: Area = Area::Postgres;

/// A transaction that is open for longer keeps the server from cleaning up, in seconds.
const LONG: f64 = 3600.0;

/// A replica further behind is late, in bytes.
const LATE: i64 = 16 << 20;

/// What a server shows.
#[must_use]
pub fn server_lines(at: &Location, status: &ServerStatus, found: &Examination) -> Vec<Diagnosis> {
    vec![connecting(status), replicas(status), oldest_transaction(at, status), partitions(found), indexes(at, found)]
}

fn connecting(status: &ServerStatus) -> Diagnosis {
    let evidence = format!(
        "PostgreSQL {}: connecting {:.2} ms, a query {:.2} ms",
        Visible(&status.server_version),
        status.connecting_ms,
        status.query_ms
    );
    match status.advice.first() {
        // Only a measured difference that somebody feels is worth a warning.
        Some(advice) if status.connecting_ms > WORTH_A_POOLER_MS => Diagnosis::warn(
            PG,
            "connecting",
            format!("{evidence}; {advice}"),
            "apt-get install pgbouncer, see docs/postgresql.md",
        ),
        _ => Diagnosis::ok(PG, "connecting", evidence),
    }
}

/// Connecting that takes longer is felt.
const WORTH_A_POOLER_MS: f64 = 50.0;

fn replicas(status: &ServerStatus) -> Diagnosis {
    let shown = |(name, behind): &(String, i64)| {
        let behind =
            u64::try_from(*behind).map_or_else(|_| "lag not visible".to_owned(), |it| format!("{it} bytes behind"));
        format!("{}: {behind}", Visible(name))
    };
    let all = status.replicas.iter().map(shown).collect::<Vec<_>>().join(", ");
    if status.replicas.is_empty() {
        return Diagnosis::not_used(PG, "replicas", "none, or none that this role may see");
    }
    if status.replicas.iter().any(|it| it.1 > LATE) {
        let mend = "look at the log and the network of the replica; if its replay is paused, call pg_wal_replay_resume() there";
        return Diagnosis::warn(PG, "replicas", all, mend);
    }
    Diagnosis::ok(PG, "replicas", all)
}

fn oldest_transaction(at: &Location, status: &ServerStatus) -> Diagnosis {
    let name = "oldest transaction";
    let Some(seconds) = status.oldest_transaction_seconds else {
        return Diagnosis::ok(PG, name, "none but this one");
    };
    let evidence = format!("open for {seconds:.0} s");
    match &status.end_oldest_transaction {
        Some(sql) if seconds > LONG => Diagnosis::warn(
            PG,
            name,
            format!("{evidence}: the server keeps all that was deleted since"),
            statement(at, sql),
        ),
        _ => Diagnosis::ok(PG, name, evidence),
    }
}

fn partitions(found: &Examination) -> Diagnosis {
    let missing: Vec<_> =
        found.missing_partitions.iter().map(|it| format!("the usage log has none for {it}")).collect();
    Diagnosis::findings((PG, "partitions"), &missing, "there for the coming months", MAINTAIN)
}

fn indexes(at: &Location, found: &Examination) -> Diagnosis {
    repairable((PG, "indexes"), at, &found.invalid_indexes, "all are valid", "build the invalid indexes again")
}

/// Whether the workflow database answers: what connecting took, or why it failed.
#[must_use]
pub fn workflow_line(server: &str, connected: Result<Duration, String>) -> Diagnosis {
    let name = "workflow database";
    match connected {
        Ok(took) => {
            let evidence = format!("{} answers after {:.1} ms", Visible(server), took.as_secs_f64() * 1e3);
            Diagnosis::ok(PG, name, evidence)
        }
        Err(why) => {
            let mend = "start the server, or correct CFN_POSTGRES_URL or PHASE4_POSTGRES_*; events wait until then";
            Diagnosis::fail(PG, name, why, mend)
        }
    }
}
