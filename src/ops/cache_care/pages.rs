//! All keys that begin alike, some at a time.

use crate::cache::{KeyName, Server};
use crate::ops::error::Result;

/// An action on a page of keys.
type Each<'a> = dyn FnMut(&mut dyn Server, &[KeyName]) -> Result<()> + 'a;

/// Calls `each` with all keys that start with `prefix`, page by page.
pub(super) fn pages(server: &mut dyn Server, prefix: &str, each: &mut Each<'_>) -> Result<()> {
    let mut cursor = Some(0);
    while let Some(at) = cursor {
        let page = server.page(prefix, at)?;
        each(server, &page.names)?;
        cursor = page.next;
    }
    Ok(())
}
