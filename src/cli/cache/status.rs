//! `cfn cache status`.

use super::factories::with_factories;
use super::microseconds::shown_us;
use crate::cache::Class;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops::{self, CacheStatus, ClassStatus, ServerStatus};

/// Show the state, the configuration and the benefit of the cache
///
/// Measures the cost of an answer with and without Redis, on this machine and this database, and records it for --cache
/// auto. Without a server, shows only the in-memory cache of 'cfn load --batch'.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache status
  cfn cache status --redis-url redis://cache.example.com --json")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let mut progress = context.output.progress("measuring");
    let mut done = |classes| progress.at(classes, Class::ALL.len());
    let settings = &context.settings.cache()?;
    let report = match context.cache_notes(settings)? {
        None => ops::cache_status(settings, None, context.clock, &mut done)?,
        Some(notes) => {
            context.open(Access::Read)?; // an older one is adopted first
            with_factories(context, settings, |factories| {
                ops::cache_status(settings, Some((factories, &notes)), context.clock, &mut done)
            })?
        }
    };
    drop(progress);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for CacheStatus {
    fn text(&self, page: &mut Page) {
        page.line(format!("policy           {}", self.policy));
        match &self.redis {
            None => {
                page.line("Redis            not configured (--redis-url or CFN_REDIS_URL): reads use the database");
            }
            Some(redis) => server(page, redis),
        }
        let memory = &self.memory;
        page.heading("\nin-memory cache (load --batch)");
        page.line(format!(
            "{} to {} entries, at most {}, {} s",
            memory.fewest_entries,
            memory.most_entries,
            bytes(memory.most_bytes as u64),
            memory.ttl_s
        ));
        if !self.classes.is_empty() {
            page.heading("\nclasses");
            classes(page, &self.classes);
        }
    }
}

fn server(page: &mut Page, redis: &ServerStatus) {
    let unknown = || "unknown".to_owned();
    let facts = &redis.facts;
    page.line(format!("Redis            {}", Visible(&redis.server)));
    page.line(format!("version          {}", Visible(facts.version.clone().unwrap_or_else(unknown))));
    page.line(format!("memory           {}", facts.used_memory_bytes.map_or_else(unknown, bytes)));
    page.line(format!("evicted keys     {}", facts.evicted_keys.map_or_else(unknown, |it| it.to_string())));
    page.line(format!("answers          {}", redis.answers));
    page.heading("\nsettings");
    let rows = redis.settings.iter().map(|it| {
        let verdict = it.good.map_or("unknown", |good| if good { "good" } else { "change it" });
        let value = it.value.clone().unwrap_or_else(unknown);
        vec![it.name.to_owned(), value, it.should_be.to_owned(), verdict.to_owned()]
    });
    page.table(&["setting", "value", "should be", "verdict"], rows);
    page.heading("\nlatency");
    match &facts.latency {
        None => page.line("unknown"),
        Some(events) if events.is_empty() => page.line("no slow events"),
        Some(events) => {
            let rows = events.iter().map(|it| vec![it.event.clone(), it.latest_ms.to_string(), it.max_ms.to_string()]);
            page.table(&["event", "latest ms", "longest ms"], rows);
        }
    }
}

fn classes(page: &mut Page, classes: &[ClassStatus]) {
    let rate = |it: Option<f64>| it.map_or_else(|| "-".to_owned(), |it| format!("{:.0} %", it * 100.0));
    let rows = classes.iter().map(|it| {
        vec![
            it.class.to_owned(),
            if it.used { "yes" } else { "no" }.to_owned(),
            shown_us(it.hit_us),
            shown_us(it.database_us),
            it.lookups.lookups.to_string(),
            rate(it.hit_rate),
            rate(it.memory_hit_rate),
            it.why.clone(),
        ]
    });
    page.table(&["class", "used", "hit", "database", "asked", "hits", "in memory", "why"], rows);
}
