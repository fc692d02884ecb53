//! `cfn bench --baseline` as a gate: what became slower ends with 10, and so does what was not compared.

use serde_json::Value;

use super::suite::small;
use crate::harness::Project;

/// A run with samples that were made up: 20 ms, give or take 0.4, whatever the machine did meanwhile.
fn made_up(project: &Project) -> Value {
    let mut run: Value = serde_json::from_str(&project.cfn(small(&["--json"])).ok()).expect("JSON");
    for samples in run["samples"].as_array_mut().expect("samples") {
        samples["milliseconds"] = around(20.0);
    }
    run["system"] = Value::Array(Vec::new());
    run
}

fn around(middle: f64) -> Value {
    (0..40).map(|it| middle * (1.0 + f64::from(it % 5 - 2) / 100.0)).collect()
}

/// The samples of a subject.
fn samples<'a>(run: &'a mut Value, subject: &str) -> &'a mut Value {
    let all = run["samples"].as_array_mut().expect("samples");
    &mut all.iter_mut().find(|it| it["subject"] == subject).expect("the subject")["milliseconds"]
}

fn changes(report: &Value) -> Vec<String> {
    let rows = report["baseline"]["operations"].as_array().expect("rows").iter();
    rows.map(|it| it["change"].as_str().expect("a word").to_owned()).collect()
}

const LOOK: [&str; 4] = ["bench", "--from", "now.json", "--baseline"];

#[test]
fn a_baseline_that_was_faster_ends_with_10_names_the_row_and_a_look_ends_with_0() {
    let project = Project::empty();
    let mut run = made_up(&project);
    project.file("now.json", run.to_string());
    *samples(&mut run, "skill update") = around(1.0);
    project.file("faster.json", run.to_string());

    let same = project.cfn([&LOOK[..], &["now.json", "--json"]].concat()).json();
    assert_eq!((changes(&same), &same["passed"]), (["no_difference"; 7].map(str::to_owned).to_vec(), &true.into()));

    let ran = project.cfn([&LOOK[..], &["faster.json", "--max-regression", "10%", "--json"]].concat());
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert_eq!(ran.stderr, "warning: skill update regressed against the baseline\n");
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let mut expected = ["no_difference"; 7];
    expected[4] = "regression";
    assert_eq!((changes(&report), &report["passed"]), (expected.map(str::to_owned).to_vec(), &false.into()));

    let text = project.cfn([&LOOK[..], &["faster.json", "--no-fail", "--markdown"]].concat()).ok();
    let verdict = "## cfn bench: FAILED\n\n* skill update regressed against the baseline\n\n| operation (ms) | runs |";
    assert!(text.starts_with(verdict), "{text}");
    assert!(text.lines().any(|it| it.starts_with("| skill update | 20.0") && it.ends_with("| REGRESSION |")), "{text}");
    let allowed = project.cfn([&LOOK[..], &["faster.json", "--max-regression", "900", "--no-fail"]].concat());
    assert!(allowed.ok().contains("REGRESSION"), "twenty times as long is more than ten times");
}

#[test]
fn a_baseline_that_shows_nothing_ends_with_10_and_says_of_what() {
    let project = Project::empty();
    let run = made_up(&project);
    project.file("now.json", run.to_string());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut run = run.clone();
        change(&mut run);
        run.to_string()
    };
    let something_else = "nothing was compared: the baseline measured something else";
    let cases = [
        (changed(&|it| it["machine"]["processor"] = "Another".into()), something_else),
        (changed(&|it| it["build"]["profile"] = "another".into()), something_else),
        (changed(&|it| it["database"]["skills"] = 41.into()), something_else),
        (changed(&|it| it["database"]["bytes"] = 4_000_000_000_u64.into()), something_else),
        (changed(&|it| it["started_at"] = "2999-01-01 00:00:00".into()), something_else),
        (
            changed(&|it| *samples(it, "dual logging") = vec![20.0].into()),
            "dual logging was not compared: 1 and 40 samples, but 8 are needed",
        ),
        (
            changed(&|it| *samples(it, "analytics usage") = Vec::<f64>::new().into()),
            "analytics queries was not compared: analytics usage: the baseline does not have it",
        ),
        (
            changed(&|it| it["samples"].as_array_mut().expect("samples").retain(|it| it["subject"] != "skill update")),
            "skill update was not compared: the baseline does not have it",
        ),
    ];
    for (baseline, why) in cases {
        project.file("baseline.json", baseline);
        let ran = project.cfn([&LOOK[..], &["baseline.json"]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(10), format!("warning: {why}\n").as_str()));
        assert!(ran.stdout.contains("NOT COMPARED"), "{ran:?}");
        let looked = project.cfn([&LOOK[..], &["baseline.json", "--markdown", "--no-fail"]].concat()).ok();
        assert!(
            looked.starts_with(&format!("## cfn bench: FAILED\n\n* {}", why.split(':').next().unwrap_or(why))),
            "{looked}"
        );
    }
}

#[test]
fn a_file_that_was_cut_off_or_joined_is_refused_or_not_compared() {
    let project = Project::empty();
    let run = made_up(&project).to_string();
    project.file("now.json", &run);
    let lines = "bench --skills 40 --usage-rows 0 --runs 8 --no-fail --samples lines.jsonl";
    project.cfn(lines.split(' ')).ok();
    let lines = std::fs::read_to_string(project.path().join("lines.jsonl")).expect("samples");
    let (half, _) = lines.split_at(lines.len() / 2);
    project.file("half.jsonl", half);
    let ran = project.cfn(["bench", "--from", "lines.jsonl", "--baseline", "half.jsonl"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stderr.contains("skill deployment was not compared: "), "{ran:?}");
    for (name, text) in [("cut.json", &run[..run.len() / 2]), ("joined.jsonl", &format!("{lines}{lines}"))] {
        project.file(name, text);
        project.fails_as([&LOOK[..], &[name]].concat(), 1, "no_bench_run");
    }
}
