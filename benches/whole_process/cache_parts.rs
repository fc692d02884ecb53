//! The query cache inside one process: heavy reports, filling it, and its connections.

use std::time::Instant;

use cfn::bench::workload::{Workload, fill};
use cfn::cache::redis::{Attended, Patience, Redis};
use cfn::cache::{Cache, Class, Disabled, Key, Question, Server as _};
use cfn::clock::Clock;
use cfn::model::{CacheKey, Location, Revision, Tables};
use cfn::ops::{self, Analytics, DatedRequest, ReportName};
use cfn::settings::{CacheSettings, Flags, Settings};
use cfn::store::Store;
use cfn::store::sqlite::{Access, Options, SqliteStore};

use super::Bench;
use super::measure::{Comparison, Result, Side, compare};
use super::project::Project;
use super::redis_server::Server;

/// A log of some months of a large fleet.
const ROWS: usize = 1_000_000;

/// Answers that a warming stores at once: what the agent types of a large fleet get.
const ANSWERS: u64 = 500;

/// What a load of five skills keeps, without its bodies.
const ANSWER_BYTES: usize = 1400;

pub(crate) fn parts(bench: &mut Bench, server: &Server) -> Result<()> {
    connections(bench, server)?;
    filling(bench, server)?;
    heavy_reports(bench, server)
}

fn settings(url: &str, project: &Project) -> Result<CacheSettings> {
    let flags = Flags { redis_url: Some(url.into()), cache: "always".parse().ok(), ..Flags::default() };
    Ok(Settings::resolve(&flags, &|_| None, &project.folder).cache()?)
}

fn redis(settings: &CacheSettings, project: &Project) -> Result<Redis> {
    let redis = Redis::start(settings, &Location::File(project.database()), &Class::ALL, Patience::Work, Clock::System);
    redis.ok_or_else(|| "Redis is in cooldown".into())
}

fn key(number: u64) -> Key {
    let revision = Revision::new([1; 16], vec![2; 16], CacheKey([3; 32]));
    Key::of(&revision, &Question::new(Class::Load, Tables::Catalogue, "bench").number(Some(number)))
}

/// How many times the median of the second side is in that of the first.
fn ratio(comparison: &Comparison) -> f64 {
    let median = |side: usize| comparison.sides[side].figures()[2];
    median(0) / median(1)
}

fn connections(bench: &mut Bench, server: &Server) -> Result<()> {
    let project = Project::empty(bench, "connections")?;
    let settings = settings(&server.url, &project)?;
    let key = key(0);
    let pooled = redis(&settings, &project)?;
    pooled.put(&key, &[b'x'; ANSWER_BYTES]);
    let ask = |redis: &Redis| redis.get(&key).map(|_| ()).ok_or("the answer is not there");
    let sides = vec![
        Side::new("a connection a question", |_| {
            let since = Instant::now();
            ask(&redis(&settings, &project)?)?;
            Ok(since.elapsed())
        }),
        Side::new("pooled", |_| {
            let since = Instant::now();
            ask(&pooled)?;
            Ok(since.elapsed())
        }),
    ];
    let comparison = compare("a question to Redis, TCP", bench.runs * 20, 20, sides)?;
    let saved = 100.0 * (1.0 - 1.0 / ratio(&comparison));
    bench.report("cache-connections", comparison)?;
    bench.verdict("4 pooled connections, at least 60 % below one a question", format!("{saved:.0} %"), saved >= 60.0);
    Ok(())
}

fn filling(bench: &mut Bench, server: &Server) -> Result<()> {
    let project = Project::empty(bench, "filling")?;
    let settings = settings(&server.url, &project)?;
    let address = settings.server.clone().ok_or("there is a server")?;
    let mut attended = Attended::connect_within(Attended::PATIENCE, &address, &settings)?;
    let mut other = Attended::connect_within(Attended::PATIENCE, &address, &settings)?;
    let answers: Vec<_> = (0..ANSWERS).map(|number| (key(number), vec![b'x'; ANSWER_BYTES])).collect();
    let sides = vec![
        Side::new("one by one", |_| {
            let since = Instant::now();
            answers.iter().try_for_each(|it| other.put_all(std::slice::from_ref(it)).map(drop))?;
            Ok(since.elapsed())
        }),
        Side::new("pipelined, as 'cache warm' does", |_| {
            let since = Instant::now();
            attended.put_all(&answers)?;
            Ok(since.elapsed())
        }),
    ];
    let comparison = compare(&format!("{ANSWERS} answers of {ANSWER_BYTES} bytes stored"), bench.runs, 2, sides)?;
    let faster = ratio(&comparison);
    bench.report("cache-filling", comparison)?;
    bench.verdict("4 a pipelined warming, at least 5x faster", format!("{faster:.1}x"), faster >= 5.0);
    Ok(())
}

fn heavy_reports(bench: &mut Bench, server: &Server) -> Result<()> {
    let project = Project::empty(bench, "heavy")?;
    let database = project.database();
    SqliteStore::create(&database, Options::default(), Clock::System)?;
    let mut store = SqliteStore::open(&database, Access::Write, Options::default(), Clock::System)?;
    fill(
        &mut store,
        &Workload { skills: 100, usage_rows: ROWS, used_skills: usize::MAX },
        Clock::System,
        &mut |_, _| Ok(()),
    )?;
    drop(store);
    // Without this row nobody knows whether the rollups are exact, so reports scan the log.
    rusqlite::Connection::open(&database)?.execute_batch("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'")?;
    let open = || SqliteStore::open(&database, Access::Read, Options::default(), Clock::System);
    if !open()?.usage_sums().is_behind()? {
        return Err("the rollups are not switched off".into());
    }
    let settings = settings(&server.url, &project)?;
    let asked = DatedRequest::now(&Analytics::whole(ReportName::Effectiveness), Clock::System);
    ops::analytics(&mut open()?, &redis(&settings, &project)?, &asked)?;
    let sides = vec![
        Side::new("a scan of the log", |_| {
            let mut store = open()?;
            let since = Instant::now();
            ops::analytics(&mut store, &Disabled, &asked)?;
            Ok(since.elapsed())
        }),
        Side::new("hit, connecting included", |_| {
            let mut store = open()?;
            let since = Instant::now();
            ops::recalled_report(&mut store, &redis(&settings, &project)?, &asked)?.ok_or("the answer is not there")?;
            Ok(since.elapsed())
        }),
    ];
    let what = format!("effectiveness over {ROWS} rows, rollups switched off");
    let comparison = compare(&what, bench.few_runs(), 1, sides)?;
    let saved = 100.0 * (1.0 - 1.0 / ratio(&comparison));
    bench.report("cache-heavy", comparison)?;
    bench.verdict("4 repeated heavy reports, at least 90 % less", format!("{saved:.2} %"), saved >= 90.0);
    Ok(())
}
