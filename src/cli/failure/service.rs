//! Errors of outside services, with a specific hint for each kind of refusal.

use super::{Failure, FailureKind};
use crate::cache::{self, ServerError};
use crate::postgres::Refusal;
use crate::workflow::WorkflowError;

/// True of every failed delivery.
const NOTHING_LOST: &str = "Nothing is lost: events stay queued.";

impl From<WorkflowError> for Failure {
    fn from(error: WorkflowError) -> Self {
        let message = error.to_string();
        match error {
            WorkflowError::Unreachable { refusal, .. } => {
                let hint =
                    refusal.map_or("Start it, or correct CFN_POSTGRES_URL or PHASE4_POSTGRES_HOST.", of_postgres);
                Self::new(FailureKind::WorkflowUnreachable, message, format!("{NOTHING_LOST} {hint}"))
            }
            WorkflowError::Broken { .. } => {
                let hint = "Nothing is lost and nothing is delivered twice; run 'cfn sync' again.";
                Self::new(FailureKind::WorkflowBroken, message, hint)
            }
            WorkflowError::Failed { refusal, .. } => {
                Self::new(FailureKind::WorkflowFailed, message, format!("{NOTHING_LOST} {}", of_postgres(refusal)))
            }
            WorkflowError::Setup { .. } => {
                Self::new(FailureKind::InvalidSetting, message, "Correct the connection settings.")
            }
        }
    }
}

fn of_postgres(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Login => "Correct the user and password, or the server's pg_hba.conf.",
        Refusal::NoDatabase => "Create the database, or correct its name in the settings.",
        Refusal::Rights => "Grant the role the rights named in the message.",
        Refusal::Schema => "'cfn db postgres-schema --apply' creates the tables that cfn needs.",
        Refusal::ColumnType => "'cfn db postgres-schema --apply' lists the columns that do not fit.",
        Refusal::ReadOnly => {
            "The server is read-only: name the primary, or add target_session_attrs=read-write to several hosts."
        }
        Refusal::Conflict => "The transaction conflicted with another one; run 'cfn sync' again.",
        Refusal::Locked => "Another session holds a lock (see pg_locks); run 'cfn sync' again when it has ended.",
        Refusal::Cancelled => "The statement was cancelled or timed out; find the cause, and run 'cfn sync' again.",
        Refusal::Restart => "The server is starting or stopping; run 'cfn sync' again when it is up.",
        Refusal::Connections => "All connections are taken: raise max_connections, or end some.",
        Refusal::Disk => "Free space on the server's disk, and run 'cfn sync' again.",
        Refusal::Resources => "The server reached a resource limit; see its log.",
        Refusal::Defect => "The server failed; see its log.",
        Refusal::Data => "'cfn sync status' shows the rows that were refused.",
        Refusal::Other => "Resolve the server's error, and run 'cfn sync' again.",
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let (kind, hint) = match &error {
            ServerError::Unreachable { .. } => (
                FailureKind::RedisUnreachable,
                "Start it, or correct --redis-url or CFN_REDIS_URL; other commands work without Redis.",
            ),
            ServerError::Refused { refusal, .. } => (FailureKind::RedisRefused, of_redis(*refusal)),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

fn of_redis(refusal: cache::Refusal) -> &'static str {
    use cache::Refusal;
    match refusal {
        Refusal::NoPassword => "Add the user and password: redis://USER:PASSWORD@HOST:PORT/DATABASE.",
        Refusal::WrongPassword => "Correct the user and password in --redis-url or CFN_REDIS_URL.",
        Refusal::Rights => {
            "Allow this user (ACL SETUSER) the keys ~cache:* for the query cache, ~swarm:* ~coord:* ~context:* ~cfn* \
             ~task:progress:* for agents, and the commands that docs/cache.md and docs/coordination.md list."
        }
        Refusal::Cluster => "Name a Redis that is not in cluster mode, or repair the cluster: cfn talks to one server.",
        Refusal::ReadOnly => "The server is a replica: name the primary.",
        Refusal::Replication => "Repair the replication, or name another server.",
        Refusal::Loading => "The server is loading its data; try again later.",
        Refusal::Memory => "The server's memory is full: raise maxmemory, or set a maxmemory-policy that evicts.",
        Refusal::Saving => "The server cannot save its data, so it accepts no writes; check its log and its disk.",
        Refusal::Script => "The server is busy with a script: wait, or end it with SCRIPT KILL.",
        Refusal::Connections => "All connections are taken: raise maxclients, or end some.",
        Refusal::Protected => "The server is in protected mode: configure a user for this machine.",
        Refusal::Database => "The server has no database with this number; correct the end of the URL.",
        Refusal::Command => {
            "The server lacks a command that cfn needs: use Redis 5 or newer, without renamed commands."
        }
        Refusal::Other => "Resolve the server's error; other commands work without Redis.",
    }
}
