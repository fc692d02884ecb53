use serde_json::Value;

use crate::harness::{Project, Ran};
use crate::scene::{dump, with_skill};

const OPERATIONS: [&str; 7] = [
    "skill deployment",
    "skill loading, cached",
    "skill loading, cold",
    "analytics queries",
    "skill update",
    "dual logging",
    "concurrent operations",
];

/// A small run; the targets are those of a release on a quiet machine, so here nothing fails on them.
pub(super) fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["bench", "--skills", "40", "--usage-rows", "100", "--runs", "8", "--no-fail"], more].concat()
}

fn operations(report: &Value) -> Vec<&Value> {
    report["operations"].as_array().expect("operations").iter().collect()
}

#[test]
fn the_seven_operations_are_measured_with_their_targets_samples_and_surroundings() {
    let project = Project::empty();
    let report = project.cfn(small(&["--json"])).json();
    assert_eq!(
        (&report["format"], &report["judged_by"], &report["interrupted"]),
        (&1.into(), &"median".into(), &false.into())
    );
    let rows = operations(&report);
    assert_eq!(rows.iter().filter_map(|it| it["operation"].as_str()).collect::<Vec<_>>(), OPERATIONS);
    let targets: Vec<_> = rows.iter().filter_map(|it| it["target_ms"].as_f64()).collect();
    assert_eq!(targets, [500.0, 30.0, 30.0, 100.0, 500.0, 50.0, 200.0]);
    for row in &rows {
        assert!(row["figures"]["runs"].as_u64().is_some_and(|it| it == 8), "{row}");
        assert_eq!(
            row["passed"].as_bool(),
            row["figures"]["median"].as_f64().zip(row["target_ms"].as_f64()).map(|(a, b)| a < b)
        );
    }
    assert!(rows[1]["measured_as"].as_str().is_some_and(|it| it.contains("running")), "{}", rows[1]);
    assert!(rows[2]["measured_as"].as_str().is_some_and(|it| it.starts_with("whole process")), "{}", rows[2]);
    let reports = rows[3]["reports"].as_array().expect("reports");
    assert_eq!(reports.len(), 10);
    assert_eq!(reports[0]["figures"], rows[3]["figures"], "the slowest counts");
    let points = rows.iter().filter_map(|it| it["points"].as_f64()).sum::<f64>();
    assert!(report["score"].as_f64().is_some_and(|it| (it - points / 7.0).abs() < 1e-9), "{report}");
    assert_eq!(
        report["samples"].as_array().map(Vec::len),
        Some(17),
        "seven, ten reports for one, and the machine's pace"
    );
    assert_eq!((&report["database"]["origin"], &report["database"]["skills"]), (&"generated".into(), &40.into()));
    assert!(report["machine"]["cores"].as_u64().is_some_and(|it| it > 0) && report["sqlite"].is_string(), "{report}");
    assert_eq!(report["system"].as_array().map(Vec::len), Some(6), "{report}");
    assert_eq!(project.path().read_dir().expect("a folder").count(), 0, "nothing is left in the caller's folder");
}

#[test]
fn the_users_own_database_is_copied_and_stays_as_it_is() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    let database = project.database().display().to_string();
    let args = ["bench", "--db", &database, "--runs", "3", "--no-fail", "--json"];
    let report = project.cfn(args).json();
    assert_eq!((&report["database"]["origin"], &report["database"]["skills"]), (&"copy".into(), &1.into()));
    assert_eq!(dump(&project), before);
    // Where it is only in the environment, a database is made up.
    let mut command = project.command(small(&["--json"]));
    let ran = Ran::from(command.env("CFN_SKILLS_DB_PATH", &database).output().expect("cfn runs"));
    assert_eq!(ran.json()["database"]["origin"], "generated");
}

#[test]
fn a_database_that_serves_nobody_cannot_be_measured() {
    let project = Project::new();
    let database = project.database().display().to_string();
    let said = project.cfn(["bench", "--db", &database, "--runs", "1"]).fails(1);
    assert!(said.contains("no agent type is mapped to a skill"), "{said}");
}

#[test]
fn a_missed_target_ends_with_10_unless_one_only_looks() {
    let project = Project::empty();
    let mut run: Value = serde_json::from_str(&project.cfn(small(&["--json"])).ok()).expect("JSON");
    for samples in run["samples"].as_array_mut().expect("samples") {
        samples["milliseconds"] = if samples["subject"] == "dual logging" { vec![51.0] } else { vec![1.0] }.into();
    }
    project.file("missed.json", run.to_string());
    let ran = project.cfn(["bench", "--from", "missed.json"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    let failed: Vec<&str> = ran.stdout.lines().filter(|it| it.contains("FAIL")).collect();
    assert!(failed.len() == 1 && failed[0].starts_with("dual logging"), "{ran:?}");
    assert!(ran.stderr.contains("warning: dual logging missed its target"), "{ran:?}");
    project.cfn(["bench", "--from", "missed.json", "--no-fail"]).ok();
}

#[test]
fn a_file_that_is_no_run_is_refused_before_anything_is_measured() {
    let project = Project::empty();
    project.file("bad.json", "{\"score\": 9}");
    for args in [["bench", "--baseline", "bad.json"], ["bench", "--from", "bad.json"]] {
        let error = project.fails_as(args, 1, "no_bench_run");
        assert!(error["message"].as_str().is_some_and(|it| it.contains("bad.json")), "{error}");
    }
    project.file("wide.json", b"\xff\xfe{\0}\0");
    let error = project.fails_as(["bench", "--baseline", "wide.json"], 1, "no_bench_run");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("it is not UTF-8")), "{error}");
    let missing = project.cfn(["bench", "--baseline", "missing.json"]).fails(2);
    assert!(missing.contains("that this user may read"), "{missing}");
    let pipe = project.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    for args in [["--baseline", "pipe"], ["--from", "pipe"], ["--from", "/dev/zero"], ["--from", "."]] {
        project.fails_as([&["bench"][..], &args].concat(), 2, "file_unreadable");
    }
    project.fails_as(["bench", "--samples", "pipe"], 2, "file_failed");
    project.cfn(["bench", "--samples", "missing/run.jsonl"]).fails(2);
    for args in [["--max-regression", "10%"], ["--runs", "0"], ["--from", "bad.json"]] {
        project.cfn([&["bench", "--quick"][..], &args].concat()).fails(1);
    }
    project.cfn(["bench", "--baseline", "bad.json", "--max-regression", "-5%"]).fails(1);
}
