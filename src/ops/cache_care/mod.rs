//! Maintenance of the query cache: measuring, explaining, filling, clearing and auditing it.

mod audit;
mod clear;
mod cost;
mod explain;
mod fleet;
mod pages;
mod status;
mod warm;

pub(super) use audit::audit_sample;
pub use audit::{AuditReport, AuditedPrefix, audit};
pub use clear::{ClearReport, clear};
pub use cost::{Factories, costs};
pub(super) use explain::verdict;
pub use explain::{Explanation, explain};
pub use status::{CacheStatus, ClassStatus, MemoryTier, ServerSetting, ServerStatus, cache_status};
pub use warm::{Warm, WarmReport, WarmedClass, warm};
