//! Parts of cfn inside one process. Each says which real case its size stands for; how long a whole command takes is measured
//! by `whole_process`.

#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::Path;

use cfn::bench::statistics::ratio_of_medians;
use cfn::bench::workload::{self, MEDIAN_BYTES, Workload, agent_of, sized_skill_text, write_skill, write_tree};
use cfn::cache::Disabled;
use cfn::clock::Clock;
use cfn::model::{AgentType, ContentHash, FolderLimits, Outcome, SkillName};
use cfn::ops::{self, Analytics, DatedRequest, Deploy, Files, Import, Load, NewUse, Project, ReportName};
use cfn::skill_file::{Limits, SkillFile};
use cfn::store::Store;
use cfn::store::sqlite::{Access, Options, SqliteStore};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// A large project.
const SKILLS: usize = 5000;

fn file(c: &mut Criterion) {
    let text = sized_skill_text("skill-000001", 1, 0, MEDIAN_BYTES);
    let mut group = c.benchmark_group("skill file of 4 KB, the median of public collections");
    group.throughput(Throughput::Bytes(text.len() as u64));
    let limits = Limits::default();
    group.bench_function("front matter", |b| b.iter(|| SkillFile::read(black_box(text.as_bytes()), &limits).is_ok()));
    group.bench_function("SHA-256", |b| b.iter(|| ContentHash::of(black_box(text.as_bytes()))));
    group.finish();
}

fn load(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skills.db");
    fill_database(&path);
    let agent_type: AgentType = agent_of(7, SKILLS).parse().expect("an agent type");
    let request = Load::usual(agent_type.clone());
    let open = || SqliteStore::open(&path, Access::Read, Options::default(), Clock::System).expect("it opens");
    let mut group = c.benchmark_group("20 skills of a large project's 5,000");
    group.bench_function("open, load, close: what every start does", |b| {
        b.iter(|| ops::load(&mut open(), &Disabled, &request).expect("skills").skills.len());
    });
    let mut store = open();
    group.bench_function("load again: a request of a batch", |b| {
        b.iter(|| ops::load(&mut store, &Disabled, &request).expect("skills").skills.len());
    });
    group.bench_function("which skills, without their bytes", |b| {
        b.iter(|| store.read().and_then(|it| it.candidates(&agent_type)).expect("candidates").len());
    });
    group.finish();
}

fn fill_database(path: &Path) {
    SqliteStore::create(path, Options::default(), Clock::System).expect("a database");
    let mut store = SqliteStore::open(path, Access::Write, Options::default(), Clock::System).expect("it opens");
    let workload = Workload { skills: SKILLS, usage_rows: 0, used_skills: usize::MAX };
    workload::fill(&mut store, &workload, Clock::System, &mut |_, _| Ok(())).expect("skills");
}

fn import(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = folder.path().join("tree");
    write_tree(&tree, 500).expect("files");
    let mut group = c.benchmark_group("import");
    group.sample_size(10).throughput(Throughput::Elements(500));
    group.bench_function("500 files: one transaction of an import", |b| {
        b.iter_batched_ref(
            || {
                let target = tempfile::tempdir_in(folder.path()).expect("a folder");
                let path = target.path().join("skills.db");
                SqliteStore::create(&path, Options::default(), Clock::System).expect("a database");
                (target, path)
            },
            |(_, path)| import_into(path, &tree),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn import_into(database: &Path, tree: &Path) -> usize {
    let mut store = SqliteStore::open(database, Access::Write, Options::default(), Clock::System).expect("it opens");
    let (files, request) = (
        Files { most_bytes: 1024 * 1024, root: None, folder: FolderLimits::default(), database: None },
        Import::new(tree),
    );
    let report =
        ops::import(&mut store, &files, &Project::of(&database.into(), tree), Clock::System, &request, &mut |_| ());
    report.expect("an import").imported
}

fn write(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skills.db");
    fill_database(&path);
    let mut store = SqliteStore::open(&path, Access::Write, Options::default(), Clock::System).expect("it opens");
    let mut group = c.benchmark_group("one transaction in a large project");
    let execution = NewUse {
        skill: workload::skill_name(7).parse().expect("a name"),
        agent_id: "agent-1".to_owned(),
        agent_type: agent_of(7, SKILLS).parse().expect("an agent type"),
        task_id: Some("task-1".to_owned()),
        phase: None,
        outcome: Outcome::default(),
    };
    group.bench_function("log an execution", |b| b.iter(|| ops::log(&mut store, Clock::System, &execution).is_ok()));
    let (files, project) = (
        Files { most_bytes: 1024 * 1024, root: None, folder: FolderLimits::default(), database: None },
        Project::of(&path.as_path().into(), folder.path()),
    );
    let mut number = SKILLS;
    group.bench_function("deploy a skill, its commit synced", |b| {
        b.iter_batched(
            || {
                number += 1;
                let file = write_skill(folder.path(), number, 0).expect("a file");
                (workload::skill_name(number).parse().expect("a name"), file)
            },
            |(name, file)| ops::deploy(&mut store, &files, &project, Clock::System, &deployment(&name, &file)).is_ok(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn deployment<'a>(name: &'a SkillName, path: &'a Path) -> Deploy<'a> {
    Deploy::new(42, name, path)
}

fn report(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("skills.db");
    SqliteStore::create(&path, Options::default(), Clock::System).expect("a database");
    let mut store = SqliteStore::open(&path, Access::Write, Options::default(), Clock::System).expect("it opens");
    let workload = Workload { skills: 1000, usage_rows: 10_000, used_skills: usize::MAX };
    workload::fill(&mut store, &workload, Clock::System, &mut |_, _| Ok(())).expect("skills");
    let mut group = c.benchmark_group("report over 10,000 usage rows");
    for (report, name) in ReportName::ALL {
        let request = DatedRequest::now(&Analytics::whole(report), Clock::System);
        group.bench_function(name, |b| b.iter(|| ops::analytics(&mut store, &Disabled, &request).is_ok()));
    }
    group.finish();
}

/// What a comparison with a baseline takes, for each of its operations twice.
fn statistics(c: &mut Criterion) {
    let samples =
        |step: usize| (0..200_u32).map(|it| 5.0 + f64::from(it * 7 % 31) / 10.0).skip(step).collect::<Vec<_>>();
    let (before, now) = (samples(0), samples(3));
    c.bench_function("interval of a ratio of medians, 200 samples each", |b| {
        b.iter(|| ratio_of_medians(black_box(&before), black_box(&now)));
    });
}

criterion_group!(benches, file, load, write, report, import, statistics);
criterion_main!(benches);
