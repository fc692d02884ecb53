use serde_json::Value;

use crate::harness::{Project, binary};

#[test]
fn the_old_way_its_batch_and_any_command_stand_beside_cfn_and_leave_the_same_rows() {
    let project = Project::empty();
    let cfn = binary().display().to_string();
    let same = format!(
        "again=case \"$CFN_BENCH_OPERATION\" in
           deploy) '{cfn}' deploy 42 \"$CFN_BENCH_SKILL\" \"$CFN_BENCH_FILE\" domain \"$CFN_BENCH_AGENTS\" ;;
           update) '{cfn}' update \"$CFN_BENCH_SKILL\" \"$CFN_BENCH_VERSION\" \"$CFN_BENCH_FILE\" ;;
         esac"
    );
    let args = ["bench", "compare", "--skills", "20", "--runs", "3", "--with", &same, "--with", "idle=true", "--json"];
    let ran = project.cfn(args);
    assert!(ran.stderr.contains("idle wrote other rows than cfn"), "{ran:?}");
    let report = ran.json();
    for (index, operation) in ["deploy", "update"].into_iter().enumerate() {
        let compared = &report["operations"][index];
        assert_eq!(compared["operation"], operation);
        let ways: Vec<&Value> = compared["ways"].as_array().expect("ways").iter().collect();
        let seen: Vec<_> = ways.iter().map(|it| (it["way"].as_str().unwrap_or(""), &it["same_rows"] == true)).collect();
        let expected = [
            ("cfn", true),
            ("sqlite3, one batch", true),
            ("sqlite3, a process a statement", true),
            ("again", true),
            ("idle", false),
        ];
        assert_eq!(seen, expected, "{operation}");
        assert!(ways.iter().all(|it| it["samples_ms"].as_array().is_some_and(|it| it.len() == 3)));
        assert!(ways[0]["times_cfn"].is_null() && ways[2]["times_cfn"]["low"].is_f64());
    }
}

#[test]
fn a_command_that_fails_and_a_missing_shell_end_it_with_what_to_do() {
    let project = Project::empty();
    let args = ["bench", "compare", "--skills", "5", "--runs", "1"];
    let failed = project.cfn([&args[..], &["--with", "bad=echo no >&2; exit 3"]].concat()).fails(1);
    assert!(failed.contains("exit status: 3") && failed.contains("no"), "{failed}");
    let missing = project.command(args).env("PATH", "/nonexistent").output().expect("cfn runs");
    let missing = crate::harness::Ran::from(missing).fails(1);
    assert!(missing.contains("Install the package sqlite3"), "{missing}");
    project.cfn([&args[..], &["--with", "nameless"]].concat()).fails(1);
}
