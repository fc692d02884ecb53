//! `cfn cache audit`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops::{self, AuditReport};

/// Find the fleet's keys that live too long
///
/// The maximum time to live is 3600 s for session: keys, 86400 s for coord: keys, and 300 s for cache:query: keys.
/// cfn's own answers under cache:query: never become stale; they live as long as their class (CFN_CACHE_TTL_READS or
/// CFN_CACHE_TTL_ANALYTICS, ±10 %).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache audit
  cfn cache audit --fix")]
pub(super) struct Args {
    /// Set the maximum time to live on keys above it or without one
    #[arg(long)]
    fix: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.require_cache()?;
    let report = ops::audit(Context::connect_cache(&settings)?.as_mut(), &settings, args.fix)?;
    context.output.answer(&report)?;
    if report.wrong() > 0 && !args.fix {
        context.output.note("'cfn cache audit --fix' sets their time to live to the maximum");
    }
    Ok(Exit::Done)
}

impl Report for AuditReport {
    fn text(&self, page: &mut Page) {
        let rows = self.prefixes.iter().map(|it| {
            let memory = it.memory_bytes.map_or_else(|| "unknown".to_owned(), bytes);
            let counts = [it.without_ttl, it.too_long, it.fixed].map(|it| it.to_string());
            let mut row = vec![it.prefix.to_owned(), it.keys.to_string(), memory, it.longest_s.to_string()];
            row.extend(counts);
            row
        });
        page.table(&["keys", "number", "memory", "longest s", "for ever", "too long", "fixed"], rows);
        for name in self.prefixes.iter().flat_map(|it| &it.examples) {
            page.line(format!("for example {}", Visible(name)));
        }
    }
}
