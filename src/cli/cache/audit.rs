//! `cfn cache audit`.

use crate::cli::Verdict;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::ops::{self, AuditReport};

/// Find keys of the fleet that live too long
///
/// Keys that begin with session: should live for 3600 s at most, coord: 86400 s, and cache:query: 300 s. Answers that cfn itself
/// put under cache:query: never become wrong, and live as long as their class (CFN_CACHE_TTL_READS and
/// CFN_CACHE_TTL_ANALYTICS, 10 % more or less).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache audit
  cfn cache audit --fix")]
pub(super) struct Args {
    /// Give keys that live too long, or for ever, the time that they should have
    #[arg(long)]
    fix: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let settings = context.require_cache()?;
    let report = ops::audit(Context::connect_cache(&settings)?.as_mut(), &settings, args.fix)?;
    context.output.answer(&report)?;
    if report.wrong() > 0 && !args.fix {
        context.output.note("'cfn cache audit --fix' gives them the time that they should have");
    }
    Ok(Verdict::Done)
}

impl Report for AuditReport {
    fn text(&self, page: &mut Page) {
        let rows = self.prefixes.iter().map(|it| {
            let memory = it.memory_bytes.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
            let counts = [it.without_ttl, it.too_long, it.fixed].map(|it| it.to_string());
            let mut row = vec![it.prefix.to_owned(), it.keys.to_string(), memory, it.longest_s.to_string()];
            row.extend(counts);
            row
        });
        page.table(&["keys", "number", "bytes", "longest s", "for ever", "too long", "fixed"], rows);
        for name in self.prefixes.iter().flat_map(|it| &it.examples) {
            page.line(format!("such as {}", Visible(name)));
        }
    }
}
