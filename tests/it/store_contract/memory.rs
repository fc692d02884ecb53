//! The contract on the implementation in memory.

use cfn::settings::Queued;
use cfn::store::Store;

use super::{Backend, OtherProgram, contract};
use crate::memory_store::MemoryDatabase;

impl Backend for MemoryDatabase {
    fn open_queueing(&self, queued: Queued) -> Box<dyn Store> {
        Box::new(self.open(queued))
    }

    fn other_program(&self) -> &dyn OtherProgram {
        self
    }
}

contract!(MemoryDatabase::new());
