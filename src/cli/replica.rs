//! Reads that a replica may answer instead of the primary: those of `list`, `show`, `history`, `analytics` and `search`.

use super::context::{Access, Context};
use super::failure::Failure;
use super::opening::ReplicaUse;
use crate::model::Exit;
use crate::store::Store;

impl Context {
    /// Opens a replica that has everything that this user wrote, where there is one that answers in time; else the database.
    /// `few_rows`: to read a few scattered rows.
    pub(super) fn open_replicated(&self, few_rows: bool) -> Result<Box<dyn Store>, Failure> {
        let replicas = if self.replica.get() == ReplicaUse::Failed { None } else { self.settings.replicas()? };
        let Some(replicas) = replicas else {
            return if few_rows { self.open_for_few_rows(Access::Read) } else { self.open(Access::Read) };
        };
        let (store, is_replica) = self.opening(Access::Read)?.open_reading(&replicas, self.former.clone())?;
        self.replica.set(if is_replica { ReplicaUse::Used } else { ReplicaUse::Allowed });
        Ok(store)
    }

    /// Whether a replica was opened, and has not failed.
    pub(super) fn reads_a_replica(&self) -> bool {
        self.replica.get() == ReplicaUse::Used
    }

    /// Whether a replica was asked and has failed in a way in which the primary need not: it is not asked again.
    pub(super) fn gives_up_replica(&self, failure: &Failure) -> bool {
        let gives_up = self.reads_a_replica() && matches!(failure.code, Exit::Database | Exit::Busy);
        if gives_up {
            tracing::debug!(failure = failure.message, "the replica failed: the primary answers");
            self.replica.set(ReplicaUse::Failed);
        }
        gives_up
    }
}
