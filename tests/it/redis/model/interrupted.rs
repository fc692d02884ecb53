//! A database into which somebody else writes in the middle of a read.

use cfn::store::following::FollowTarget;
use cfn::store::sqlite::SqliteStore;
use cfn::store::{self, Care, Durability, FileCare, Inspect, SearchIndex, Snapshot, Store, UsageSums, Work};
use rusqlite::Connection;

use super::writes;

/// The database of a read in whose middle somebody else writes: before its second snapshot, so after it asked the cache.
pub(super) struct Interrupted<'a> {
    pub(super) inner: &'a mut SqliteStore,
    pub(super) snapshots: usize,
    pub(super) writer: &'a mut Connection,
    pub(super) sql: &'a str,
}

impl Store for Interrupted<'_> {
    fn read(&mut self) -> store::Result<Box<dyn Snapshot + '_>> {
        self.snapshots += 1;
        if self.snapshots == 2 {
            writes::execute(self.writer, self.sql);
        }
        self.inner.read()
    }

    fn attempt(&mut self, durability: Durability, work: &mut Work<'_>) -> store::Result<()> {
        self.inner.attempt(durability, work)
    }

    fn usage_sums(&mut self) -> &mut dyn UsageSums {
        self.inner.usage_sums()
    }

    fn search_index(&mut self) -> Box<dyn SearchIndex> {
        self.inner.search_index()
    }

    fn care(&mut self) -> &mut dyn Care {
        self.inner.care()
    }

    fn file_care(&mut self) -> Option<&mut dyn FileCare> {
        self.inner.file_care()
    }

    fn follower(&mut self) -> Option<&mut dyn FollowTarget> {
        self.inner.follower()
    }

    fn inspect(&mut self) -> Option<&mut dyn Inspect> {
        self.inner.inspect()
    }
}
