//! From samples to the verdict, with a script instead of programs.

mod files;
mod gaps;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::operation::{PACE, Subject};
use super::{
    About, Build, Change, Comparison, FORMAT, Machine, MeasuredDatabase, Operation, Recorder, Run, SuiteReport, record,
};
use crate::bench::error::{Error, Result};
use crate::bench::measure::{Measurer, Plan};
use crate::bench::random::Random;
use crate::bench::system::SystemMetric;

/// Scripted times of the subjects: random within 5 %, and multiplied by the machine's load.
struct Script {
    factors: Vec<(&'static str, f64)>,
    machine: f64,
    random: Random,
    /// The subject and round at which to interrupt.
    stop: Option<(usize, usize)>,
}

impl Script {
    fn new(seed: u64) -> Self {
        Self { factors: Vec::new(), machine: 1.0, random: Random::new(seed), stop: None }
    }

    /// Slows one subject down by a factor.
    fn times(mut self, subject: &'static str, factor: f64) -> Self {
        self.factors.push((subject, factor));
        self
    }

    /// Slows everything down by a factor.
    fn machine(self, machine: f64) -> Self {
        Self { machine, ..self }
    }

    fn run(self, rounds: usize, recorder: &mut Recorder) -> Run {
        let stop = AtomicBool::new(false);
        let plan = Plan { warm_up: 1, rounds, limit: None, fewest: 1, stop: &stop };
        let mut scripted = Stopping { script: self, stop: &stop };
        record(about(), &mut scripted, &plan, recorder, &mut |_, _| ()).expect("a script does not fail")
    }
}

struct Stopping<'a> {
    script: Script,
    stop: &'a AtomicBool,
}

impl Measurer for Stopping<'_> {
    fn subjects(&self) -> Vec<String> {
        Subject::all().into_iter().map(Subject::name).collect()
    }

    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration> {
        let script = &mut self.script;
        if script.stop == Some((subject, round)) {
            self.stop.store(true, Ordering::Relaxed);
            return Err(Error::Defect("Ctrl-C reached what was measured too"));
        }
        let name = Subject::all()[subject].name();
        let factor = script.factors.iter().find(|(it, _)| *it == name).map_or(1.0, |(_, factor)| *factor);
        let spread = 0.95 + crate::bench::statistics::as_float(script.random.below(1000)) / 10_000.0;
        Ok(Duration::from_secs_f64(0.010 * factor * script.machine * spread))
    }
}

fn about() -> About {
    About {
        format: FORMAT,
        cfn: "0.1.0".to_owned(),
        build: Build { profile: "release".to_owned(), features: Vec::new() },
        sqlite: "3.0.0".to_owned(),
        machine: Machine {
            system: "linux 6".to_owned(),
            architecture: "x86_64".to_owned(),
            processor: "A processor".to_owned(),
            cores: 2,
            memory_kib: 1024,
        },
        database: MeasuredDatabase { origin: "generated".to_owned(), skills: 1000, usage_rows: 10, bytes: 4096 },
        started_at: "2026-01-01 00:00:00".to_owned(),
        planned_rounds: 40,
        system: vec![SystemMetric { metric: "m".into(), measured: 1.0, threshold: 2.0, unit: "ms".into() }],
    }
}

fn measured(script: Script) -> Run {
    script.run(40, &mut Recorder::none())
}

/// A report against a baseline that allows 10 %.
fn against(before: &Run, now: Run) -> SuiteReport {
    let comparison = Comparison::of(before, &now, 0.10);
    SuiteReport::of(now, Some(comparison))
}

fn changes(report: &SuiteReport) -> Vec<(Operation, Change)> {
    let all = report.baseline.iter().flat_map(|it| &it.operations).map(|it| (it.operation, it.change));
    all.filter(|(_, change)| *change != Change::NoDifference).collect()
}

#[test]
fn a_run_without_a_baseline_is_compared_with_the_targets() {
    let report = SuiteReport::of(measured(Script::new(1)), None);
    assert!(report.passed && report.operations.iter().all(|it| it.passed == Some(true)), "{report:?}");
    // 10 ms of 500, 30, 30, 100, 500, 50 and 200, with scatter.
    assert!(report.score.is_some_and(|it| (9.93..9.95).contains(&it)), "{:?}", report.score);
    assert!(report.operations.iter().all(|it| it.figures.is_some_and(|it| it.runs == 40)));
    assert_eq!(report.operations[3].reports.len(), 10);
}

