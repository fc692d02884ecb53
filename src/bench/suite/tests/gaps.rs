//! An operation that was not compared has not passed.

use super::{Script, against, changes, measured};
use crate::bench::suite::{Change, Operation, Recorder, Run, SuiteReport};

/// Changes one of two runs.
type Edit = fn(&mut Run);

/// Compares two equally fast runs after changing them.
fn differing(before: Edit, now: Edit) -> SuiteReport {
    let (mut first, mut second) = (measured(Script::new(1)), measured(Script::new(2)));
    before(&mut first);
    now(&mut second);
    against(&first, second)
}

fn nothing(_: &mut Run) {}

#[track_caller]
fn fails(report: &SuiteReport, why: &str) {
    let failures = report.failures();
    assert!(!report.passed && failures.len() == 1 && failures[0].contains(why), "{why}: {failures:?}");
}

#[test]
fn equal_runs_pass() {
    let report = differing(nothing, nothing);
    assert!(report.passed && report.failures().is_empty(), "{report:?}");
    // A newer kernel and another version of cfn are comparable.
    let report = differing(|it| it.about.cfn = "0.0.9".to_owned(), |it| it.about.machine.system = "linux 7".to_owned());
    assert!(report.passed);
    let expected = ["the operating system was linux 6 and is linux 7", "the version of cfn was 0.0.9 and is 0.1.0"];
    assert_eq!(report.baseline.expect("a comparison").differences, expected);
}

#[test]
fn another_machine_build_or_database_is_not_comparable() {
    let edits: [(Edit, &str); 8] = [
        (|it| it.about.machine.processor = "Another".to_owned(), "the processor was Another and is A processor"),
        (|it| it.about.machine.architecture = "arm".to_owned(), "the architecture was arm and is x86_64"),
        (|it| it.about.machine.cores = 64, "the number of cores was 64 and is 2"),
        (|it| it.about.build.profile = "debug".to_owned(), "the build was debug and is release"),
        (|it| it.about.database.origin = "copy".to_owned(), "the database was copy and is generated"),
        (|it| it.about.database.skills = 11, "the number of skills was 11 and is 1000"),
        (|it| it.about.database.usage_rows = 11, "the number of usage rows was 11 and is 10"),
        (|it| it.about.database.bytes = 40960, "the size of the database was 40960 bytes and is 4096"),
    ];
    for (edit, said) in edits {
        let report = differing(edit, nothing);
        fails(&report, "nothing was compared: the baseline measured something else");
        let baseline = report.baseline.expect("a comparison");
        assert!(!baseline.comparable && baseline.differences.iter().any(|it| it == said), "{baseline:?}");
        assert!(baseline.operations.iter().all(|it| it.change == Change::NotCompared), "{said}");
    }
}

#[test]
fn swapped_files_are_detected() {
    let report = differing(|it| it.about.started_at = "2026-01-02 00:00:00".to_owned(), nothing);
    fails(&report, "nothing was compared");
    let said = &report.baseline.expect("a comparison").differences[0];
    assert!(said.contains("the files may be swapped"), "{said}");
}

#[test]
fn an_operation_missing_in_one_run_is_a_gap() {
    let without: Edit = |it| it.samples.retain(|it| it.subject != "skill update");
    let report = differing(without, nothing);
    fails(&report, "skill update was not compared: the baseline does not have it");
    assert_eq!(changes(&report).last(), Some(&(Operation::Update, Change::NotCompared)));
    // The operation was not measured either: two reasons.
    let failures = differing(nothing, without).failures();
    assert_eq!(failures, ["skill update was not measured", "skill update was not compared: this run does not have it"]);
    let report = differing(|it| it.samples.clear(), nothing);
    assert!(!report.passed && report.failures().len() == 7, "{:?}", report.failures());
    let empty: Edit = |it| it.samples.iter_mut().for_each(|it| it.milliseconds.clear());
    assert!(!differing(empty, nothing).passed);
}

