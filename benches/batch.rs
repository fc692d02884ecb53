//! Goal 4: a request of `load --batch` for an agent with five skills of 4 KB, in a large project of 5,000.
//!
//! In the process: what a request costs that is answered from memory (hit), that is not (miss), or that may not be (bypass), and
//! what it costs to see that nothing was written. Then each hit on its own, for percentiles, and at last the whole program, which
//! reads requests from a file and writes answers to nowhere.

#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "the percentiles are the purpose")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cfn::bench::statistics::Summary;
use cfn::bench::workload::{self, Workload};
use cfn::cache::{Bounds, Disabled, Question};
use cfn::clock::Clock;
use cfn::model::{SkillId, Tables};
use cfn::ops::{self, Format, Load, LoadReport, Query as _, Remembered};
use cfn::store::sqlite::{Access, Options, SqliteStore};
use cfn::store::{Durability, NewMapping, Store as _, write};
use criterion::Criterion;
use serde_json::Value;

/// What an orchestrator sends.
const LINE: &str = r#"{"id":12345,"agent_type":"backend-developer","context":["auth","database"],"phase":"loop3"}"#;

/// Single hits.
const MANY: usize = 100_000;

/// Requests of the whole program's short run.
const FEW: u32 = 1_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skills.db");
    project(&path).expect("a database");
    let mut criterion = Criterion::default().configure_from_args();
    requests(&mut criterion, &path);
    percentiles(&path);
    whole_program(folder.path(), &path);
    criterion.final_summary();
}

fn project(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    SqliteStore::create(path, Options::default(), Clock::System)?;
    let mut store = SqliteStore::open(path, Access::Write, Options::default(), Clock::System)?;
    workload::fill(
        &mut store,
        &Workload { skills: 5000, usage_rows: 0, used_skills: usize::MAX },
        Clock::System,
        &mut |_, _| Ok(()),
    )?;
    let (agent_type, now) = ("backend-developer".parse()?, Clock::System.moment());
    let mapping =
        NewMapping { agent_type: &agent_type, priority: 5, required: false, conditions: None, enabled: true, now };
    let mut map = |skill| write(&mut store, Durability::Normal, |tx| tx.add_mapping(SkillId(skill), &mapping));
    [7, 1007, 2007, 3007, 4007].into_iter().try_for_each(|skill| map(skill).map(drop))?;
    Ok(())
}

fn open(path: &Path) -> SqliteStore {
    let options = Options { long_lived: true, ..Options::default() };
    SqliteStore::open(path, Access::Read, options, Clock::System).expect("it opens")
}

/// What `load --batch` makes of a line.
fn read(line: &str) -> (Value, Load) {
    let mut request: Value = serde_json::from_str(line).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let load = Load {
        context: request["context"].as_array().expect("words").iter().map(text).collect(),
        phase: Some(text(&request["phase"])),
        format: Format::Json,
        ..Load::usual(text(&request["agent_type"]).parse().expect("an agent type"))
    };
    (request["id"].take(), load)
}

fn encode(report: &LoadReport) -> Arc<[u8]> {
    serde_json::to_vec(report).map(Arc::from).expect("JSON")
}

fn send(out: &mut Vec<u8>, id: &Value, answer: &[u8]) {
    out.clear();
    write!(out, "{{\"id\":{id},").expect("memory");
    out.extend_from_slice(&answer[1..]);
}

/// A request that is answered from memory, from its line to its answer; the bytes of that.
fn hit(store: &mut SqliteStore, memory: &mut Remembered, out: &mut Vec<u8>) -> usize {
    let (id, load) = read(LINE);
    let found = memory.load(store, &Disabled, (&load, &load.question()), Instant::now(), |_| {
        Err::<Arc<[u8]>, Box<dyn std::error::Error>>("a miss".into())
    });
    send(out, &id, &found.expect("a hit"));
    out.len()
}

/// Loads and keeps it.
fn fill(store: &mut SqliteStore, memory: &mut Remembered, load: &Load, question: &Question) -> Arc<[u8]> {
    let encode = |report: &LoadReport| {
        assert_eq!(report.skills.len(), 5);
        Ok::<_, ops::Error>(encode(report))
    };
    memory.load(store, &Disabled, (load, question), Instant::now(), encode).expect("skills")
}

fn requests(c: &mut Criterion, path: &Path) {
    let (mut store, mut memory, mut out) = (open(path), Remembered::new(Bounds::of_machine()), Vec::new());
    let (_, load) = read(LINE);
    fill(&mut store, &mut memory, &load, &load.question());
    let mut group = c.benchmark_group("a request of a batch, five skills of 4 KB");
    group.bench_function("hit", |b| b.iter(|| hit(&mut store, &mut memory, &mut out)));
    let mut asked = 0;
    group.bench_function("miss", |b| {
        b.iter(|| {
            let (id, load) = read(LINE);
            asked += 1;
            let other = load.question().number(Some(asked));
            let answer = fill(&mut store, &mut memory, &load, &other);
            send(&mut out, &id, &answer);
        });
    });
    group.bench_function("bypass", |b| {
        b.iter(|| {
            let (id, load) = read(LINE);
            let answer = encode(&ops::load(&mut store, &Disabled, &load).expect("skills"));
            send(&mut out, &id, &answer);
        });
    });
    group.bench_function("of which: whether anything was written", |b| {
        b.iter(|| store.read().and_then(|it| it.revision(Tables::Catalogue)).expect("a revision"));
    });
    group.bench_function("of which: reading the line", |b| b.iter(|| read(LINE)));
    group.finish();
}

fn percentiles(path: &Path) {
    let (mut store, mut memory, mut out) = (open(path), Remembered::new(Bounds::of_machine()), Vec::new());
    let (_, load) = read(LINE);
    fill(&mut store, &mut memory, &load, &load.question());
    let mut taken = Vec::with_capacity(MANY);
    let mut bytes = 0;
    for _ in 0..MANY {
        let since = Instant::now();
        bytes = hit(&mut store, &mut memory, &mut out);
        taken.push(since.elapsed().as_secs_f64() * 1e6);
    }
    let it = Summary::of(&taken).expect("samples");
    println!(
        "{MANY} single hits, {bytes} bytes each: median {:.1} µs, p95 {:.1}, p99 {:.1}, mean {:.1}, minimum {:.1}\n",
        it.median, it.p95, it.p99, it.mean, it.minimum
    );
}

/// The time of many requests less that of few, so that starting does not count.
fn whole_program(folder: &Path, database: &Path) {
    let requests = folder.join("requests");
    let run = |count: u32, cache: &str| -> Duration {
        fs::write(&requests, format!("{LINE}\n").repeat(count as usize)).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cfn"));
        command.args(["load", "--batch", "--cache", cache, "--db"]).arg(database).stdout(Stdio::null());
        command.stdin(File::open(&requests).expect("requests"));
        let since = Instant::now();
        assert!(command.status().expect("cfn runs").success());
        since.elapsed()
    };
    for (cache, what) in [("auto", "from memory"), ("never", "without a cache")] {
        let mut each: Vec<f64> = (0..9)
            .map(|_| {
                let (few, many) = (run(FEW, cache), run(FEW * 21, cache));
                (many.saturating_sub(few) / (FEW * 20)).as_secs_f64() * 1e6
            })
            .collect();
        each.sort_by(f64::total_cmp);
        println!(
            "cfn load --batch {what}: median of 9 runs {:.1} µs a request, {:.1} to {:.1}",
            each[4], each[0], each[8]
        );
    }
}