#[test]
fn a_median_over_its_target_fails_only_that_row() {
    let report = SuiteReport::of(measured(Script::new(1).times("skill loading, cold", 3.3)), None);
    let failed: Vec<_> =
        report.operations.iter().filter(|it| it.passed == Some(false)).map(|it| it.operation).collect();
    assert_eq!((failed, report.passed), (vec![Operation::ColdLoading], false));
}

#[test]
fn analytics_is_its_slowest_report() {
    let report = SuiteReport::of(measured(Script::new(1).times("analytics cost", 12.0)), None);
    let row = &report.operations[3];
    assert_eq!((row.passed, row.reports[0].report.as_str()), (Some(false), "cost"));
    assert!(row.figures.is_some_and(|it| it.median > 110.0), "{row:?}");
    assert_eq!(report.samples(Operation::Analytics), report.run.of("analytics cost"));
}

#[test]
fn a_regression_fails_only_that_row() {
    let report = against(&measured(Script::new(1)), measured(Script::new(2).times("skill update", 3.0)));
    assert_eq!(changes(&report), [(Operation::Update, Change::Regression)]);
    assert!(!report.passed && report.operations.iter().all(|it| it.passed == Some(true)));
}

#[test]
fn noise_is_neither_a_regression_nor_a_gain() {
    for seed in 2..10 {
        let report = against(&measured(Script::new(1)), measured(Script::new(seed)));
        let shown = changes(&report);
        assert!(shown.iter().all(|(_, it)| *it == Change::Small) && shown.len() < 3, "{seed}: {shown:?}");
        assert!(report.passed);
    }
}

#[test]
fn a_slower_machine_is_not_a_regression_and_a_faster_one_not_a_gain() {
    for machine in [1.5, 0.6] {
        let now = measured(Script::new(2).machine(machine));
        let report = against(&measured(Script::new(1)), now);
        assert_eq!(changes(&report), [], "{machine}");
        let baseline = report.baseline.as_ref().expect("a comparison");
        assert!(baseline.operations[0].ratio.is_some_and(|it| (it.estimate - machine).abs() < 0.05), "{baseline:?}");
        assert!(baseline.pace.is_some_and(|it| (it.estimate - machine).abs() < 0.05), "{baseline:?}");
    }
    // It does not hide one either.
    let now = measured(Script::new(2).machine(1.5).times("dual logging", 2.0));
    assert_eq!(changes(&against(&measured(Script::new(1)), now)), [(Operation::DualLogging, Change::Regression)]);
}

#[test]
fn a_gain_is_detected_and_a_slowdown_within_the_limit_is_not_a_regression() {
    let now = Script::new(2).times("skill deployment", 0.5).times("concurrent operations", 1.06);
    let report = against(&measured(Script::new(1)), measured(now));
    assert_eq!(
        changes(&report),
        [(Operation::Deployment, Change::Gain), (Operation::Concurrent, Change::Small)],
        "{report:?}"
    );
    assert!(report.passed);
}

#[test]
fn an_interrupted_run_reports_its_samples_and_does_not_pass_without_the_others() {
    // In the third round, at the second report.
    let stopped = |stop| Script { stop: Some(stop), ..Script::new(1) }.times("analytics overview", 2.0);
    let report = SuiteReport::of(measured(stopped((5, 3))), None);
    assert!(report.run.ending.interrupted && report.passed && report.score.is_some());
    let runs: Vec<_> = report.operations.iter().map(|it| it.figures.map_or(0, |it| it.runs)).collect();
    assert_eq!(runs, [3, 3, 3, 3, 2, 2, 2]);
    // In the first measured round, so that some were never measured.
    let report = SuiteReport::of(measured(stopped((5, 1))), None);
    assert_eq!((report.passed, report.score), (false, None));
    assert_eq!((report.operations[0].passed, report.operations[6].passed), (Some(true), None));
}

#[test]
fn a_run_that_drifts_or_shares_the_machine_is_noisy() {
    let quiet = |mut run: Run| {
        run.ending.other_work = Some(0.02);
        run
    };
    assert!(!SuiteReport::of(quiet(measured(Script::new(1))), None).noise.noisy);
    let mut shared = measured(Script::new(1));
    shared.ending.other_work = Some(0.4);
    assert!(SuiteReport::of(shared, None).noise.noisy);
    let mut drifting = quiet(measured(Script::new(1)));
    for samples in drifting.samples.iter_mut().filter(|it| it.subject == PACE) {
        samples.milliseconds.iter_mut().take(20).for_each(|it| *it *= 1.3);
    }
    let noise = SuiteReport::of(drifting, None).noise;
    assert!(noise.noisy && noise.drifting.len() == 1 && noise.drifting[0].subject == PACE, "{noise:?}");
}
