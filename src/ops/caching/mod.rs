//! Maintenance of the query cache: measuring, explaining, filling, clearing and auditing it.

mod audit;
mod clear;
mod cost;
mod explain;
mod status;
mod warm;

use crate::cache::{KeyName, Server};

use super::error::Result;

pub use audit::{AuditReport, AuditedPrefix, audit};
pub use clear::{ClearReport, clear};
pub use cost::{Factories, costs};
pub use explain::{Explanation, explain};
pub use status::{CacheStatus, ClassStatus, MemoryTier, ServerSetting, ServerStatus, cache_status};
pub use warm::{Warm, WarmReport, WarmedClass, warm};

/// An action on a page of keys.
type Each<'a> = dyn FnMut(&mut dyn Server, &[KeyName]) -> Result<()> + 'a;

/// Calls `each` with all keys that start with `prefix`, page by page.
fn pages(server: &mut dyn Server, prefix: &str, each: &mut Each<'_>) -> Result<()> {
    let mut cursor = Some(0);
    while let Some(at) = cursor {
        let page = server.page(prefix, at)?;
        each(server, &page.names)?;
        cursor = page.next;
    }
    Ok(())
}
