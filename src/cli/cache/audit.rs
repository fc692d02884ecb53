//! `cfn cache audit`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, AuditReport};

/// Find the fleet's keys that live too long
///
/// Knows the keys of the fleet's programs, with the time to live that each of them sets, and looks at every key of the
/// server. cfn's own answers never become stale; they live as long as their class (CFN_CACHE_TTL_READS or
/// CFN_CACHE_TTL_ANALYTICS, ±10 %).
///
/// With --fix, only keys of cfn and those that --expire-keys or the setting expire_keys names are changed, and none gets
/// less time than its program sets.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache audit
  cfn cache audit --fix --expire-keys session:,swarm:=604800")]
pub(super) struct Args {
    /// Set the maximum time to live on named keys above it or without one
    #[arg(long)]
    fix: bool,
    /// Keys of other programs that --fix may change, by the beginning of their names, each with =SECONDS if its program
    /// sets no time
    #[arg(long, value_delimiter = ',', value_name = "PREFIX[=SECONDS]")]
    expire_keys: Vec<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.require_cache()?;
    let mut named = context.settings.expiring_keys()?;
    for typed in &args.expire_keys {
        let invalid = |expected| Failure::input(format!("invalid --expire-keys {typed:?}: not {expected}"), HINT);
        named.push(typed.parse().map_err(invalid)?);
    }
    let report = ops::audit(Context::connect_cache(&settings)?.as_mut(), &settings, &named, args.fix)?;
    context.output.answer(&report)?;
    if report.wrong() > 0 && !args.fix {
        let may = report.fixable();
        context
            .output
            .note(&format!("'cfn cache audit --fix' may correct {may} of {}", counted(report.wrong(), "key")));
    }
    Ok(Exit::Done)
}

/// What to type instead of something invalid.
const HINT: &str = "Name prefixes such as session: or swarm:=86400.";

impl Report for AuditReport {
    fn text(&self, page: &mut Page) {
        let rows = self.prefixes.iter().map(|it| {
            let memory = it.memory_bytes.map_or_else(|| "unknown".to_owned(), bytes);
            let counts = [it.without_ttl, it.too_long, it.fixed].map(|it| it.to_string());
            let longest = it.longest_s.map_or_else(|| "-".to_owned(), |it| it.to_string());
            let mut row = vec![Visible(&it.prefix).to_string(), it.keys.to_string(), memory, longest];
            row.extend(counts);
            row.push(it.owner.unwrap_or("-").to_owned());
            row
        });
        page.table(&["keys", "number", "memory", "longest s", "for ever", "too long", "fixed", "set by"], rows);
        for name in self.prefixes.iter().flat_map(|it| &it.examples) {
            page.line(format!("for example {}", Visible(name)));
        }
    }
}