#[test]
fn a_report_missing_in_one_run_is_a_gap_of_analytics() {
    let without: Edit = |it| it.samples.retain(|it| it.subject != "analytics cost");
    fails(&differing(without, nothing), "analytics queries was not compared: analytics cost: the baseline does not");
    fails(&differing(nothing, without), "analytics queries was not compared: analytics cost: this run does not");
}

#[test]
fn too_few_samples_are_a_gap_on_either_side() {
    let few: Edit = |it| it.samples.iter_mut().for_each(|it| it.milliseconds.truncate(7));
    for (report, counts) in [(differing(few, nothing), "7 and 40"), (differing(nothing, few), "40 and 7")] {
        let failures = report.failures();
        assert!(!report.passed && failures.len() == 7, "{failures:?}");
        assert_eq!(failures[0], format!("skill deployment was not compared: {counts} samples, but 8 are needed"));
    }
    let one = Script::new(2).run(1, &mut Recorder::none());
    assert!(!against(&measured(Script::new(1)), one).passed);
}

#[test]
fn noise_that_could_hide_a_regression_does_not_pass() {
    // Three times as slow, with a random pace of the machine.
    let wild: Edit = |it| {
        for samples in it.samples.iter_mut().filter(|it| it.subject == "pace of the machine") {
            let scatter = |(index, it): (usize, &mut f64)| *it *= [1.0, 20.0, 3.0, 0.5, 8.0][index % 5];
            samples.milliseconds.iter_mut().enumerate().for_each(scatter);
        }
    };
    let slow: Edit = |it| {
        for samples in it.samples.iter_mut().filter(|it| it.subject == "skill update") {
            samples.milliseconds.iter_mut().for_each(|it| *it *= 3.0);
        }
    };
    let mut before = Script::new(1).run(11, &mut Recorder::none());
    let mut now = Script::new(2).run(11, &mut Recorder::none());
    wild(&mut before);
    wild(&mut now);
    assert!(against(&before, now.clone()).passed, "noise alone is not a failure");
    slow(&mut now);
    let report = against(&before, now);
    assert!(!report.passed, "{:?}", changes(&report));
    assert!(changes(&report).iter().all(|(it, _)| *it == Operation::Update), "{:?}", changes(&report));
}

#[test]
fn noise_around_the_same_median_could_hide_a_regression_too() {
    let scatters: [fn(usize) -> f64; 3] = [
        |index| if index < 5 { 0.01 } else { 4.0 },
        |index| if index.is_multiple_of(2) { 0.005 } else { 4.0 },
        |index| [0.1, 1.0, 30.0, 0.1, 30.0][index % 5],
    ];
    for scatter in scatters {
        let scattered = |mut run: Run| {
            for samples in run.samples.iter_mut().filter(|it| it.subject == "skill update") {
                samples.milliseconds.iter_mut().enumerate().for_each(|(index, it)| *it *= scatter(index));
            }
            run
        };
        let [first, second] = [1, 2].map(|seed| Script::new(seed).run(11, &mut Recorder::none()));
        fails(&against(&scattered(first.clone()), second.clone()), "skill update was not compared: it took ");
        fails(&against(&first, scattered(second)), "the samples are too noisy to tell");
    }
}

#[test]
fn a_machine_of_another_pace_is_not_comparable() {
    let at_pace = |factor| measured(Script::new(2).times("pace of the machine", factor));
    for factor in [0.000_001, 0.4, 2.5, 1e6] {
        let report = against(&measured(Script::new(1)), at_pace(factor));
        fails(&report, "nothing was compared");
        let said = &report.baseline.expect("a comparison").differences;
        assert!(said.len() == 1 && said[0].starts_with("the pace of the machine was 9."), "{said:?}");
    }
    for factor in [0.6, 1.8] {
        assert!(against(&measured(Script::new(1)), at_pace(factor)).passed, "{factor}");
    }
}

#[test]
fn a_missed_threshold_of_the_system_fails() {
    let report = differing(nothing, |it| it.about.system[0].measured = 2.0);
    fails(&report, "m is not below 2 ms");
}
