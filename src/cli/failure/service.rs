//! Errors of outside services, with a hint for each kind of refusal, and none that guesses.

use super::Failure;
use crate::cache::{self, ServerError};
use crate::workflow::{Refusal, WorkflowError};

/// What holds whatever became of a delivery.
const NOTHING_LOST: &str = "Nothing is lost: events stay queued.";

impl From<WorkflowError> for Failure {
    fn from(error: WorkflowError) -> Self {
        let message = error.to_string();
        match error {
            WorkflowError::Unreachable { refusal, .. } => {
                let hint =
                    refusal.map_or("Start it, or correct CFN_POSTGRES_URL or PHASE4_POSTGRES_HOST.", of_postgres);
                Self::new(9, "workflow_unreachable", message, format!("{NOTHING_LOST} {hint}"))
            }
            WorkflowError::Broken { .. } => {
                let hint = "Nothing is lost and nothing is delivered twice; run 'cfn sync' again.";
                Self::new(9, "workflow_broken", message, hint)
            }
            WorkflowError::Failed { refusal, .. } => {
                Self::new(9, "workflow_failed", message, format!("{NOTHING_LOST} {}", of_postgres(refusal)))
            }
            WorkflowError::Setup { .. } => {
                Self::new(1, "invalid_setting", message, "Correct the settings of the connection.")
            }
        }
    }
}

fn of_postgres(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Login => "Correct the user and password, or the server's pg_hba.conf.",
        Refusal::NoDatabase => "Create the database, or correct its name in the settings.",
        Refusal::Rights => "Grant the role the rights that the message names.",
        Refusal::Schema => "'cfn db postgres-schema' prints the tables that it needs; --apply creates them.",
        Refusal::ColumnType => "'cfn db postgres-schema --apply' says which columns have another type.",
        Refusal::ReadOnly => {
            "It takes no writes: name the primary, or add target_session_attrs=read-write to several hosts."
        }
        Refusal::Conflict => "It gave way to another transaction; run 'cfn sync' again.",
        Refusal::Locked => "Another session holds a lock (pg_locks shows it); run 'cfn sync' when that has ended.",
        Refusal::Cancelled => {
            "The statement was cancelled or took too long; see what slows it down, and run 'cfn sync' again."
        }
        Refusal::Restart => "The server starts or stops; run 'cfn sync' again when it is up.",
        Refusal::Connections => "All connections are taken: raise max_connections, or end some.",
        Refusal::Disk => "Make space on the server's disk, and run 'cfn sync' again.",
        Refusal::Resources => "The server is at a limit of its own: see its log.",
        Refusal::Defect => "The server failed: see its log.",
        Refusal::Data => "'cfn sync status' names what was refused.",
        Refusal::Other => "The message is the server's own; run 'cfn sync' again when its cause is gone.",
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let (kind, hint) = match &error {
            ServerError::Unreachable { .. } => (
                "redis_unreachable",
                "Start it, or correct --redis-url or CFN_REDIS_URL; other commands need no Redis.",
            ),
            ServerError::Refused { refusal, .. } => ("redis_refused", of_redis(*refusal)),
        };
        Self::new(9, kind, error.to_string(), hint)
    }
}

fn of_redis(refusal: cache::Refusal) -> &'static str {
    use cache::Refusal;
    match refusal {
        Refusal::NoPassword => "Give user and password: redis://USER:PASSWORD@HOST:PORT/DATABASE.",
        Refusal::WrongPassword => "Correct user and password in --redis-url or CFN_REDIS_URL.",
        Refusal::Rights => "Give this user the right to run the command that the message names (ACL SETUSER).",
        Refusal::Cluster => "Name a Redis that is not in cluster mode, or repair the cluster: cfn talks to one server.",
        Refusal::ReadOnly => "It is a replica: name the primary.",
        Refusal::Replication => "Repair the replication, or name another server.",
        Refusal::Loading => "It is loading its data; try again when it is done.",
        Refusal::Memory => "Its memory is full: raise maxmemory, or set a maxmemory-policy that evicts.",
        Refusal::Saving => "It cannot save its data, so it takes no writes: see its log and its disk.",
        Refusal::Script => "A script keeps it busy: wait, or end it with SCRIPT KILL.",
        Refusal::Connections => "All connections are taken: raise maxclients, or end some.",
        Refusal::Protected => "It is in protected mode: let it listen to this machine, with a user of its own.",
        Refusal::Database => "It has no database of this number: correct the end of the URL.",
        Refusal::Command => {
            "It does not know a command that this needs: name a Redis 5 or newer, or rename nothing there."
        }
        Refusal::Other => "The message is the server's own; other commands need no Redis.",
    }
}
