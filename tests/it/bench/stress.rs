use serde_json::Value;

use crate::harness::Project;
use crate::scene::{deploy, dump, with_skill};

const ALL: &str = "load=4,log=3,deploy=2,update=2";

#[track_caller]
fn assert_sound(report: &Value) {
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(0), "{report}");
    let verified = &report["verification"];
    assert_eq!(verified["problems"].as_array().map(Vec::len), Some(0), "{verified}");
    let acknowledged = |names: &[&str]| {
        let all = report["operations"].as_array().expect("operations").iter();
        let some = all.filter(|it| names.contains(&it["operation"].as_str().unwrap_or("")));
        some.filter_map(|it| it["count"].as_u64()).sum::<u64>()
    };
    // Each worker deploys a skill before the time begins.
    let workers = report["workers"].as_u64().expect("workers");
    assert_eq!(verified["versions"].as_u64(), Some(acknowledged(&["deploy", "update"]) + workers), "{report}");
    assert_eq!(verified["usage_rows"].as_u64(), Some(acknowledged(&["log"])), "{report}");
}

#[test]
fn threads_lose_nothing_and_say_what_they_waited_for() {
    let project = Project::empty();
    let args = ["bench", "stress", "--workers", "8", "--duration", "2s", "--skills", "60", "--mix", ALL, "--json"];
    let report = project.cfn(args).json();
    assert_sound(&report);
    assert_eq!((&report["by"], &report["interrupted"]), (&"threads".into(), &false.into()));
    assert_eq!(report["operations"].as_array().map(Vec::len), Some(4));
    assert!(report["lock_waits"]["count"].is_u64() && report["samples"][0]["memory_kib"].as_u64() > Some(1000));
    assert_eq!(project.path().read_dir().expect("a folder").count(), 0);
}

#[test]
fn processes_lose_nothing() {
    let project = Project::empty();
    let args = [
        "bench",
        "stress",
        "--workers",
        "4",
        "--duration",
        "2s",
        "--skills",
        "40",
        "--mix",
        ALL,
        "--processes",
        "--json",
    ];
    let report = project.cfn(args).json();
    assert_sound(&report);
    assert_eq!((&report["by"], &report["lock_waits"]), (&"processes".into(), &Value::Null));
}

#[test]
fn the_users_own_database_is_copied_and_stays_as_it_is() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Text.", &["domain", "dev,tester"]);
    let before = dump(&project);
    let database = project.database().display().to_string();
    let report =
        project.cfn(["bench", "stress", "--workers", "2", "--duration", "1s", "--db", &database, "--json"]).json();
    assert_sound(&report);
    assert_eq!(report["skills"], 2);
    assert_eq!(dump(&project), before);
}

#[test]
fn a_mix_or_a_time_that_cannot_be_meant_is_refused() {
    let project = Project::empty();
    for args in
        [["--mix", "read=1"], ["--mix", "load=0"], ["--duration", "0s"], ["--duration", "soon"], ["--workers", "0"]]
    {
        project.cfn([&["bench", "stress"][..], &args].concat()).fails(1);
    }
}
