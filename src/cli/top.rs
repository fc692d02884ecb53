//! `cfn top`.

use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};

use super::context::{Access, Context};
use super::failure::Failure;
use super::interruption::Interruption;
use super::metrics::{agent_figures, redis_figures};
use super::numbers::bytes;
use super::output::{Page, Report};
use super::plural::counted;
use crate::model::Exit;
use crate::ops::{self, CacheRates, CounterFile, Look, Rate, TopReport};

/// The time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Rates are about so many seconds: a single one is too short for few commands.
const LOOKS: usize = 10;

/// Pause between looks for a signal.
const PAUSE: Duration = Duration::from_millis(50);

const UNCOUNTED: &str = "loads and writes are not counted: 'cfn metrics --enable' begins to";

/// Show what happens now, once a second
///
/// Loads and writes a second and what they take, waits for locks, hits of the query cache, agents, reviews and the outbox,
/// of the last 10 seconds. Only reads. Ctrl-C ends it. What commands do is there after 'cfn metrics --enable'.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn top
  cfn top --batch 60 > minute.txt
  cfn top --batch 1 --json")]
pub(super) struct Args {
    /// Print this many lines instead, one a second
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u64).range(1..))]
    batch: Option<u64>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let interruption = Interruption::listen()?;
    let mut looks = VecDeque::from([look(context)?]);
    let Some(lines) = args.batch else {
        let none = || Failure::input("stdout is no terminal", "Print lines with '--batch 10'.");
        let screen = context.output.screen()?.ok_or_else(none)?;
        while let Some(report) = next(context, &interruption, &mut looks)? {
            screen.show(&report)?;
        }
        return Ok(Exit::Done);
    };
    if !context.output.json() {
        context.output.raw(format!("{}\n", HEADER.join("")).as_bytes())?;
    }
    for number in 0..lines {
        let Some(report) = next(context, &interruption, &mut looks)? else { break };
        if number == 0 && report.commands.is_none() {
            context.output.note(UNCOUNTED);
        }
        if context.output.json() {
            context.output.json_line(&report)?;
        } else {
            context.output.raw(line(&report).as_bytes())?;
        }
    }
    Ok(Exit::Done)
}

