//! `cache clear`: removes cfn's own keys, and no others.

use serde::Serialize;

use super::super::error::Result;
use super::pages::pages;
use crate::cache::{QUERY_PREFIX, STATISTICS_PREFIX, Server};

/// The numbers of removed keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClearReport {
    /// Answers.
    pub answers: usize,
    /// Statistics of databases.
    pub statistics: usize,
}

/// Removes the answers and statistics of every database that uses this server.
pub fn clear(server: &mut dyn Server) -> Result<ClearReport> {
    let mut removed = [0, 0];
    for (count, prefix) in removed.iter_mut().zip([QUERY_PREFIX, STATISTICS_PREFIX]) {
        pages(server, prefix, &mut |server, names| {
            *count += server.remove(names)?;
            Ok(())
        })?;
    }
    let [answers, statistics] = removed;
    Ok(ClearReport { answers, statistics })
}
