//! Connections for what compares the cache with the database.

use crate::cache::ServerResult;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::ops::{self, Factories};
use crate::settings::CacheSettings;
use crate::store::{self, Store};

/// Calls `work` with factories that reconnect on each call, as every command does.
pub(super) fn with_factories<T>(
    context: &Context,
    settings: &CacheSettings,
    work: impl FnOnce(&Factories<'_>) -> ops::Result<T>,
) -> Result<T, Failure> {
    let opening = context.opening(Access::Read)?;
    let open = || -> store::Result<Box<dyn Store>> { opening.open(Access::Read) };
    let connect = || -> ServerResult<_> { Context::connect_cache(settings) };
    Ok(work(&Factories { open: &open, connect: &connect })?)
}