/// Waits for the next look; `None` after a signal.
fn next(
    context: &Context,
    interruption: &Interruption,
    looks: &mut VecDeque<Look>,
) -> Result<Option<TopReport>, Failure> {
    let since = Instant::now();
    while since.elapsed() < EVERY {
        if interruption.stopped() {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
    let now = look(context)?;
    let report = looks.front().map(|it| ops::top(it, &now));
    looks.push_back(now);
    if looks.len() > LOOKS {
        looks.pop_front();
    }
    Ok(report)
}

fn look(context: &Context) -> Result<Look, Failure> {
    let mut store = context.open(Access::Read)?;
    let database = ops::figures(store.as_mut(), context.clock)?;
    let redis = redis_figures(context, store.as_mut())?;
    let counters = CounterFile::of(&context.settings.database()?);
    Look::take(context.clock.moment().into(), database, counters.as_ref(), redis, agent_figures(context)?)
        .map_err(|it| super::metrics::unusable("read", &it))
}

impl Report for TopReport {
    fn text(&self, page: &mut Page) {
        page.heading(&format!("cfn top   {} UTC", self.at));
        let log = self.wal_bytes.map_or_else(String::new, |it| format!(", log {}", bytes(it)));
        page.cut_line(&format!("database    {}{log}", bytes(self.database_bytes)));
        match &self.commands {
            None => page.cut_line(UNCOUNTED),
            Some(commands) => {
                let rates = [
                    ("loads", commands.loads),
                    ("writes", commands.writes),
                    ("other commands", commands.others),
                    ("queries", commands.queries),
                ];
                let header = ["", "A SECOND", "P50", "P95", "P99"];
                page.table(&header, rates.map(|(name, rate)| row(name, &rate)));
                page.cut_line(&format!(
                    "failed      {:.1} a second, {} writes rolled back",
                    commands.failed_per_s, commands.rolled_back
                ));
                let waited = commands.lock_waits_s * 1e3;
                page.cut_line(&format!("lock waits  {}, {waited:.0} ms together", commands.lock_waits));
            }
        }
        page.cut_line(&format!("cache       {}", self.cache.map_or_else(|| "no server answers".to_owned(), hits)));
        if let Some(it) = self.agents {
            let (memory, failed) = (bytes(it.memory_bytes), it.failed);
            page.cut_line(&format!(
                "agents      {} running with {memory}, {} ended, {failed} failed",
                it.running, it.ended
            ));
        }
        let (overdue, dead) = (format!("{} overdue", self.overdue), format!("{} dead letters", self.dead_letters));
        page.cut_line(&waiting(
            "reviews     ",
            self.pending.unsigned_abs(),
            "pending",
            self.pending_oldest_s,
            &overdue,
        ));
        page.cut_line(&waiting("outbox      ", self.queued, "queued", self.queued_oldest_s, &dead));
        if let Some(it) = &self.follows {
            let pulled = it.seconds_behind.map_or_else(|| "at an unknown time".to_owned(), |it| format!("{it} s ago"));
            page.cut_line(&format!("primary     pulled {pulled}, {} to be pushed", counted(it.unpushed, "use")));
        }
        page.cut_line(&format!("of the last {:.0} s; Ctrl-C ends", self.seconds));
    }
}

/// What waits, how long the first of them has, and what is wrong.
fn waiting(name: &str, count: u64, how: &str, oldest_s: f64, wrong: &str) -> String {
    let oldest = if count > 0 { format!(", the first for {:.1} h", oldest_s / 3600.0) } else { String::new() };
    format!("{name}{count} {how}{oldest}, {wrong}")
}

fn row(name: &str, rate: &Rate) -> Vec<String> {
    let [p50, p95, p99] = [rate.p50_s, rate.p95_s, rate.p99_s].map(|it| below(rate, it));
    vec![name.to_owned(), format!("{:.1}", rate.per_s), p50, p95, p99]
}

/// The bound that a share of durations is below.
fn below(rate: &Rate, bound: Option<f64>) -> String {
    match bound {
        Some(seconds) => format!("<{}ms", seconds * 1e3),
        None if rate.per_s > 0.0 => ">5s".to_owned(),
        None => "-".to_owned(),
    }
}

fn hits(cache: CacheRates) -> String {
    match cache.hits.saturating_mul(100).checked_div(cache.requests) {
        Some(percent) => format!("{percent} % of {} requests", cache.requests),
        None => "no requests".to_owned(),
    }
}

/// The columns of a line, as wide as they are.
const HEADER: [&str; 10] = [
    "TIME    ",
    " LOADS/S",
    " WRITES/S",
    " FAILED/S",
    " LOAD-P95",
    " WRITE-P95",
    " WAITS",
    "  HITS",
    " PENDING",
    " OUTBOX",
];

fn line(report: &TopReport) -> String {
    let of =
        |cell: &dyn Fn(&ops::CommandRates) -> String| report.commands.as_ref().map_or_else(|| "-".to_owned(), cell);
    let percent = report.cache.and_then(|it| (it.hits * 100).checked_div(it.requests));
    let time = report.at.to_string();
    let cells = [
        time.rsplit(' ').next().unwrap_or_default().to_owned(),
        of(&|it| format!("{:.1}", it.loads.per_s)),
        of(&|it| format!("{:.1}", it.writes.per_s)),
        of(&|it| format!("{:.1}", it.failed_per_s)),
        of(&|it| below(&it.loads, it.loads.p95_s)),
        of(&|it| below(&it.writes, it.writes.p95_s)),
        of(&|it| it.lock_waits.to_string()),
        percent.map_or_else(|| "-".to_owned(), |it| format!("{it}%")),
        report.pending.to_string(),
        report.queued.to_string(),
    ];
    let cells = cells.iter().zip(HEADER).map(|(cell, title)| format!("{cell:>width$}", width = title.len()));
    cells.collect::<String>() + "\n"
}
